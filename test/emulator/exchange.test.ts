// A request is sent once. Only a pooled connection found closed before the first byte is replaced.
import { once } from 'node:events';
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { type Ending, Exchange } from '../../src/emulator/exchange.ts';
import { startDroplets, until } from './droplet.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  while (undo.length > 0) await undo.pop()?.();
});

/** Hands out pooled connections whose other end has just gone. */
class UnluckyAgent extends Agent {
  unlucky = 0;
  override reuseSocket(socket: Duplex, asked: Parameters<Agent['reuseSocket']>[1]): void {
    this.unlucky += 1;
    super.reuseSocket(socket, asked);
    socket.destroy();
  }
}

describe('Exchange', () => {
  it('replaces a closed pooled connection by a fresh one, a body included', async () => {
    const { port, droplets, stop } = await startDroplets(['127.0.5.1']);
    undo.push(stop);
    const agent = new UnluckyAgent({ keepAlive: true });
    const freshAgent = new Agent();
    const endings: Ending[] = [];
    const way = { host: '127.0.5.1', port, agent, freshAgent, idleMs: 1000 };
    const front = createServer((request, response) => {
      new Exchange(request, response, way, (ending) => endings.push(ending));
    });
    await once(front.listen(0, '127.0.0.1'), 'listening');
    undo.push(() => front.close().closeAllConnections());
    const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}/echo`;
    const post = async (body: string) => (await fetch(url, { method: 'POST', body })).text();
    expect(await post('one')).toBe('one');
    await until('a connection is pooled', () => Object.keys(agent.freeSockets).length === 1);
    expect(await post('two')).toBe('two');
    expect(agent.unlucky).toBe(1);
    expect(droplets[0]?.seen).toHaveLength(2);
    await until('both have ended', () => endings.length === 2);
    expect(endings).toEqual(['answered', 'answered']);
  });
});
