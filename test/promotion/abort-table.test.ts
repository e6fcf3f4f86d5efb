// The abort table (design, section 12) as an executable specification: one test a cell, played to its end.
import { describe, expect, test } from 'vitest';
import { legal } from '../../src/promotion/admit.ts';
import { abort, keep } from '../builders/command.ts';
import {
  amid,
  asks,
  begun,
  blue,
  cutOff,
  destroy,
  during,
  goOn,
  green,
  later,
  played,
  world,
} from './stage/acts.ts';
import { bothKept, held, onBlue, onGreen } from './stage/endings.ts';
import type { Play } from './stage/play.ts';

describe('starting, gating: blue never left, blue keeps running, green is removed', () => {
  test.each(['starting', 'gating'] as const)('an abort in %s', (phase) => {
    const end = played([later(phase, 1_500, asks(abort()))]);
    expect(end).toMatchObject({ ...onBlue, outcome: 'aborted' });
    expect(begun(end.play, 'attach-droplets', 'detach-droplets')).toEqual([]);
  });

  test.each([
    ['starting, the container exits', 'starting', green('exits')],
    ['gating, the container exits', 'gating', green('exits')],
    ['gating, the answers are wrong', 'gating', green('errs')],
    ['gating, it hangs', 'gating', green('hung')],
    ['gating, a droplet cannot be looked at', 'gating', cutOff(3)],
  ] as const)('a failure in %s', (_, phase, happens) => {
    const reconnects = later(
      'aborting',
      1_000,
      world((w) => w.unreachable.clear()),
    );
    const end = played([during(phase, happens), reconnects]);
    expect(end).toMatchObject({ ...onBlue, outcome: 'failed' });
    expect(begun(end.play, 'attach-droplets', 'detach-droplets')).toEqual([]);
  });

  test('an abort while green is being started waits for that to end, and then removes it', () => {
    const end = played([amid('start-project', asks(abort()))]);
    expect(end).toMatchObject({ ...onBlue, removed: [], outcome: 'aborted' });
    expect(begun(end.play, 'remove-project')).toHaveLength(2);
  });
});

describe('switching, green attached, blue not yet detached: blue, green detached and then removed', () => {
  test.each([
    ['an abort', asks(abort()), 'aborted'],
    ['green exits', green('exits'), 'failed'],
    ['green hangs and is never seen to serve', green('hung'), 'failed'],
  ] as const)('%s', (_, happens, outcome) => {
    const end = played([during('joined', happens)]);
    expect(end).toMatchObject({ ...onBlue, outcome });
    expect(begun(end.play, 'detach-droplets', 'remove-project')).toEqual([
      'detach-droplets 3,4',
      'remove-project shop-r42@3',
      'remove-project shop-r42@4',
    ]);
  });

  test('an abort while green is being attached', () => {
    expect(played([amid('attach-droplets', asks(abort()))])).toMatchObject(onBlue);
  });

  test('an abort past the commit point, before the first detach', () => {
    const end = played([during('committed', asks(abort()))]);
    expect(end).toMatchObject({ ...onBlue, outcome: 'aborted' });
    expect(begun(end.play, 'detach-droplets')).toEqual(['detach-droplets 3,4']);
  });
});

describe('switching, blue partly detached: blue, re-attached and seen serving first', () => {
  const halfDone = world((w) => {
    w.detach([1]);
    w.writable = false;
  });
  const mended = during(
    'aborting',
    world((w) => {
      w.writable = true;
    }),
  );

  test.each([
    ['an abort', asks(abort()), 'aborted'],
    ['green exits', green('exits'), 'rolled-back'],
  ] as const)('%s', (_, happens, outcome) => {
    const end = played([amid('detach-droplets', halfDone, happens), mended]);
    expect(end).toMatchObject({ ...onBlue, outcome });
    expect(begun(end.play, 'attach-droplets', 'detach-droplets')).toEqual([
      'attach-droplets 3,4',
      'detach-droplets 1,2',
      'attach-droplets 1',
      'detach-droplets 3,4',
    ]);
  });
});

describe('switching, first release ever, green attached', () => {
  const first = { first: true };
  const serves = (play: Play) => play.world.serves(3);
  const nothingLeft = {
    phase: 'idle',
    attached: [],
    runs: [],
    removed: ['shop-r42'],
    problems: [],
  };

  test('held if it already serves: an abort', () => {
    const end = played([{ when: serves, does: asks(abort()) }], first);
    expect(end).toMatchObject({ ...held, traffic: ['shop-r42'], removed: [], problems: [] });
  });

  test('held if it already serves: one droplet does, the other never answers', () => {
    const halfDead = during(
      'joined',
      world((w) => w.projects.delete('shop-r42@4')),
    );
    const seen = during('joined', cutOff(4));
    const end = played([halfDead, seen], first);
    expect(end).toMatchObject({ ...held, attached: [3, 4], removed: [], problems: [] });
    expect(begun(end.play, 'detach-droplets', 'remove-project')).toEqual([]);
  });

  test('else green is removed: an abort', () => {
    const slow = during(
      'starting',
      world((w) => {
        w.lagMs = 12_000;
      }),
    );
    const end = played([slow, later('joined', 2_000, asks(abort()))], first);
    expect(end).toMatchObject({ ...nothingLeft, outcome: 'aborted' });
  });

  test('else green is removed: it hangs', () => {
    const end = played([during('joined', green('hung'))], first);
    expect(end).toMatchObject({ ...nothingLeft, outcome: 'failed' });
  });

  test('whether it serves is not known: it waits, removes nothing and yields', () => {
    const blind = during(
      'joined',
      world((w) => {
        w.answering = false;
      }),
      asks(abort()),
    );
    const end = played([blind], first);
    expect(end).toMatchObject({ is: 'yield', phase: 'switching', attached: [3, 4], removed: [] });
    end.play.world.answering = true;
    end.play.crash();
    expect(goOn(end.play)).toMatchObject({ ...held, traffic: ['shop-r42'], problems: [] });
  });
});

describe('verifying, gate inconclusive at its limit: held, green with the old one warm, nothing removed', () => {
  const unseen = during('verifying', cutOff(3));

  test('held', () => {
    const end = played([unseen]);
    expect(end).toMatchObject({ ...held, ...bothKept, attached: [3, 4], traffic: ['shop-r42'] });
    expect(legal(end.play.app)).toEqual(['bgctl resolve --keep r42', 'bgctl resolve --keep r41']);
  });

  test('then the person keeps the new one: it was promoted', () => {
    const { play } = played([unseen]);
    play.world.unreachable.clear();
    asks(keep('shop-r42'))(play);
    expect(goOn(play)).toMatchObject({ ...onGreen, removed: ['shop-r41'], outcome: 'promoted' });
  });

  test('then the person keeps the old one: back, seen serving first', () => {
    const { play } = played([unseen]);
    play.world.unreachable.clear();
    asks(keep('shop-r41'))(play);
    expect(goOn(play)).toMatchObject({ ...onBlue, outcome: 'aborted' });
  });
});

describe.each([
  ['draining by health', true],
  ['no way to drain', false],
])('verifying (%s): draining → blue, seen serving, then green detached', (_, drains) => {
  test.each([
    ['green healthy: an abort', asks(abort()), 'aborted'],
    ['green errs', green('errs'), 'rolled-back'],
    ['green dead', destroy(3, 4), 'rolled-back'],
    ['green exited', green('exits'), 'rolled-back'],
    ['green hung', green('hung'), 'rolled-back'],
    ['green half-dead: one droplet destroyed', destroy(4), 'rolled-back'],
  ] as const)('%s', (__, happens, outcome) => {
    const end = played([later('verifying', 2_000, happens)], { drains });
    expect(end).toMatchObject({ phase: 'idle', attached: [1, 2], traffic: ['shop-r41'], outcome });
    expect(end.problems).toEqual([]);
    expect(begun(end.play, 'attach-droplets').at(-1)).toBe('attach-droplets 1,2');
    // What can be reached is removed; the rest is remembered.
    expect(end.runs.filter((project) => project !== 'shop-r41')).toEqual(
      end.play.app.present.some((place) => place.project === 'shop-r42') ? ['shop-r42'] : [],
    );
  });

  test('green hung, unseen by SSH, aborted by a person', () => {
    const hung = later('verifying', 2_000, green('hung'), cutOff(3, 4), asks(abort()));
    const end = played([hung], { drains });
    expect(end).toMatchObject({
      phase: 'idle',
      attached: [1, 2],
      traffic: ['shop-r41'],
      problems: [],
    });
  });
});

describe('verifying, first release ever: held, nothing to go back to, nothing removed', () => {
  test.each([
    ['an abort', asks(abort())],
    ['green errs', green('errs')],
    ['green exits', green('exits')],
  ])('%s', (_, happens) => {
    const end = played([during('verifying', happens)], { first: true });
    expect(end).toMatchObject({ ...held, attached: [3, 4], runs: ['shop-r42'], problems: [] });
    expect(begun(end.play, 'detach-droplets', 'remove-project')).toEqual([]);
  });
});

describe('verifying, old environment sick too: held, no safe side, nothing removed', () => {
  test.each([
    ['an abort', asks(abort())],
    ['green errs', green('errs')],
    ['green exits', green('exits')],
  ])('%s', (_, happens) => {
    const end = played([during('verifying', blue('exits'), happens)]);
    expect(end).toMatchObject({ ...held, ...bothKept, attached: [3, 4] });
    expect(end.because).not.toBe('');
  });

  test('it is found only on the way back that the old one does not serve', () => {
    const end = played([during('verifying', blue('hung'), asks(abort()))]);
    expect(end).toMatchObject({ ...held, ...bothKept, traffic: ['shop-r42'] });
    expect(begun(end.play, 'remove-project')).toEqual([]);
  });
});

test('retiring: an abort is refused; the new blue runs', () => {
  const refusals: unknown[] = [];
  const tries = during('retiring', (play) => refusals.push(play.ask(abort())));
  expect(played([tries])).toMatchObject({ ...onGreen, outcome: 'promoted' });
  expect(refusals).toMatchObject([{ why: 'precondition' }]);
});
