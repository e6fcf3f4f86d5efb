// An effect handed to the world: with what guard, under which epoch, and how its end is told.

import { describe, expect, test } from 'vitest';
import { act, type Given } from '../../src/controller/act.ts';
import { Bug } from '../../src/lib/assert.ts';
import { Failure } from '../../src/lib/failure.ts';
import type { HookSpec } from '../../src/policy/policy.ts';
import type { App } from '../../src/promotion/app.ts';
import type { Effect } from '../../src/promotion/effect.ts';
import { hookEffect } from '../../src/promotion/hook.ts';
import type { World } from '../../src/world.ts';
import { anApp, attach, detach } from '../builders/app.ts';
import { aPolicyWithHooks } from '../builders/policy.ts';

const start: Effect = { kind: 'start-project', project: 'shop-r42', droplet: 3 };
const signal = new AbortController().signal;

describe('an effect', () => {
  test('I4: on a droplet goes out under the epoch of the lease and ends there before bgctl stops waiting', async () => {
    const { done, calls } = scene();
    await done(start);
    expect(calls).toMatchObject([
      {
        what: 'start',
        given: [
          { project: 'shop-r42', droplet: 3 },
          { release: { id: 'r42' }, compose: 'text of r42', guard: { epoch: 7, limitMs: 55_000 } },
        ],
      },
    ]);
  });

  test('I4: on the balancer carries what the journal expects there before it', async () => {
    const { done, calls } = scene();
    await done({ ...attach(3, 4), expected: [1, 2] });
    expect(calls).toMatchObject([
      { what: 'attach', given: [{ droplets: [3, 4], expected: [1, 2], ours: [1, 2, 3, 4] }] },
    ]);
  });

  test('on the balancer is served first where it goes back', async () => {
    const forward = scene();
    await forward.done(detach(1));
    const back = scene({ app: anApp().in('aborting') });
    await back.done(detach(3));
    expect(forward.calls).toMatchObject([{ what: 'detach', given: [{ goesBack: false }] }]);
    expect(back.calls).toMatchObject([{ what: 'detach', given: [{ goesBack: true }] }]);
  });

  test('I9: on the balancer is tried for as long as the policy lets the world be out of reach', async () => {
    const { done, calls } = scene();
    await done(attach(3, 4));
    const { unreachableMs } = anApp().in('switching').policy;
    expect(calls).toMatchObject([{ what: 'attach', given: [{ limitMs: unreachableMs }] }]);
  });

  test('I4: that a droplet refuses because a later controller was there is told apart from trouble', async () => {
    const trouble = scene({ fails: new Failure('host', 'no space left') });
    const refused = scene({ fails: new Failure('fence', 'epoch 8 has written') });
    await trouble.done(start);
    expect(await refused.done(start)).toMatchObject({ ok: false, because: 'epoch 8 has written' });
    expect([trouble.fenced, refused.fenced]).toEqual([[], ['epoch 8 has written']]);
  });

  test('that fails comes back as a fact with its reason, never as an error', async () => {
    const { done } = scene({ fails: new Failure('host', 'no space left') });
    expect(await done(start)).toEqual({
      type: 'settled',
      effect: start,
      ok: false,
      because: 'no space left',
    });
  });

  test('is known to have touched nothing only where it was refused for drift before it was sent', async () => {
    const told = async (fails: Error) => (await scene({ fails }).done(attach(3))).untouched;
    expect(await told(new Failure('drift', 'found 1'))).toBe(true);
    expect(await told(new Failure('drift', 'found 1', { ambiguous: true }))).toBeUndefined();
    expect(await told(new Failure('cloud', 'HTTP 503'))).toBeUndefined();
    expect(await told(new Error('anything'))).toBeUndefined();
  });

  test('that cannot be undone because its droplet is no more was undone with it; a droplet out of reach is another matter', async () => {
    const remove: Effect = { kind: 'remove-project', project: 'shop-r42', droplet: 3 };
    const fails = new Failure('host', 'no route to host');
    expect(await scene({ fails, lost: [3] }).done(remove)).toMatchObject({ ok: true });
    expect(await scene({ fails }).done(remove)).toMatchObject({ ok: false });
    expect(await scene({ fails, lost: [3] }).done(start)).toMatchObject({ ok: false });
  });

  test('of a project that is not of the app is a bug: it stops the process, nothing is begun', async () => {
    const { done, calls } = scene();
    await expect(done({ ...start, project: 'other-r1' })).rejects.toThrow(Bug);
    expect(calls).toEqual([]);
  });
});

describe('a hook', () => {
  const app = anApp({ policy: aPolicyWithHooks('gate', {}) }).in('gating');
  const hook = hookEffect(app, app.policy.hooks?.gate?.[0] as HookSpec);

  test('learns the id that is the same at every attempt, and of what it is told', async () => {
    const { done, calls } = scene({ app });
    expect(await done(hook)).toMatchObject({ ok: true });
    const { id, phase, release, reason } = hook;
    const about = { id, app: 'shop', phase, release, reason };
    expect(calls[0]?.given.slice(0, 2)).toMatchObject([{ name: 'hook-0' }, about]);
  });

  test('I3: that is no longer wanted has ended, although it does not let itself be ended', async () => {
    const stop = new AbortController();
    const { done } = scene({ app, hangs: true });
    const ending = done(hook, { signal: stop.signal });
    stop.abort();
    expect(await ending).toMatchObject({ ok: false, because: 'it was no longer wanted' });
  });

  test('is not run where another controller may have run it meanwhile', async () => {
    const { done, calls } = scene({ app });
    expect(await done(hook, { holds: () => false })).toMatchObject({
      ok: false,
      untouched: true,
    });
    expect(calls).toEqual([]);
  });
});

type Call = { readonly what: string; readonly given: readonly unknown[] };

type Setting = { app?: App; fails?: Error; lost?: readonly number[]; hangs?: boolean };

function scene({ app = anApp().in('starting'), fails, lost = [], hangs }: Setting = {}) {
  const calls: Call[] = [];
  const takes =
    (what: string) =>
    async (...given: readonly unknown[]) => {
      calls.push({ what, given });
      if (hangs === true) await new Promise(() => undefined);
      if (fails !== undefined) throw fails;
    };
  // Only what effects call.
  const world = {
    balancer: { attach: takes('attach'), detach: takes('detach'), lost: async () => lost },
    hosts: { start: takes('start'), remove: takes('remove') },
    hooks: { run: takes('hook') },
    journal: { load: async (hash: string) => `text of ${hash}` },
  } as unknown as World;
  const fenced: string[] = [];
  const done = (effect: Effect, changes: Partial<Given> = {}) =>
    act(world, effect, {
      ...{ app, epoch: 7, limitMs: 60_000, holds: () => true, signal },
      fenced: (because) => void fenced.push(because),
      ...changes,
    });
  return { calls, done, fenced };
}
