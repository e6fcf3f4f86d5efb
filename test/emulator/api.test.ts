// The emulated API answers as the real one is known to: its envelope, its limits, its lists.
import { afterEach, describe, expect, it } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import type { Knobs } from '../../src/emulator/knobs.ts';
import { openapi, openapiFile } from '../builders/openapi.ts';
import { anAccount, balancerId, token, vpc, wholeSeconds } from './account.ts';
import { apiClient, type Call } from './client.ts';

let emulator: Emulator;
afterEach(() => emulator.close());

async function start(knobs: Partial<Knobs> = {}, balancer = {}): Promise<Call> {
  emulator = await startEmulator(anAccount({ knobs, balancer }));
  return apiClient(emulator.endpoint);
}

const lb = `/load_balancers/${balancerId}`;
const members = async (call: Call) =>
  ((await call('GET', lb)).body.load_balancer.droplet_ids as number[]).toSorted((a, b) => a - b);

describe.skipIf(openapi() === null)(`judged by ${openapiFile}, which must be there`, () => {
  it('a wrong response is seen to be wrong', async () => {
    await start();
    const body = { load_balancer: { status: 'asleep', forwarding_rules: [] } };
    expect(openapi()?.validateResponse('GET', `/v2${lb}`, 200, body)).toHaveLength(2);
    expect(openapi()?.validateRequest('POST', `/v2${lb}/droplets`, { droplet_ids: ['1'] })).toEqual(
      [expect.stringContaining('must be integer')],
    );
  });
});

describe('the envelope', () => {
  it('refuses a missing and a wrong token with 401', async () => {
    const call = await start();
    for (const wrong of [null, `${token}x`]) {
      const { status, body } = await call('GET', lb, undefined, { token: wrong });
      expect(status).toBe(401);
      expect(body).toMatchObject({ id: 'unauthorized', message: 'Unable to authenticate you.' });
    }
  });

  it('carries the rate limit and a request id, which an error body repeats', async () => {
    const call = await start();
    await call('GET', '/account');
    const { headers, body, status } = await call('GET', '/droplets/77');
    expect(status).toBe(404);
    expect(headers.get('ratelimit-limit')).toBe('5000');
    expect(headers.get('ratelimit-remaining')).toBe('4998');
    const resetInS = Number(headers.get('ratelimit-reset')) - Date.now() / 1000;
    expect(resetInS).toBeGreaterThan(3590);
    expect(resetInS).toBeLessThan(3602);
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(body.request_id).toBe(headers.get('x-request-id'));
  });

  it('answers 429 with retry-after to a burst, and without to the hour', async () => {
    const call = await start({ requestsPerMinute: 2 });
    await call('GET', '/account');
    await call('GET', '/account');
    const burst = await call('GET', '/account');
    expect(burst.status).toBe(429);
    expect(burst.body.id).toBe('too_many_requests');
    expect(burst.headers.get('ratelimit-remaining')).toBe('0');
    expect(Number(burst.headers.get('retry-after'))).toBeGreaterThan(50);
    emulator.setKnobs({ requestsPerMinute: 250, requestsPerHour: 2 });
    const hour = await call('GET', '/account');
    expect(hour.status).toBe(429);
    expect(hour.headers.get('retry-after')).toBeNull();
  });

  it('refuses what the token has no scope for, in the words of the real API', async () => {
    const call = await start(
      { scopes: ['load_balancer:read', 'droplet:read'] },
      { healthCheck: wholeSeconds },
    );
    expect((await call('GET', lb)).status).toBe(200);
    const write = await call('POST', `${lb}/droplets`, { droplet_ids: [2] });
    expect(write.status).toBe(403);
    expect(write.body.message).toBe('You do not have permission to perform this action.');
    expect((await call('GET', '/droplets?tag_name=odd')).status).toBe(403);
    expect(await members(call)).toEqual([1]);
  });

  it('refuses a body that is not JSON with 400, and unknown paths with 404', async () => {
    const call = await start();
    const wrong = { wrong: true };
    expect((await call('POST', `${lb}/droplets`, '{"droplet_ids', wrong)).status).toBe(400);
    const other = await fetch(`${emulator.endpoint}/kubernetes/clusters`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(other.status).toBe(404);
  });

  it('keeps a log of requests that holds no token', async () => {
    const call = await start();
    await call('POST', `${lb}/droplets`, { droplet_ids: [2] });
    expect(emulator.requests()).toMatchObject([
      { method: 'POST', path: `/v2${lb}/droplets`, body: { droplet_ids: [2] }, status: 204 },
    ]);
    expect(JSON.stringify(emulator.requests())).not.toContain(token);
  });
});

describe('reading', () => {
  it('pages lists with absolute links and a total', async () => {
    const call = await start();
    const first = await call('GET', '/droplets?per_page=2');
    expect(first.body.droplets.map(({ id }: { id: number }) => id)).toEqual([1, 2]);
    expect(first.body.meta).toEqual({ total: 5 });
    const { pages } = first.body.links;
    expect(pages.next).toBe(`${emulator.endpoint}/droplets?per_page=2&page=2`);
    expect(pages.prev).toBeUndefined();
    const last = await call('GET', new URL(pages.last).href.replace(emulator.endpoint, ''));
    expect(last.body.droplets).toHaveLength(1);
    expect(last.body.links.pages).not.toHaveProperty('next');
    expect(last.body.links.pages.prev).toContain('page=2');
    expect((await call('GET', '/droplets')).body.links).toEqual({});
  });

  it('finds droplets by tag and by name, but not by both', async () => {
    const call = await start();
    const tagged = await call('GET', '/droplets?tag_name=odd');
    expect(tagged.body.droplets.map(({ id }: { id: number }) => id)).toEqual([1, 3, 9]);
    expect((await call('GET', '/droplets?name=WEB-2')).body.meta.total).toBe(1);
    expect((await call('GET', '/droplets?name=web')).body.meta.total).toBe(0);
    expect((await call('GET', '/droplets?name=web-1&tag_name=odd')).status).toBe(422);
  });

  it('shows a droplet, a tag, the account and the balancer', async () => {
    const call = await start();
    const { droplet } = (await call('GET', '/droplets/2')).body;
    expect(droplet).toMatchObject({ id: 2, vpc_uuid: vpc, region: { slug: 'fra1' } });
    expect(droplet.networks.v4).toMatchObject([{ ip_address: '127.0.2.2', type: 'private' }]);
    expect((await call('GET', '/tags/vulcan')).body.tag.resources.droplets.count).toBe(5);
    expect((await call('GET', '/tags/Vulcan')).status).toBe(404);
    expect((await call('GET', '/account')).body.account.status).toBe('active');
  });

  it('gives an address that is really the front', async () => {
    const call = await start({}, { healthCheck: wholeSeconds });
    const { load_balancer: balancer } = (await call('GET', lb)).body;
    expect(balancer).toMatchObject({ status: 'active', tag: '', droplet_ids: [1] });
    const front = `http://${balancer.ip}:${balancer.forwarding_rules[0].entry_port}`;
    expect(front).toBe(emulator.balancers[0]?.front);
    expect((await call('GET', '/load_balancers')).body.meta.total).toBe(1);
  });
});
