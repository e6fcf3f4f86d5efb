// How long the old environment stays: by the policy, and by what people said; while it is kept, it is still gone back to.
import { describe, expect, test } from 'vitest';
import { admit, insteadOf, legal } from '../../src/promotion/admit.ts';
import type { App } from '../../src/promotion/app.ts';
import type { Command } from '../../src/promotion/command.ts';
import { known } from '../../src/promotion/observation.ts';
import { step } from '../../src/promotion/step.ts';
import { endOfHold } from '../../src/promotion/warmth.ts';
import { acted, anApp, continued, entered, failed } from '../builders/app.ts';
import { abort, adopt, extend, hold, keep, letGo, restore } from '../builders/command.ts';
import { anObservation } from '../builders/observation.ts';
import { aPolicy } from '../builders/policy.ts';
import { anEnvironment } from '../builders/release.ts';

const says = (command: Command) => ({ type: 'asked', by: 'ben', command }) as const;
const verifying = anApp().in('verifying');
const retiring = anApp().in('retiring');
const now = (app: App, afterMs = 20_000) => anObservation(app, afterMs);
const patient = aPolicy({ drain: { limitMs: 20_000, quietMs: 2_000, warmMs: null } });

describe('while somebody keeps the old environment', () => {
  const kept = continued(verifying, says(hold));

  test('a verified release is not done: it waits, without an end, and says for whom', () => {
    expect(step(kept, now(kept).seen)).toEqual({
      is: 'wait',
      because: 'shop-r41 is kept warm by ben (to compare); `bgctl hold --off` lets it go',
      until: null,
    });
  });

  test('it is still gone back to: by a gate that fails, by lost health, by an abort', () => {
    const wrong = now(kept, 900_000).withSamples('error', 10).seen;
    expect(step(kept, wrong)).toMatchObject({ phase: 'aborting', cause: 'failed' });
    const sick = now(kept).withProject('shop-r42', 'exited', [3]).seen;
    expect(step(kept, sick)).toMatchObject({ phase: 'aborting' });
    const app = continued(kept, says(abort()));
    expect(step(app, now(app).seen)).toMatchObject({ phase: 'aborting', cause: 'asked' });
  });

  test('gates that hear nothing only delay; let go, they have their limit again', () => {
    const deaf = (app: App, afterMs: number) => now(app, afterMs).with({ samples: {} }).seen;
    expect(step(kept, deaf(kept, 900_000))).toMatchObject({ is: 'wait', until: null });
    const free = continued(kept, says(letGo));
    const at = free.seq * 1_000;
    expect(step(free, deaf(free, 39_000))).toMatchObject({ is: 'wait', until: at + 40_000 });
    expect(step(free, deaf(free, 40_000))).toMatchObject({ phase: 'held' });
  });

  test('said before the switch, it holds after it', () => {
    const early = continued(anApp().in('gating'), says(hold));
    expect(early.warm.kept).toEqual({ by: 'ben', because: 'to compare' });
  });

  test('said while it is already retiring, nothing is removed', () => {
    const app = continued(retiring, says(hold));
    expect(step(app, now(app).seen)).toMatchObject({ is: 'wait', until: null });
  });

  test('said twice it is kept once: one word lets it go, and a second one changes nothing', () => {
    const free = continued(kept, says(hold), says(letGo));
    expect(step(free, now(free).seen)).toMatchObject({ is: 'enter', phase: 'retiring' });
    expect(continued(free, says(letGo)).warm).toEqual(free.warm);
  });

  test('let go after an earlier extension has passed, all that waits has its time from then on', () => {
    const free = continued<App>(verifying, says(extend(1)), says(hold), says(letGo));
    expect(free.warm).toEqual({ kept: null, until: free.seq * 1_000 });
  });

  test('another controller keeps it too', () => {
    const app = continued(kept, { type: 'leased', by: 'carl', epoch: 9 });
    expect(step(app, now(app).seen)).toMatchObject({ is: 'wait', until: null });
  });

  test('the next promotion begins without it', () => {
    const over = continued<App>(kept, entered('aborting'), entered('idle'));
    expect(over.warm).toEqual({ kept: null, until: null });
  });
});

describe('a choice out of held ends what people said of the old environment, and says so', () => {
  const drifted = continued<App>(verifying, says(hold), entered('held', { held: 'drift' }));
  const ends =
    'shop-r41 was kept warm by ben (to compare): that ends here, since only one environment stays, and shop-r41 is removed';
  const because = (app: App) => {
    const next = step(app, now(app).with({ lost: known([], 0) }).seen);
    return next.is === 'enter' ? next.because : JSON.stringify(next);
  };

  test.each([
    [restore, 'the load balancer is put back as the journal has it'],
    [keep('shop-r42'), 'kept by hand: shop-r42'],
    [adopt(anEnvironment('r42', 'blue')), 'adopted: shop-r42'],
  ])('where the old one goes: %#', (command, reason) => {
    expect(because(continued(drifted, says(command)))).toBe(`${reason}; ${ends}`);
    expect(endOfHold(drifted, command)).toBe(ends);
  });

  test('not where the old one stays, nor where it serves still, nor where nobody said anything', () => {
    const back = says(keep('shop-r41'));
    expect(because(continued(drifted, back))).toBe('kept by hand: shop-r41');
    const early = continued<App>(
      anApp().in('gating'),
      says(hold),
      entered('held', { held: 'drift' }),
    );
    expect(because(continued(early, says(restore)))).not.toContain('kept warm');
    const unsaid = continued<App>(verifying, entered('held', { held: 'drift' }), says(restore));
    expect(because(unsaid)).not.toContain('kept warm');
  });

  test('nor of a way back on which it was held: the old one is blue again', () => {
    const stuck = continued<App>(
      verifying,
      says(hold),
      entered('aborting', { cause: 'failed' }),
      entered('held', { held: 'choice' }),
    );
    expect(endOfHold(stuck, keep('shop-r41'))).toBeNull();
    expect(endOfHold(stuck, keep('shop-r42'))).toBe(ends);
  });
});

describe('more time for the old environment', () => {
  test('moves its earliest retirement to an instant in the journal, in verifying and in retiring', () => {
    for (const app of [verifying, retiring]) {
      const later = continued<App>(app, says(extend(80_000)));
      expect(step(later, now(later, 9_000).seen)).toMatchObject({ is: 'wait', until: 80_000 });
    }
  });

  test('is never less than the policy gives', () => {
    const app = continued(retiring, says(extend(0)));
    const warmUntil = (app.committedAt ?? 0) + 12_000;
    expect(step(app, now(app, 100).seen)).toMatchObject({ is: 'wait', until: warmUntil });
  });

  test('the last word counts', () => {
    const app = continued(verifying, says(extend(900_000)), says(extend(0)));
    expect(step(app, now(app).seen)).toMatchObject({ phase: 'retiring' });
  });
});

describe('a policy that never retires it by itself', () => {
  const never = anApp({ policy: patient }).in('verifying');

  test('waits for a word, which is another thing than 0s', () => {
    expect(step(never, now(never).seen)).toMatchObject({
      because: expect.stringContaining('kept warm by the policy short (drain.warm: never)'),
      until: null,
    });
    const at = aPolicy({ drain: { limitMs: 20_000, quietMs: 2_000, warmMs: 0 } });
    const prompt = anApp({ policy: at }).in('verifying');
    expect(step(prompt, now(prompt).seen)).toMatchObject({ phase: 'retiring' });
  });

  test('goes on when it is let go, or when its time was said', () => {
    const free = continued(never, says(letGo));
    expect(step(free, now(free).seen)).toMatchObject({ phase: 'retiring' });
    const timed = continued(never, says(extend(90_000)));
    expect(step(timed, now(timed, 9_000).seen)).toMatchObject({ is: 'wait', until: 90_000 });
  });

  test('has nothing to keep of the first release ever', () => {
    const first = anApp({ first: true, policy: patient }).in('verifying');
    expect(step(first, now(first).seen)).toMatchObject({ phase: 'retiring' });
    const deaf = now(first, 40_000).with({ samples: {} }).seen;
    expect(step(first, deaf)).toMatchObject({ phase: 'held' });
  });
});

describe('hold, hold --off and extend', () => {
  const remove = { kind: 'remove-project', project: 'shop-r41', droplet: 1 } as const;
  const leased = { type: 'leased', by: 'carl', epoch: 9 } as const;

  test.each(['starting', 'gating', 'switching', 'verifying', 'retiring'] as const)(
    'are admitted in %s',
    (phase) => {
      for (const command of [hold, letGo, extend(9)])
        expect(admit(anApp().in(phase), command)).toBeNull();
    },
  );

  test.each<[App, string]>([
    [anApp().in('idle'), 'too early: nothing is under way in shop'],
    [continued(retiring, acted(remove)), 'too late: shop-r41 is being removed'],
    // Begun by a controller that died: nobody knows how far it came.
    [continued(retiring, acted(remove), leased), 'too late: shop-r41 is being removed'],
    [continued(retiring, acted(remove), leased, leased), 'too late: shop-r41 is being removed'],
    [
      continued(retiring, acted(remove), failed(remove), leased),
      'too late: shop-r41 is being removed',
    ],
    [anApp().in('aborting'), 'shop is aborting: nothing is retired now'],
    [anApp().in('held'), 'shop is held: nothing is retired now'],
    [
      anApp({ first: true }).in('verifying'),
      'r42 is the first release: there is no old environment to keep',
    ],
  ])('are refused in words: %#', (app, refused) => {
    for (const command of [hold, letGo, extend(9)])
      expect(admit(app, command)).toEqual({ refused, why: 'precondition' });
  });

  test('what a dead controller began to remove is removed by the next, as often as if nobody had tried', () => {
    const app = continued(retiring, acted(remove), failed(remove), acted(remove), leased);
    expect(step(app, now(app, 30_000).seen)).toMatchObject({
      effects: [remove, { ...remove, droplet: 2 }],
    });
    expect(app.failures).toMatchObject({ 'remove-project shop-r41@1': { times: 0 } });
  });

  test('name the way out where only a word keeps it', () => {
    const kept = continued(verifying, says(hold));
    expect(legal(kept)).toEqual(['bgctl hold --off', 'bgctl abort', 'bgctl resume']);
    expect(legal(continued(retiring, says(hold)))).toEqual(['bgctl hold --off', 'bgctl resume']);
    expect(insteadOf(kept)).toContain('let the old environment go (`bgctl hold --off`)');
  });
});
