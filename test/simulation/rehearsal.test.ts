// A rehearsal promotes releases that behave by shares of chance, with people who meet them: what is caught, by what, and who suffers.
import { describe, expect, test } from 'vitest';
import { parsePolicy } from '../../src/policy/parse.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { type Kind, kinds } from '../../src/simulator/kinds.ts';
import { Random } from '../../src/simulator/random.ts';
import { type Given, rehearse } from '../../src/simulator/rehearsal.ts';
import { stage } from '../../src/stage.ts';
import { parsedValue } from '../policy/texts.ts';

const onDroplets =
  '{ name: alive, probe: { http: {} }, every: 1s, judge: { consecutive: { passes: 5, failures: 5 } } }';
const errors =
  '{ name: errors, probe: { http: { of: balancer } }, every: 500ms, judge: { errorRate: { acceptable: 1%, unacceptable: 8% } } }';

/** Minutes at most, so that a rehearsal is over in a moment. */
function policy(verify: string, more = '', gating = onDroplets): Policy {
  const text = `
gate: { limit: 2m, minimum: 10s, gates: [ ${gating} ]${more} }
switch: { limit: 3m }
verify: { limit: 6m, minimum: 1m, gates: [ ${verify} ] }
drain: { limit: 1m, quiet: 5s, warm: 90s }`;
  return parsedValue(parsePolicy(text, 'short.yml'));
}

function kind(name: string): Kind {
  const found = kinds.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no kind ${name}`);
  return found;
}

function play(name: string, given: Partial<Given> = {}) {
  const seed = given.seed ?? 3;
  const random = new Random(seed);
  const usual = {
    policy: policy(errors),
    perSecond: 20,
    drains: true,
    identifies: 'droplet',
  } as const;
  const production = stage(() => random.next());
  return rehearse({ ...usual, production, kind: kind(name), seed, ...given });
}

describe('a release', () => {
  test('that is well is promoted, after the balancer’s own time and the policy’s, and nobody suffers', async () => {
    const { became, suffered, switchedMs, decidedMs, met } = await play('healthy');
    expect({ became, suffered }).toEqual({ became: 'promoted', suffered: 0 });
    expect(switchedMs).toBeGreaterThan(60_000);
    expect(decidedMs).toBeGreaterThan((switchedMs ?? 0) + 60_000);
    expect(met).toBeGreaterThan(20 * 60);
  });

  test('that is broken throughout is gone back from before anybody meets it, by the gate on its droplets', async () => {
    const { became, because, met, suffered, switchedMs } = await play('100 % broken');
    expect({ became, met, suffered, switchedMs }).toEqual({
      became: 'before',
      met: 0,
      suffered: 0,
      switchedMs: null,
    });
    expect(because).toMatch(/^alive fails: /);
  });

  test('that is broken in part is gone back from when enough was asked, and so many people met it', async () => {
    const { became, because, met, suffered } = await play('5 % broken', {
      policy: policy(errors.replace('8%', '5%')),
    });
    expect(became).toBe('after');
    expect(because).toMatch(/^errors fails: /);
    expect(suffered / met).toBeGreaterThan(0.02);
    expect(suffered / met).toBeLessThan(0.09);
  });

  test('that is slow passes gates which do not judge time, and none that does', async () => {
    const latency =
      '{ name: quick, probe: { http: {} }, every: 500ms, judge: { latency: { objective: 1s, acceptable: 2%, unacceptable: 10% } } }';
    const { became, suffered, met } = await play('slow');
    expect(became).toBe('promoted');
    expect(suffered / met).toBeCloseTo(1 / 3, 1);
    expect((await play('slow', { policy: policy(errors, '', latency) })).became).toBe('before');
  });

  test('that is slow beyond a probe’s time-out fails it', async () => {
    const hasty = onDroplets
      .replace('http: {}', 'http: { timeout: 1s }')
      .replace('failures: 5', 'failures: 2');
    const { became, because } = await play('slow', { policy: policy(errors, '', hasty) });
    expect(became).toBe('before');
    expect(because).toContain('timed out');
  });

  test('that crashes again and again is given up for its health, whichever of its states is seen', async () => {
    const all = [];
    for (let seed = 1; seed <= 6; seed += 1) all.push(await play('crash-looping', { seed }));
    expect(all.map(({ became }) => became)).toEqual(all.map(() => 'before'));
    expect(all.filter(({ because }) => because.includes('restarting')).length).toBeGreaterThan(2);
    expect(all.filter(({ because }) => !/restarting|starting/.test(because))).toEqual([]);
  });

  test('that is broken under traffic only is seen by what asks through the balancer, and by nothing else', async () => {
    const seen = await play('under traffic');
    expect(seen).toMatchObject({ became: 'after' });
    expect(seen.because).toMatch(/^errors fails: /);
    const unseen = await play('under traffic', { policy: policy(onDroplets) });
    expect(unseen.became).toBe('promoted');
    expect(unseen.suffered / unseen.met).toBeCloseTo(0.2, 1);
  });
});

describe('a rehearsal', () => {
  test('is the same twice from the same seed, and another one from another', async () => {
    const [one, again, other] = [
      await play('5 % broken'),
      await play('5 % broken'),
      await play('5 % broken', { seed: 4 }),
    ];
    expect(again).toEqual(one);
    expect(other).not.toEqual(one);
  });

  test('meets as many people as come, also where each request that is played stands for many', async () => {
    const few = await play('50 % broken', { perSecond: 10, policy: policy(lenient, '', lenient) });
    const many = await play('50 % broken', {
      perSecond: 1_000,
      policy: policy(lenient, '', lenient),
    });
    expect(few.met).toBeGreaterThan(0);
    expect(many.met / few.met).toBeGreaterThan(80);
    expect(many.met / few.met).toBeLessThan(120);
    expect(many.suffered / many.met).toBeCloseTo(0.5, 1);
  });

  test('has somebody who approves, and lets go of what is kept for ever', async () => {
    const asks = policy(errors, ', approval: { ttl: 1h, onExpire: abort }');
    const never = { ...asks, drain: { ...asks.drain, warmMs: null } };
    expect((await play('healthy', { policy: never })).became).toBe('promoted');
  });

  test('takes sources of numbers to be content, whatever their bounds', async () => {
    const numbers = [
      '{ name: rate, probe: { prometheus: { url: "http://127.0.0.1:9090", query: up } }, every: 1s, judge: { threshold: { quantity: value, max: 3, min: 2, window: 30s, samples: 5 } } }',
      '{ name: room, probe: { container: { memory: 90% } }, every: 1s, judge: { consecutive: { passes: 3, failures: 2 } } }',
    ].join(', ');
    expect((await play('healthy', { policy: policy(numbers) })).became).toBe('promoted');
  });

  test('asks no faster than a probe’s pace, and a floor only what people lack', async () => {
    const paced = (rate: string) => errors.replace('of: balancer', `of: balancer, ${rate}`);
    const floor = (perSecond: number) =>
      `floor: { rate: ${perSecond}/s, traffic: { prometheus: { url: "http://127.0.0.1:9090", query: up } } }`;
    const decided = async (rate: string) =>
      (await play('under traffic', { policy: policy(paced(rate)) })).decidedMs;
    const unpaced = await decided('timeout: 2s');
    expect(await decided('rate: 12/m')).toBeGreaterThan(unpaced + 10_000);
    // 20 requests a second are there already: of 21 one is lacking, of 10 none is.
    expect(await decided(floor(10))).toBeGreaterThan((await decided(floor(21))) + 10_000);
  });

  test('with as many targets as the policy’s floor asks for', async () => {
    const wide = policy(errors);
    const { became } = await play('healthy', {
      policy: { ...wide, switch: { ...wide.switch, floor: 5 } },
    });
    expect(became).toBe('promoted');
  });
});

/** A gate that cannot fail a release of which half is broken. */
const lenient = onDroplets.replace('passes: 5, failures: 5', 'passes: 1, failures: 500');
