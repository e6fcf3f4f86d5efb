// A TCP connection from this machine.
import { connect } from 'node:net';
import type { Reach } from './session.ts';

/** After so long without a word the system asks whether the far side still lives. */
const silenceMs = 5_000;

export const directly: Reach = (host, port, signal) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setKeepAlive(true, silenceMs);
      resolve(socket);
    });
  });
