// Answers of the app and of what stands before it, damaged: an environment is named only by an answer that names it.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { balancerTraffic } from '../../src/probes/traffic.ts';
import { http, parts, sample } from '../probes/parts.ts';
import { damaged, limitMs, tries } from './damage.ts';
import { type RawServer, startRaw } from './raw-server.ts';

let server: RawServer;
beforeAll(async () => {
  server = await startRaw();
});
afterAll(() => server.close());

const body = '{"environment":"shop-r42","droplet":3}';
const head = (status: string, more = '') =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n${more}\r\n`;
const good = head('200 OK', 'x-env: shop-r42\r\nx-droplet: 3\r\n') + body;

const identities = {
  header: { kind: 'header', environment: 'X-Env', droplet: 'X-Droplet', path: '/' },
  path: { kind: 'path', path: '/who' },
} as const;

describe.each(['header', 'path'] as const)('an identity by %s', (kind) => {
  const traffic = () =>
    balancerTraffic({
      settings: { traffic: { identity: identities[kind], health: '/' } as never },
      address: server.address,
      warmUpMs: async () => 0,
      clock: systemClock,
    });

  test(
    'of a damaged answer is nobody, or stands in it word for word',
    async () => {
      await fc.assert(
        fc.asyncProperty(damaged(Buffer.from(good)), async (broken) => {
          server.answer = broken;
          const { environment, droplet, trouble } = await traffic().ask();
          const text = broken.toString('latin1');
          if (environment === null) {
            expect(trouble).not.toBe(null);
            return;
          }
          expect(text).toContain(environment);
          expect(environment).toMatch(/\S/);
          if (droplet === null) return;
          expect(Number.isSafeInteger(droplet) && droplet > 0).toBe(true);
          expect(text).toMatch(new RegExp(`(?<![0-9])0*${droplet}`));
        }),
        tries(250),
      );
    },
    limitMs,
  );

  test(
    'of an answer that ends before its length is nobody',
    async () => {
      for (let cut = good.indexOf('{'); cut < good.length; cut += 1) {
        server.answer = Buffer.from(good.slice(0, cut));
        expect(await traffic().ask()).toMatchObject({ environment: null, droplet: null });
      }
    },
    limitMs,
  );
});

test(
  'a probe of a damaged answer is well only where a whole answer with a good status is there',
  async () => {
    await fc.assert(
      fc.asyncProperty(damaged(Buffer.from(good)), fc.boolean(), async (broken, expects) => {
        server.answer = broken;
        const spec = http({ of: 'balancer', path: '/', expect: expects ? 'shop-r42' : null });
        const { outcome, detail } = await sample(spec, parts(0, { address: server.address }));
        expect(detail).not.toMatch(/\p{Cc}/u);
        if (outcome !== 'ok') return;
        const text = broken.toString('latin1');
        expect(text).toMatch(/^(\r\n)*HTTP\/1\.\d 2\d\d/);
        if (expects) expect(text).toContain('shop-r42');
      }),
      tries(250),
    );
  },
  limitMs,
);
