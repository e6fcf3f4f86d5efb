import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import nock from 'nock';
import { afterEach, describe, expect, it } from 'vitest';
import { cloudClient } from '../../src/cloud/client.ts';
import { Failure } from '../../src/lib/failure.ts';
import { fastClock } from './clocks.ts';
import { balancerId, busyText, token } from './fixtures.ts';

const host = 'https://api.digitalocean.com';
const path = `/v2/load_balancers/${balancerId}/droplets`;
const lines: string[] = [];

function clientOf(endpoint: string, timeoutMs = 100) {
  const onCall = (line: string) => lines.push(line);
  return cloudClient({ endpoint, token, clock: fastClock(50), timeoutMs, onCall });
}

afterEach(() => {
  nock.cleanAll();
  nock.restore();
  nock.activate();
});

/** Everything that could be printed of an error. */
function everythingOf(error: unknown): string {
  return [
    inspect(error, { depth: 20, showHidden: true, getters: true }),
    JSON.stringify(error),
    JSON.stringify(error, Object.getOwnPropertyNames(error)),
    String(error),
    error instanceof Error ? String(error.stack) : '',
  ].join('\n');
}

function expectNoToken(error: unknown): void {
  expect(error).toBeInstanceOf(Failure);
  expect(error).not.toHaveProperty('cause');
  expect(everythingOf(error)).not.toContain(token);
  expect(everythingOf(error)).not.toContain('Bearer');
  expect(lines.join('\n')).not.toContain(token);
}

describe('I8: the token is in no error', () => {
  const echo = `you sent Authorization: ${token}`;
  const statuses: [number, unknown][] = [
    [302, ''],
    [400, { id: 'bad_request', message: echo }],
    [401, { id: 'unauthorized', message: echo, request_id: token }],
    [403, { id: 'forbidden', message: echo }],
    [403, { id: 'forbidden', message: `${busyText} ${echo}` }],
    [404, { id: 'not_found', message: echo }],
    [409, { id: 'conflict', message: echo }],
    [422, { id: 'unprocessable_entity', message: echo }],
    [429, { id: 'too_many_requests', message: echo }],
    [500, { id: 'server_error', message: echo }],
    [502, `<html>${echo}</html>`],
  ];
  it.each(statuses)('of an answer %i', async (status, body) => {
    nock(host)
      .post(path)
      .reply(status, body as nock.Body, { 'x-request-id': token });
    const error = await clientOf(`${host}/v2`)
      .addDroplets(balancerId, [3], {})
      .catch((thrown: unknown) => thrown);
    expectNoToken(error);
  });

  it('of an answer that echoes a token of another shape, or of somebody else', async () => {
    const plain = 'a-plain-canary';
    nock(host)
      .post(path)
      .reply(422, { id: 'no', message: `${plain} and ${token}` });
    const given = { endpoint: `${host}/v2`, token: plain, clock: fastClock(50) };
    const error = await cloudClient(given)
      .addDroplets(balancerId, [3], {})
      .catch((thrown: unknown) => thrown);
    expectNoToken(error);
    expect(everythingOf(error)).not.toContain(plain);
    expect(String(error)).toContain('[token] and [token]');
  });

  it('of an answer that is not understood', async () => {
    nock(host)
      .get(path.replace('/droplets', ''))
      .reply(200, { [token]: token });
    const error = await clientOf(`${host}/v2`)
      .balancer(balancerId, {})
      .catch((thrown: unknown) => thrown);
    expectNoToken(error);
  });

  it.each(['reset', 'hang', 'close', 'garbage'] as const)('of a connection (%s)', async (how) => {
    const server = createServer((_request, response) => {
      if (how === 'reset') response.socket?.resetAndDestroy();
      if (how === 'close') response.socket?.destroy();
      if (how === 'garbage') response.socket?.end('what is this?');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const error = await clientOf(`http://127.0.0.1:${port}/v2`)
      .addDroplets(balancerId, [3], {})
      .catch((thrown: unknown) => thrown);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expectNoToken(error);
    expect(error).toMatchObject({ retry: 'soon', ambiguous: true });
  });

  it('of a connection that is refused, or an address that is none', async () => {
    const refused = await clientOf('http://127.0.0.1:1/v2')
      .addDroplets(balancerId, [3], {})
      .catch((thrown: unknown) => thrown);
    expectNoToken(refused);
    expect(refused).toMatchObject({ retry: 'soon', ambiguous: false });
    const none = await clientOf('http://[/v2')
      .addDroplets(balancerId, [3], {})
      .catch((thrown: unknown) => thrown);
    expectNoToken(none);
    expect(none).toMatchObject({ retry: 'never' });
  });

  it('of a wait that was given up, nor of a call that was stopped', async () => {
    nock(host)
      .post(path)
      .times(20)
      .reply(403, { id: 'forbidden', message: `${busyText} ${echo}` });
    const client = clientOf(`${host}/v2`);
    const error = await client
      .patiently({ limitMs: 5000 }, (turn) => client.addDroplets(balancerId, [3], turn))
      .catch((thrown: unknown) => thrown);
    expectNoToken(error);
    const stopped = await client
      .addDroplets(balancerId, [3], { signal: AbortSignal.abort() })
      .catch((thrown: unknown) => thrown);
    expectNoToken(stopped);
  });

  it('of a token that is no token', () => {
    const wrong = `${token}\n`;
    expect(() =>
      cloudClient({ endpoint: `${host}/v2`, token: wrong, clock: fastClock(1) }),
    ).toThrow(/no token has/);
    try {
      cloudClient({ endpoint: `${host}/v2`, token: wrong, clock: fastClock(1) });
    } catch (error) {
      expectNoToken(error);
    }
  });
});
