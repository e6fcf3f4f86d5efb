// Hooks of the phases: before the phase's own work, once, by one id; what fails leads back or is told; back waits for none.
import { describe, expect, test } from 'vitest';
import type { HookPhase } from '../../src/policy/policy.ts';
import type { App } from '../../src/promotion/app.ts';
import { type Effect, keyOf, limitOf } from '../../src/promotion/effect.ts';
import type { Fact } from '../../src/promotion/entry.ts';
import { known } from '../../src/promotion/observation.ts';
import { step } from '../../src/promotion/step.ts';
import { acted, anApp, continued, done, entered, failed } from '../builders/app.ts';
import { abort } from '../builders/command.ts';
import { anObservation } from '../builders/observation.ts';
import { aPolicyWithHooks } from '../builders/policy.ts';

const now = (app: App, afterMs = 10_000) => anObservation(app, afterMs);
const phases = [
  ['start', 'starting'],
  ['gate', 'gating'],
  ['switch', 'switching'],
  ['verify', 'verifying'],
  ['drain', 'retiring'],
  ['abort', 'aborting'],
] as const;

/** In the phase with its hooks, and the effect of the first of them. */
function scene(phase: HookPhase, ...hooks: Parameters<typeof aPolicyWithHooks>[1][]) {
  const policy = aPolicyWithHooks(phase, ...(hooks.length > 0 ? hooks : [{}]));
  const inPhase = phases.find(([word]) => word === phase)?.[1] ?? 'idle';
  const app: App = anApp({ policy }).in(inPhase);
  return { app, hook: hookOf(app) };
}

function hookOf(app: App): Effect {
  const next = step(app, now(app).seen);
  const found =
    next.is === 'act' ? next.effects.find(({ kind }) => kind === 'run-hook') : undefined;
  if (found === undefined) throw new Error(`no hook: ${JSON.stringify(next)}`);
  return found;
}

describe('when a phase is entered', () => {
  test.each(phases)('the hooks of %s are run, with what they learn of it', (word, phase) => {
    const { app, hook } = scene(word);
    expect(app.phase).toBe(phase);
    expect(hook).toMatchObject({
      id: `shop/r42/${word}/hook-0/${app.begun.seq}`,
      release: 'r42',
      reason: app.begun.because,
    });
  });

  test('one after the other, in the order written, each once', () => {
    const { app, hook } = scene('gate', {}, {});
    const first = continued(app, acted(hook), done(hook));
    const second = hookOf(first);
    expect(second).toMatchObject({ name: 'hook-1' });
    const both = continued(first, acted(second), done(second));
    expect(step(both, now(both).seen)).toMatchObject({ phase: 'switching' });
  });

  test("the phase's own work and its time begin when they are over", () => {
    const { app, hook } = scene('start');
    const running = continued(app, acted(hook));
    expect(step(running, now(running, 200_000).seen)).toMatchObject({ is: 'wait' });
    const over = continued(running, done(hook));
    expect(over.since).toBe(over.seq * 1_000);
  });

  test('nothing of green is attached before', () => {
    const { app, hook } = scene('switch');
    expect(step(app, now(app).seen)).toMatchObject({ effects: [{ kind: 'run-hook' }] });
    const over = continued(app, acted(hook), done(hook));
    expect(step(over, now(over).seen)).toMatchObject({ effects: [{ kind: 'attach-droplets' }] });
  });

  test('I6: after a crash, and with another controller, it is run again by the same id', () => {
    const { app, hook } = scene('verify');
    const taken = continued(app, acted(hook), { type: 'leased', by: 'ben', epoch: 9 });
    expect(keyOf(hookOf(taken))).toBe(keyOf(hook));
    const over = continued(taken, acted(hook), done(hook), {
      type: 'leased',
      by: 'ben',
      epoch: 10,
    });
    expect(step(over, now(over).seen)).toMatchObject({ phase: 'retiring' });
  });
});

describe('a hook that fails', () => {
  test('is tried again as often as it says, after a while that grows', () => {
    const { app, hook } = scene('gate', { retries: 2 });
    const once = continued(app, acted(hook), failed(hook));
    expect(step(once, now(once, 500).seen)).toMatchObject({
      is: 'wait',
      until: once.seq * 1_000 + 1_000,
    });
    expect(keyOf(hookOf(once))).toBe(keyOf(hook));
    const twice = continued(once, acted(hook), failed(hook));
    expect(step(twice, now(twice, 1_500).seen)).toMatchObject({ is: 'wait' });
    const over = continued(twice, acted(hook), failed(hook));
    expect(step(over, now(over).seen)).toMatchObject({ phase: 'switching' });
  });

  test.each(['start', 'gate', 'switch'] as const)(
    'leads back from %s where it is required',
    (phase) => {
      const { app, hook } = scene(phase, { required: true }, {});
      const over = continued(app, acted(hook), failed(hook, 'it answered HTTP 500'));
      expect(step(over, now(over).seen)).toMatchObject({
        phase: 'aborting',
        cause: 'failed',
        because: 'the hook hook-0 failed: it answered HTTP 500',
      });
    },
  );

  test('leads back to the old environment from verifying, or holds where there is none', () => {
    const { app, hook } = scene('verify', { required: true });
    const over = continued(app, acted(hook), failed(hook));
    expect(step(over, now(over).seen)).toMatchObject({ phase: 'aborting' });
    const policy = aPolicyWithHooks('verify', { required: true });
    const first: App = anApp({ policy, first: true }).in('verifying');
    const effect = hookOf(first);
    const alone = continued(first, acted(effect), failed(effect));
    expect(step(alone, now(alone).seen)).toMatchObject({ phase: 'held' });
  });

  test.each(['drain', 'abort'] as const)('leads nowhere in %s, whatever it says', (phase) => {
    const { app, hook } = scene(phase, { required: true });
    const over = continued(app, acted(hook), failed(hook));
    const next = step(over, now(over, 20_000).seen);
    expect(next).not.toMatchObject({ is: 'enter', phase: 'aborting' });
    expect(next).not.toMatchObject({ is: 'enter', phase: 'held' });
  });

  test('ends by itself before it is presumed dead', () => {
    expect(limitOf(scene('gate', { timeoutMs: 7_000 }).hook)).toBe(12_000);
  });
});

test('a hook that was never begun is not counted: it is run as if nothing had been', () => {
  const { app, hook } = scene('gate', { required: true });
  const unbegun = continued(app, acted(hook), { ...failed(hook), untouched: true } as Fact);
  expect(unbegun.unsettled).toEqual([]);
  expect(unbegun.hooks).toEqual({});
  expect(keyOf(hookOf(unbegun))).toBe(keyOf(hook));
});

describe('while a hook runs before people are sent to green', () => {
  test.each(['gate', 'switch'] as const)(
    'in %s, green that loses its health goes at once: nobody wants the result any more',
    (phase) => {
      const { app, hook } = scene(phase);
      const running = continued(app, acted(hook));
      const sick = (one: App) => now(one).withProject('shop-r42', 'exited', [3]).seen;
      expect(step(running, sick(running))).toMatchObject({ is: 'wait', cancel: [keyOf(hook)] });
      const over = continued(running, failed(hook));
      expect(step(over, sick(over))).toMatchObject({ phase: 'aborting', cause: 'failed' });
      expect(step(app, sick(app))).toMatchObject({ phase: 'aborting', cause: 'failed' });
    },
  );

  test.each(['start', 'gate'] as const)(
    'in %s, a late write of ours that brings people to green is acted on at once',
    (phase) => {
      const { app, hook } = scene(phase);
      const running = { ...continued(app, acted(hook)), unsure: [3] } as App;
      const inside = (one: App) => now(one).with({ attached: known([1, 2, 3], 1e9) }).seen;
      expect(step(running, inside(running))).toMatchObject({ cancel: [keyOf(hook)] });
      const over = { ...continued(running, done(hook)), unsure: [3] } as App;
      expect(step(over, inside(over))).toMatchObject({
        phase: 'aborting',
        because: 'droplet 3 got into the load balancer before shop-r42 was proven',
      });
    },
  );

  test.each(['start', 'gate', 'switch'] as const)(
    'in %s, a foreign edit holds at once',
    (phase) => {
      const { app, hook } = scene(phase);
      const running = continued(app, acted(hook));
      const edited = now(running).with({ attached: known([1, 2, 4], 1e9) }).seen;
      expect(step(running, edited)).toMatchObject({ is: 'wait', cancel: [keyOf(hook)] });
    },
  );

  test('what green is still starting with, or nobody can look at, is not acted on', () => {
    for (const phase of ['start', 'gate', 'switch'] as const) {
      const { app, hook } = scene(phase);
      const running = continued(app, acted(hook));
      const quiet = [
        now(running).with({ projects: {} }).seen,
        ...(phase === 'start' ? [now(running).withProject('shop-r42', 'absent', [3, 4]).seen] : []),
      ];
      for (const seen of quiet) expect(step(running, seen)).not.toHaveProperty('cancel');
    }
  });
});

describe('I3: going back waits for no hook', () => {
  const asked = { type: 'asked', by: 'ben', command: abort() } as const;

  test('an abort gives up the one that is under way', () => {
    const { app, hook } = scene('gate');
    const aborts = continued(app, acted(hook), asked);
    expect(step(aborts, now(aborts).seen)).toMatchObject({ is: 'wait', cancel: [keyOf(hook)] });
  });

  test('nor does the new environment that loses its health while one runs', () => {
    const { app, hook } = scene('verify');
    const running = continued(app, acted(hook));
    const sick = now(running).withProject('shop-r42', 'exited', [3]).seen;
    expect(step(running, sick)).toMatchObject({ is: 'wait', cancel: [keyOf(hook)] });
    const over = continued(running, failed(hook));
    const still = now(over).withProject('shop-r42', 'exited', [3]).seen;
    expect(step(over, still)).toMatchObject({ phase: 'aborting' });
  });

  test('those of abort run beside what comes back and what leaves; only rest waits for them', () => {
    const { app, hook } = scene('abort');
    expect(step(app, now(app).seen)).toMatchObject({
      effects: [{ kind: 'run-hook' }, { kind: 'attach-droplets', droplets: [1, 2] }],
    });
    const running = continued(app, acted(hook));
    expect(step(running, now(running).seen)).toMatchObject({
      effects: [{ kind: 'attach-droplets' }],
    });
  });

  test('while one of verify runs, what is not proven yet has no limit; after it, it has', () => {
    const { app, hook } = scene('verify');
    const running = continued(app, acted(hook));
    const deaf = (one: App, afterMs: number) => now(one, afterMs).with({ samples: {} }).seen;
    expect(step(running, deaf(running, 900_000))).toMatchObject({ is: 'wait' });
    const over = continued(running, done(hook));
    const until = over.seq * 1_000 + 40_000;
    expect(step(over, deaf(over, 30_000))).toMatchObject({ is: 'wait', until });
    expect(step(over, deaf(over, 40_000))).toMatchObject({ phase: 'held' });
  });

  test('a phase that is entered anew has hooks of its own', () => {
    const { app, hook } = scene('gate');
    const next = continued<App>(app, acted(hook), done(hook), entered('switching'));
    expect(next.hooks).toEqual({});
  });
});
