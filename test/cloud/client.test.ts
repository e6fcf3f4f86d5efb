import nock from 'nock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CloudClient, cloudClient } from '../../src/cloud/client.ts';
import { connection, contextOf } from '../../src/cloud/connection.ts';
import { findBalancer } from '../../src/cloud/find.ts';
import { fastClock } from './clocks.ts';
import { balancerId, balancerJson, dropletJson, token } from './fixtures.ts';

const host = 'https://api.digitalocean.com';
const endpoint = `${host}/v2`;
const clock = fastClock(50);
const patience = { limitMs: 60_000 };
const oneBalancer = `/v2/load_balancers/${balancerId}`;

let lines: string[];
let client: CloudClient;

beforeEach(() => {
  nock.disableNetConnect();
  lines = [];
  client = cloudClient({ endpoint, token, clock, onCall: (line) => lines.push(line) });
});

afterEach(() => {
  client.close();
  const waiting = nock.pendingMocks();
  nock.cleanAll();
  nock.enableNetConnect();
  expect(waiting).toEqual([]);
});

const readPatiently = (limitMs = 60_000) =>
  client.patiently({ limitMs }, (turn) => client.balancer(balancerId, turn));

function answersOnce(status: number, body: nock.Body, headers: Record<string, string> = {}): void {
  nock(host).get(oneBalancer).reply(status, body, headers);
}

const good = () => answersOnce(200, { load_balancer: balancerJson() });

describe('the client of DigitalOcean', () => {
  it('sends the token, and tells each request without it', async () => {
    nock(host, { reqheaders: { authorization: `Bearer ${token}` } })
      .get(oneBalancer)
      .reply(200, { load_balancer: balancerJson() });
    expect((await client.balancer(balancerId, {})).name).toBe('shop-lb');
    expect(client.calls()).toBe(1);
    expect(lines).toEqual([expect.stringMatching(/^GET \/load_balancers\/4de.* → 200 in \d+ ms$/)]);
  });

  it('takes an endpoint with or without a slash at its end', async () => {
    good();
    const other = cloudClient({ endpoint: `${endpoint}/`, token, clock });
    expect((await other.balancer(balancerId, {})).id).toBe(balancerId);
  });

  it('sends droplets in the body, of DELETE too, and reads nothing from a 204', async () => {
    nock(host)
      .post(`${oneBalancer}/droplets`, { droplet_ids: [3, 4] })
      .reply(204);
    nock(host)
      .delete(`${oneBalancer}/droplets`, { droplet_ids: [1] })
      .reply(204);
    await client.addDroplets(balancerId, [3, 4], {});
    await client.removeDroplets(balancerId, [1], {});
    expect(lines[0]).toMatch(/^POST .*\/droplets \[3, 4\] → 204/);
    expect(lines[1]).toMatch(/^DELETE .*\/droplets \[1\] → 204/);
  });

  it('I7: has no way to replace a balancer', () => {
    const { http, close } = connection({ endpoint, token });
    const { httpClient } = contextOf(http, undefined) as unknown as { httpClient: object };
    expect(Object.keys(httpClient).sort()).toEqual(['delete', 'get', 'post']);
    close();
  });

  it('lets no wrong id, tag or token into a request', async () => {
    await expect(client.balancer('../account', {})).rejects.toThrow(
      /is not the id of a load balancer/,
    );
    await expect(client.droplet(1.5, {})).rejects.toThrow(/is not the id of a droplet/);
    await expect(client.addDroplets(balancerId, [-1], {})).rejects.toThrow(
      /is not the id of a droplet/,
    );
    await expect(client.addDroplets(balancerId, [], {})).rejects.toThrow(/never empty/);
    await expect(client.dropletsTagged('a&b', {})).rejects.toThrow(/is not a tag/);
    expect(() => cloudClient({ endpoint, token: '', clock })).toThrow(/token is empty/);
    expect(() => cloudClient({ endpoint, token: 'a\nb', clock })).toThrow(/no token has/);
    expect(client.calls()).toBe(0);
  });
});

describe('a list', () => {
  const page = (number: number) =>
    nock(host).get('/v2/droplets').query({ tag_name: 'shop', page: number, per_page: 200 });
  const more = { pages: { next: `${endpoint}/droplets?page=2` } };

  it('is read page by page until it ends', async () => {
    page(1).reply(200, { droplets: [dropletJson(1)], links: more, meta: { total: 2 } });
    page(2).reply(200, { droplets: [dropletJson(2)], links: {}, meta: { total: 2 } });
    const found = await client.dropletsTagged('shop', {});
    expect(found.map((droplet) => droplet.id)).toEqual([1, 2]);
    expect(client.calls()).toBe(2);
  });

  it('I5: that lost items between its pages is no list, and is read again', async () => {
    page(1).reply(200, { droplets: [dropletJson(1)], links: more, meta: { total: 2 } });
    page(2).reply(200, { droplets: [dropletJson(1)], meta: { total: 2 } });
    page(1).reply(200, { droplets: [dropletJson(1), dropletJson(2)], meta: { total: 2 } });
    const found = await client.patiently(patience, (turn) => client.dropletsTagged('shop', turn));
    expect(found).toHaveLength(2);
  });

  it('of none is empty', async () => {
    page(1).reply(200, { droplets: [], links: {}, meta: { total: 0 } });
    expect(await client.dropletsTagged('shop', {})).toEqual([]);
  });
});

describe('a balancer by its name', () => {
  const other = 'aaaaaaaa-495b-4884-9a69-1050c6793cd6';
  const list = (...balancers: object[]) =>
    nock(host)
      .get('/v2/load_balancers')
      .query(true)
      .reply(200, { load_balancers: balancers, links: {}, meta: { total: balancers.length } });

  it('is found', async () => {
    list(balancerJson({ id: other, name: 'other' }), balancerJson());
    expect((await findBalancer(client, { name: 'shop-lb' }, {})).id).toBe(balancerId);
  });

  it('is refused when there are several, with their ids', async () => {
    list(balancerJson(), balancerJson({ id: other }));
    await expect(findBalancer(client, { name: 'shop-lb' }, {})).rejects.toThrow(
      new RegExp(`2 load balancers .*${balancerId}, ${other}`),
    );
  });

  it('is refused when there is none, with those that there are', async () => {
    list(balancerJson({ name: 'other' }));
    await expect(findBalancer(client, { name: 'shop-lb' }, {})).rejects.toThrow(/it sees other/);
  });
});

describe('patience', () => {
  it('survives 5xx in JSON and in HTML, resets, and answers that are cut short', async () => {
    answersOnce(500, { id: 'server_error', message: 'Unexpected server-side error' });
    answersOnce(502, '<html><h1>502 Bad Gateway</h1></html>', { 'content-type': 'text/html' });
    nock(host)
      .get(oneBalancer)
      .replyWithError(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    answersOnce(200, '{"load_balancer": {"id": "4de', { 'content-type': 'application/json' });
    answersOnce(200, { load_balancer: { ...balancerJson(), droplet_ids: null } });
    good();
    expect((await readPatiently()).droplets).toEqual([1, 2]);
    expect(client.calls()).toBe(6);
  });

  it('waits as long as retry-after says, and nobody else sends meanwhile', async () => {
    const slow = fastClock(50);
    client.close();
    client = cloudClient({ endpoint, token, clock: slow });
    answersOnce(429, { id: 'too_many_requests', message: 'limit' }, { 'retry-after': '7' });
    good();
    good();
    const began = slow.now();
    const first = readPatiently();
    await expect.poll(() => slow.naps).toContain(7000);
    await client.balancer(balancerId, {});
    expect(slow.now() - began).toBeGreaterThanOrEqual(6999);
    await first;
  });

  it('backs off when a 429 says nothing of use, such as a reset in the past', async () => {
    const slow = fastClock(50);
    client.close();
    client = cloudClient({ endpoint, token, clock: slow });
    const past = String(Math.floor(slow.now() / 1000) - 90);
    for (let count = 0; count < 3; count += 1) {
      answersOnce(429, { id: 'too_many_requests', message: '' }, { 'ratelimit-reset': past });
    }
    good();
    await readPatiently();
    const pauses = slow.naps.filter((ms) => ms >= 1000 && ms < 4000);
    expect(pauses).toEqual([...pauses].sort((one, next) => one - next));
    expect(pauses.length).toBeGreaterThanOrEqual(3);
  });

  it('does not begin a wait that it cannot end, and says how long it would be', async () => {
    answersOnce(429, { id: 'too_many_requests', message: '' }, { 'retry-after': '120' });
    await expect(readPatiently(20_000)).rejects.toMatchObject({
      from: 'cloud',
      retry: { afterMs: 120_000 },
    });
  });

  it('does not repeat what will not pass', async () => {
    answersOnce(401, { id: 'unauthorized', message: 'Unable to authenticate you.' });
    await expect(readPatiently()).rejects.toMatchObject({ from: 'cloud', retry: 'never' });
    expect(client.calls()).toBe(1);
  });

  it('ends at its limit, with what was wrong last', async () => {
    nock(host).get(oneBalancer).times(60).reply(503, 'no');
    const began = clock.now();
    await expect(readPatiently(20_000)).rejects.toThrow(/trouble of its own .*gives up after 20 s/);
    expect(clock.now() - began).toBeLessThan(25_000);
    nock.cleanAll();
  });

  it('ends a request that never answers, by its own time-out and by the limit', async () => {
    nock(host).get(oneBalancer).delay(10_000).reply(200, {});
    client.close();
    client = cloudClient({ endpoint, token, clock, timeoutMs: 50 });
    await expect(client.balancer(balancerId, {})).rejects.toThrow(/ECONNABORTED/);
    nock(host).get(oneBalancer).delay(10_000).reply(200, {});
    client.close();
    client = cloudClient({ endpoint, token, clock });
    await expect(readPatiently(5000)).rejects.toMatchObject({ kind: 'stopped', ambiguous: false });
    nock.abortPendingRequests();
  });

  it('does not follow an answer that leads elsewhere', async () => {
    answersOnce(302, '', { location: 'https://elsewhere.example/' });
    await expect(readPatiently()).rejects.toThrow(/leads elsewhere/);
  });
});
