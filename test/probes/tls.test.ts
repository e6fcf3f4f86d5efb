// Probes over TLS: to a droplet by its name and a CA, through a tunnel too, and without a check only by the word for it.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../../compose/lab/run.ts';
import { agentOver } from '../../src/hosts/wire.ts';
import type { TlsSpec } from '../../src/policy/probe-spec.ts';
import { direct, http, parts, sample } from './parts.ts';
import { serveTcp } from './servers.ts';

const directory = mkdtempSync(join(tmpdir(), 'bgctl-tls-'));
const ca = join(directory, 'cert.pem');
const names: unknown[] = [];
let server: Server;
let port: number;

beforeAll(async () => {
  const key = join(directory, 'key.pem');
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const names509 = ['-subj', '/CN=shop', '-addext', 'subjectAltName=DNS:shop.test,IP:127.0.0.1'];
  await run(['openssl', ...words, '-days', '2', ...names509, '-keyout', key, '-out', ca]);
  const pair = { key: readFileSync(key), cert: readFileSync(ca) };
  server = createServer(pair, (request, response) => {
    names.push((request.socket as { servername?: unknown }).servername);
    response.end('safe');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true });
});

const tunnel = { ...direct, agent: () => agentOver(async () => connect(port, '127.0.0.1')) };

test.each<[string, TlsSpec, string, string]>([
  ['its name and CA', { serverName: 'shop.test', ca }, 'ok', 'HTTP 200 safe'],
  ['its address and CA', { ca }, 'ok', 'HTTP 200 safe'],
  ['another name', { serverName: 'other.test', ca }, 'error', 'certificate is not accepted'],
  ['no CA that signed it', { serverName: 'shop.test' }, 'error', 'certificate is not accepted'],
  ['no check, in so many words', { insecure: true }, 'ok', 'HTTP 200 safe'],
  ['a CA that is not there', { ca: '/nowhere/ca.pem' }, 'unknown', 'cannot be read'],
])('a droplet asked with %s, directly and through a tunnel', async (_, tls, outcome, detail) => {
  for (const reach of [direct, tunnel]) {
    const seen = await sample(http({ tls }), parts(port, { reach }));
    expect(seen.outcome).toBe(outcome);
    expect(seen.detail).toContain(detail);
  }
});

test('the name that is asked for is sent; an address is none', async () => {
  names.length = 0;
  await sample(http({ tls: { serverName: 'shop.test', ca } }), parts(port));
  await sample(http({ tls: { ca } }), parts(port));
  expect(names).toEqual(['shop.test', false]);
});

test("the balancer's https address is asked likewise", async () => {
  const given = parts(1, { address: `https://127.0.0.1:${port}` });
  const seen = await sample(http({ of: 'balancer', tls: { ca } }), given);
  expect([seen.outcome, seen.detail]).toEqual(['ok', 'HTTP 200 safe']);
  expect((await sample(http({ of: 'balancer' }), given)).outcome).toBe('error');
});

test('a port that speaks no TLS is an error', async () => {
  const plain = await serveTcp((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const seen = await sample(http({ tls: { insecure: true } }), parts(plain));
  expect(seen.outcome).toBe('error');
});

test('a port that says nothing in the handshake is an error at the time-out, for the way is good', async () => {
  const mute = await serveTcp(() => undefined);
  const seen = await sample(http({ tls: { insecure: true }, timeoutMs: 200 }), parts(mute));
  expect([seen.outcome, seen.detail]).toEqual(['error', 'timed out after 200 ms']);
});
