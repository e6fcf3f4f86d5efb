// Requests that no client would send: the emulator answers or hangs up, and then serves the next one as before.
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { anAccount, balancerId, token } from '../emulator/account.ts';
import { damaged, damagedJson, junk, limitMs, tries } from './damage.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator(
    anAccount({ knobs: { requestsPerMinute: 1e9, requestsPerHour: 1e9 } }),
  );
});
afterAll(() => emulator.close());

const auth = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
const members = `/load_balancers/${balancerId}/droplets`;

async function droplets(): Promise<unknown> {
  const answer = await fetch(`${emulator.endpoint}/load_balancers/${balancerId}`, {
    headers: auth,
  });
  const { load_balancer: found } = (await answer.json()) as {
    load_balancer: { droplet_ids: number[] };
  };
  return found.droplet_ids.sort();
}

test(
  'any body of a write is carried out or refused, and never half',
  async () => {
    const bodies = fc.oneof(
      damagedJson({ droplet_ids: [2, 3] }).map((value) => JSON.stringify(value)),
      damaged(Buffer.from('{"droplet_ids":[2,3]}')).map(String),
      junk.map((value) => JSON.stringify({ droplet_ids: value })),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('POST', 'DELETE'), bodies, async (method, body) => {
        const before = await droplets();
        const answer = await fetch(`${emulator.endpoint}${members}`, {
          method,
          headers: auth,
          body,
        });
        expect([204, 400, 403, 404, 422]).toContain(answer.status);
        if (answer.status !== 204) {
          expect(await answer.json()).toMatchObject({ id: /./, message: /./ });
          expect(await droplets()).toEqual(before);
        }
      }),
      tries(80),
    );
  },
  limitMs,
);

test(
  'any address is answered, and with a reason where it is refused',
  async () => {
    const path = fc.oneof(
      damaged(Buffer.from(`${members}?page=1&per_page=200&tag_name=vulcan`)).map((bytes) =>
        bytes.toString('latin1'),
      ),
      fc.constantFrom(
        '/droplets/%',
        '/droplets/%00',
        '//',
        '/droplets?page=-1&per_page=x',
        '/..%2f',
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'DELETE', 'PUT'),
        path,
        async (method, at) => {
          const url = `${emulator.endpoint}/${encodeURI(at).replace(/^\//, '')}`;
          const answer = await fetch(url, { method, headers: auth });
          expect(answer.status).toBeLessThan(500);
          await answer.arrayBuffer();
        },
      ),
      tries(150),
    );
    expect(await droplets()).toEqual(expect.any(Array));
  },
  limitMs,
);

test(
  'any bytes on a connection are answered or hung up on, and the next request is served',
  async () => {
    const { hostname, port } = new URL(emulator.endpoint);
    const request = `POST /v2${members} HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${token}\r\nconnection: close\r\ncontent-length: 21\r\n\r\n{"droplet_ids":[2,3]}`;
    await fc.assert(
      fc.asyncProperty(damaged(Buffer.from(request)), async (bytes) => {
        await new Promise<void>((resolve) => {
          const socket = connect(Number(port), hostname, () => socket.end(bytes));
          socket.on('error', () => resolve());
          socket.on('close', () => resolve());
          socket.resume();
        });
      }),
      tries(100),
    );
    expect(await droplets()).toEqual(expect.any(Array));
  },
  limitMs,
);
