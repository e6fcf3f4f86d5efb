import nock from 'nock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { answers } from '../../src/cloud/answers.ts';
import { cloudClient } from '../../src/cloud/client.ts';
import { inspectBalancer } from '../../src/cloud/preflight.ts';
import { refusals, type Seen } from '../../src/cloud/refusals.ts';
import { warnings } from '../../src/cloud/warnings.ts';
import { fastClock } from './clocks.ts';
import { balancerId, balancerJson, dropletJson, settingsWith, token } from './fixtures.ts';

const host = 'https://api.digitalocean.com';
const drain = { service: 'web', fail: { signal: 'SIGUSR1' }, restore: { signal: 'SIGUSR2' } };
const settings = settingsWith(`${host}/v2`, { traffic: { drain } });
const undrained = settingsWith(`${host}/v2`);

const droplets = (...ids: number[]) => ({ found: ids.map((id) => droplet(id)), lost: [] });
const droplet = (id: number, changes: Record<string, unknown> = {}) =>
  answers.droplet.parse({ droplet: dropletJson(id, changes) });

function seen(balancer: Record<string, unknown> = {}, changes: Partial<Seen> = {}): Seen {
  return {
    balancer: answers.balancer.parse({ load_balancer: balancerJson(balancer) }),
    pools: { a: droplets(1, 2), b: droplets(3, 4) },
    settings,
    ...changes,
  };
}

describe('before anything begins', () => {
  it('nothing speaks against a regional balancer with droplets of its region and VPC', () => {
    expect(refusals(seen())).toEqual([]);
    expect(warnings(seen())).toEqual([]);
  });

  const rows: [what: string, given: Seen, says: RegExp][] = [
    [
      'a balancer that takes its droplets from a tag',
      seen({ tag: 'web' }),
      /from the tag web.*by name/,
    ],
    [
      'a global balancer',
      seen({ type: 'GLOBAL', region: null, forwarding_rules: [], droplet_ids: [] }),
      /global load balancer.*regional/,
    ],
    ['a network balancer', seen({ type: 'REGIONAL_NETWORK' }), /network load balancer/],
    ['a kind that is not known', seen({ type: 'NEW_KIND' }), /NEW_KIND, which bgctl does not know/],
    ['a balancer that is not ready', seen({ status: 'new' }), /status is new. Wait/],
    ['a broken balancer', seen({ status: 'errored' }), /errored.*new load balancer/],
    [
      'a droplet in another region',
      seen(
        {},
        {
          pools: {
            a: droplets(1, 2),
            b: { found: [droplet(3, { region: { slug: 'ams3' } })], lost: [] },
          },
        },
      ),
      /web-3 \(3\) of pool b is in ams3, the load balancer in fra1/,
    ],
    [
      'a droplet in another VPC',
      seen(
        {},
        { pools: { a: droplets(1), b: { found: [droplet(3, { vpc_uuid: 'other' })], lost: [] } } },
      ),
      /web-3 \(3\) of pool b is in another VPC/,
    ],
    [
      'pools that overlap',
      seen({}, { pools: { a: droplets(1, 2), b: droplets(2) } }),
      /web-2 \(2\) would be in both/,
    ],
    [
      'an empty pool',
      seen({}, { pools: { a: droplets(1), b: droplets() } }),
      /Pool b has no droplets/,
    ],
    [
      'a droplet that does not exist',
      seen({}, { pools: { a: { found: [droplet(1)], lost: [2] }, b: droplets(3) } }),
      /pools.a names droplet 2, which does not exist/,
    ],
    [
      'a target port that the app does not publish',
      seen({
        forwarding_rules: [
          { entry_protocol: 'http', entry_port: 80, target_protocol: 'http', target_port: 9000 },
        ],
      }),
      /port 9000 .* traffic.ports in bgctl.yml has 8080/,
    ],
    [
      'no rule for the web',
      seen({
        forwarding_rules: [
          { entry_protocol: 'tcp', entry_port: 22, target_protocol: 'tcp', target_port: 8080 },
        ],
      }),
      /no rule for http/,
    ],
    [
      'a health check of a port that the app does not publish',
      seen({ health_check: { port: 81 } }),
      /health on port 81/,
    ],
  ];
  it.each(rows)('%s is refused, once', (_what, given, says) => {
    expect(refusals(given)).toEqual([expect.stringMatching(says)]);
  });

  it('everything is said at once', () => {
    const given = seen(
      { tag: 'web', status: 'new' },
      { pools: { a: droplets(1), b: droplets(1) } },
    );
    expect(refusals(given)).toHaveLength(3);
  });
});

describe('what an operator should know', () => {
  const usual = { port: 8080 };
  const rows: [what: string, given: Seen, says: RegExp][] = [
    [
      'slow health checks',
      seen({ health_check: usual }),
      /after 50 s \(5 checks, one every 10 s\).*would be 9 s/,
    ],
    [
      'many droplets',
      seen(
        { droplet_ids: [...Array(11).keys()].map((id) => id + 1) },
        { pools: { a: droplets(1, 2, 3, 4, 5, 6), b: droplets(7, 8, 9, 10, 11) } },
      ),
      /has 11 droplets/,
    ],
    ['sticky sessions', seen({ sticky_sessions: { type: 'cookies' } }), /sticky/],
    ['an internal balancer', seen({ network: 'INTERNAL' }), /no address on the internet/],
    ['the PROXY protocol', seen({ enable_proxy_protocol: true }), /PROXY/],
    ['foreign droplets', seen({ droplet_ids: [1, 2, 9] }), /neither pool: 9. They stay/],
    [
      'a droplet that is off',
      seen(
        {},
        { pools: { a: droplets(1, 2), b: { found: [droplet(3, { status: 'off' })], lost: [] } } },
      ),
      /web-3 \(3\) is not running/,
    ],
    [
      'an app that cannot be told to drain',
      seen({}, { settings: undrained }),
      /without traffic.drain requests in flight may be cut/,
    ],
    [
      'rules to other ports',
      seen({
        forwarding_rules: [
          { entry_protocol: 'http', entry_port: 80, target_protocol: 'http', target_port: 8080 },
          { entry_protocol: 'tcp', entry_port: 22, target_protocol: 'tcp', target_port: 22 },
        ],
      }),
      /rules to port 22/,
    ],
  ];
  it.each(rows)('%s: a warning, once, and no refusal', (_what, given, says) => {
    expect(warnings(given)).toEqual([expect.stringMatching(says)]);
    expect(refusals(given)).toEqual([]);
  });
});

describe('the inspection of balancer and pools', () => {
  const clock = fastClock(50);
  const client = cloudClient({ endpoint: `${host}/v2`, token, clock });
  const api = () => nock(host);
  const tagged = settingsWith(`${host}/v2`, {
    pools: { a: { tag: 'blue' }, b: { droplets: [3] } },
  });
  const tagPage = { tag_name: 'blue', page: 1, per_page: 200 };

  beforeEach(() => nock.disableNetConnect());
  afterEach(() => {
    nock.cleanAll();
    nock.enableNetConnect();
  });

  it('reads the balancer, a tag in one request and named droplets one by one', async () => {
    api().get(`/v2/load_balancers/${balancerId}`).reply(200, { load_balancer: balancerJson() });
    api()
      .get('/v2/droplets')
      .query(tagPage)
      .reply(200, { droplets: [dropletJson(1, { tags: ['blue'] })], meta: { total: 1 } });
    api()
      .get('/v2/droplets/3')
      .reply(200, { droplet: dropletJson(3) });
    const inspection = await inspectBalancer({ client, settings: tagged });
    expect(inspection.refusals).toEqual([]);
    expect(inspection.balancer?.ip).toBe('104.131.186.241');
    expect(inspection.pools.a.found.map(({ id }) => id)).toEqual([1]);
    expect(inspection.pools.b.found.map(({ id }) => id)).toEqual([3]);
    expect(nock.isDone()).toBe(true);
  });

  it('tells what could not be read as refusals, each once, and looks at the rest', async () => {
    const body = { id: 'forbidden', message: 'You do not have permission to perform this action.' };
    api().get(`/v2/load_balancers/${balancerId}`).reply(404, { id: 'not_found', message: 'none' });
    api().get('/v2/droplets').query(tagPage).reply(403, body);
    api().get('/v2/droplets/3').reply(404, { id: 'not_found', message: 'none' });
    const inspection = await inspectBalancer({ client, settings: tagged });
    expect(inspection.balancer).toBe(null);
    expect(inspection.refusals).toEqual([
      expect.stringMatching(/read the load balancer: DigitalOcean knows no such thing/),
      expect.stringMatching(/the tag blue.*the scope droplet:read \(and tag:read\)/),
      expect.stringMatching(/pools.b names droplet 3, which does not exist/),
      expect.stringMatching(/Pool b has no droplets/),
    ]);
  });
});
