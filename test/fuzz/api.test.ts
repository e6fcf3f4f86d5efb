// DigitalOcean's answers, damaged: right facts, or a Failure in words without the token; never another membership.
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CloudBalancer, cloudBalancer } from '../../src/cloud/balancer.ts';
import { type CloudClient, cloudClient } from '../../src/cloud/client.ts';
import { CloudFailure } from '../../src/cloud/failure.ts';
import { Failure } from '../../src/lib/failure.ts';
import { fastClock } from '../cloud/clocks.ts';
import { balancerId, balancerJson, dropletJson, settingsWith, token } from '../cloud/fixtures.ts';
import { damaged, damagedJson, junk, limitMs, tries } from './damage.ts';
import { type RawServer, startRaw } from './raw-server.ts';

let server: RawServer;
let client: CloudClient;
let balancer: CloudBalancer;
const clock = fastClock(100);

beforeAll(async () => {
  server = await startRaw();
});
afterAll(() => server.close());
beforeEach(async () => {
  client?.close();
  const settings = settingsWith(`${server.address}/v2`);
  const endpoint = settings.cloud.endpoint;
  const limits = { perMinute: 1e9, perHour: 1e9, reserve: 0 };
  client = cloudClient({ endpoint, token, clock, timeoutMs: 2_000, limits });
  balancer = await cloudBalancer({ client, settings, clock });
});

function http(body: Buffer | string, status = '200 OK', type = 'application/json'): Buffer {
  const bytes = Buffer.from(body);
  const head = `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\ncontent-length: ${bytes.length}\r\nconnection: close\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** The result, or null for a Failure in words that holds no token. */
async function orFailure<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    expect(error.message).toMatch(/^Could not |^DigitalOcean|^\S.* /);
    expect(error.message).not.toMatch(/\p{Cc}/u);
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain(token);
    expect(error.message.length).toBeLessThan(1_000);
    return null;
  }
}

const turn = {};
const good = { load_balancer: balancerJson({ droplet_ids: [1, 2] }) };

/** As JSON has it, and as any reader would take it. */
function membership(text: string): unknown {
  const { load_balancer: found } = JSON.parse(text) as { load_balancer: { droplet_ids: number[] } };
  return [...new Set(found.droplet_ids)].sort((one, other) => one - other);
}

const answers = fc.oneof(
  damagedJson(good).map((value) => JSON.stringify(value) ?? ''),
  damaged(Buffer.from(JSON.stringify(good))).map(String),
  junk.map((droplet_ids) => JSON.stringify({ load_balancer: balancerJson({ droplet_ids }) })),
  fc
    .array(fc.oneof(fc.integer(), junk), { maxLength: 3 })
    .map((droplet_ids) => JSON.stringify({ load_balancer: balancerJson({ droplet_ids }) })),
  fc.constantFrom(
    '',
    '<html><h1>Bad Gateway</h1></html>',
    'null',
    '[]',
    '{"load_balancer":null}',
    `{"message":"${token}"}`,
    `${'['.repeat(50_000)}`,
  ),
);

describe('the balancer', () => {
  test(
    'of a damaged answer has the droplets that stand there, and is the one asked for',
    async () => {
      await fc.assert(
        fc.asyncProperty(answers, async (text) => {
          server.answer = http(text);
          const found = await orFailure(() => client.balancer(balancerId, turn));
          if (found === null) return;
          expect(found.droplets).toEqual(membership(text));
          expect(found.droplets.every((id) => Number.isSafeInteger(id) && id > 0)).toBe(true);
          expect(found.id).toBe(balancerId);
          expect(Number.isFinite(found.warmUpMs) && found.warmUpMs > 0).toBe(true);
          expect(Number.isFinite(found.evictionMs) && found.evictionMs > 0).toBe(true);
        }),
        tries(150),
      );
    },
    limitMs,
  );

  test(
    'of an answer of which any bytes were damaged, head and length too, is told or a Failure',
    async () => {
      const whole = http(JSON.stringify(good));
      await fc.assert(
        fc.asyncProperty(damaged(whole), async (bytes) => {
          server.answer = bytes;
          const found = await orFailure(() => client.balancer(balancerId, turn));
          if (found !== null) expect(found.id).toBe(balancerId);
        }),
        tries(80),
      );
    },
    limitMs,
  );

  test(
    'of an answer that was cut anywhere is a Failure',
    async () => {
      const whole = http(JSON.stringify(good));
      await fc.assert(
        fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
          server.answer = whole.subarray(0, length);
          expect(await orFailure(() => client.balancer(balancerId, turn))).toBe(null);
        }),
        tries(150),
      );
    },
    limitMs,
  );

  test('in another charset, or of another type, has no other droplets', async () => {
    for (const [body, type] of [
      [Buffer.from(JSON.stringify(good), 'utf16le'), 'application/json; charset=utf-16'],
      [Buffer.from(`\ufeff${JSON.stringify(good)}`), 'application/json'],
      [Buffer.from(JSON.stringify(good)), 'text/html; charset=latin1'],
    ] as const) {
      server.answer = http(body, '200 OK', type);
      const found = await orFailure(() => client.balancer(balancerId, turn));
      expect([null, [1, 2]]).toContainEqual(found === null ? null : found.droplets);
    }
  });

  test(
    'refused with any status and any body is a Failure, and no status is taken for membership',
    async () => {
      const status = fc.constantFrom(
        '202 X',
        '204 X',
        '301 X',
        '400 X',
        '401 X',
        '403 X',
        '404 X',
        '409 X',
        '422 X',
        '429 X',
        '500 X',
        '502 X',
      );
      await fc.assert(
        fc.asyncProperty(status, answers, async (line, text) => {
          server.answer = http(text, line, 'text/html');
          const found = await orFailure(() => client.balancer(balancerId, turn));
          if (found !== null) expect(line).toMatch(/^2/);
        }),
        tries(80),
      );
    },
    limitMs,
  );
});

describe('a write', () => {
  test(
    'is never sent after a damaged look, unless the look says all that was expected',
    async () => {
      await fc.assert(
        fc.asyncProperty(answers, async (text) => {
          server.answer = http(text);
          const before = server.requests.length;
          const stop = new AbortController();
          const wish = {
            droplets: [3, 4],
            expected: [1, 2],
            ours: [1, 2, 3, 4],
            mayEmpty: false,
            goesBack: false,
            limitMs: 1,
            holds: () => {
              stop.abort();
              return false;
            },
            signal: AbortSignal.any([stop.signal, AbortSignal.timeout(60)]),
          };
          await orFailure(() => balancer.attach(wish));
          const sent = server.requests.slice(before).filter((line) => !line.startsWith('GET '));
          expect(sent).toEqual([]);
          if (stop.signal.aborted) expect(membership(text)).toEqual(expect.arrayContaining([1, 2]));
        }),
        tries(60),
      );
    },
    limitMs,
  );
});

describe("a pool's droplets", () => {
  const page = {
    droplets: [dropletJson(3, { tags: ['shop-a'] }), dropletJson(4, { tags: ['shop-a'] })],
    links: {},
    meta: { total: 2 },
  };

  test(
    'of a damaged list are all that it says there are, and carry the tag',
    async () => {
      const texts = fc.oneof(
        damagedJson(page).map((value) => JSON.stringify(value) ?? ''),
        damaged(Buffer.from(JSON.stringify(page))).map(String),
      );
      await fc.assert(
        fc.asyncProperty(texts, async (text) => {
          server.answer = http(text);
          const found = await orFailure(() => client.dropletsTagged('shop-a', turn));
          if (found === null) return;
          const { droplets, meta } = JSON.parse(text) as typeof page;
          expect(found.map(({ id }) => id)).toEqual([...new Set(droplets.map(({ id }) => id))]);
          if (typeof meta?.total === 'number')
            expect(found.length).toBeGreaterThanOrEqual(meta.total);
          for (const { tags } of found) if (tags.length > 0) expect(tags).toContain('shop-a');
        }),
        tries(100),
      );
    },
    limitMs,
  );

  test(
    'one of which is asked for by its id is that one, or a Failure; only 404 makes it absent',
    async () => {
      const one = { droplet: dropletJson(3) };
      const texts = fc.oneof(
        damagedJson(one).map((value) => JSON.stringify(value) ?? ''),
        damaged(Buffer.from(JSON.stringify(one))).map(String),
      );
      await fc.assert(
        fc.asyncProperty(texts, async (text) => {
          server.answer = http(text);
          try {
            expect((await client.droplet(3, turn)).id).toBe(3);
          } catch (error) {
            expect(error).toBeInstanceOf(CloudFailure);
            expect((error as CloudFailure).kind).not.toBe('absent');
          }
        }),
        tries(80),
      );
    },
    limitMs,
  );
});
