// TLS over a connection that somebody else makes, through SSH or directly, and what it must show.
import { readFile } from 'node:fs/promises';
import type { Agent as HttpAgent } from 'node:http';
import { Agent } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect } from 'node:tls';
import { because, Failure } from '../lib/failure.ts';
import type { TlsSpec } from '../policy/probe-spec.ts';

export type Tls = Pick<ConnectionOptions, 'servername' | 'ca' | 'rejectUnauthorized'>;

/** Rejects with Failure where the CA's file cannot be read: then nothing can be asked. */
export async function tlsOf({ serverName, ca, insecure }: TlsSpec = {}): Promise<Tls> {
  return {
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(ca === undefined ? {} : { ca: await pem(ca) }),
    ...(insecure === true ? { rejectUnauthorized: false } : {}),
  };
}

/** An agent whose connections are `inner`'s with TLS over them. */
export function secureOver(inner: HttpAgent, host: string, tls: Tls): Agent {
  const agent = new Agent({ keepAlive: false });
  // An address is no server name: it is compared with the certificate, but not sent.
  const name = isIP(host) === 0 ? { servername: host } : {};
  agent.createConnection = (options, ready) => {
    const over = (socket: Duplex) => connect({ host, ...name, ...tls, socket });
    const raw = inner.createConnection(options, (error, stream) => {
      // A connection of node's own is returned, and then only says that it is there.
      if (raw) return;
      if (error) ready?.(error, stream as Duplex);
      else ready?.(null, over(stream));
    });
    return raw ? over(raw) : undefined;
  };
  return agent;
}

async function pem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Failure('traffic', `The CA's certificate cannot be read: ${because(error)}`);
  }
}
