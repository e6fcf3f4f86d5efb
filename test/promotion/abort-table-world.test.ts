// The abort table (design, section 12), its rows about the world: unreachable, lost, foreign hands. One test a cell.
import { describe, expect, test } from 'vitest';
import { admit, legal } from '../../src/promotion/admit.ts';
import { abort, adopt, promote, restore } from '../builders/command.ts';
import { aPolicy } from '../builders/policy.ts';
import { anEnvironment } from '../builders/release.ts';
import {
  asks,
  begun,
  destroy,
  during,
  goOn,
  green,
  later,
  type Moment,
  played,
  world,
} from './stage/acts.ts';
import { allCheckers } from './stage/checkers.ts';
import { bothKept, held, onBlue, onGreen } from './stage/endings.ts';
import { Play } from './stage/play.ts';

describe('balancer cannot be read or written: wait, nothing removed, then yield; resume goes on', () => {
  const unreadable = world((w) => {
    w.readable = false;
  });
  const unwritable = world((w) => {
    w.writable = false;
  });
  const mend = (play: Play) => {
    play.world.readable = true;
    play.world.writable = true;
    play.crash();
  };

  test.each([
    ['idle, asked to promote, unreadable', 'starting', [], unreadable, onGreen],
    ['gating, aborted, unreadable', 'gating', [asks(abort())], unreadable, onBlue],
    ['switching, before the commit point, unreadable', 'joined', [], unreadable, onBlue],
    ['switching, past the commit point, unreadable', 'committed', [], unreadable, onGreen],
    ['switching, past the commit point, unwritable', 'committed', [], unwritable, onGreen],
    ['verifying, aborted, unreadable', 'verifying', [asks(abort())], unreadable, onBlue],
    ['verifying, aborted, unwritable', 'verifying', [asks(abort())], unwritable, onBlue],
    ['retiring, unreadable', 'retiring', [], unreadable, onGreen],
  ] as const)('%s', (_, moment: Moment, does, breaks, then) => {
    const end = played([during(moment, breaks, ...does)]);
    if (moment === 'starting') return expect(end.is).toBe('yield');
    expect(end).toMatchObject({ is: 'yield', ...bothKept });
    mend(end.play);
    expect(goOn(end.play)).toMatchObject(then);
  });
});

describe('journal empty or lost: held, and nothing is swept', () => {
  function lost(): Play {
    const play = new Play({ first: true }, allCheckers());
    play.world.run('shop-r41', [1, 2]);
    return play;
  }

  test('droplets are attached', () => {
    const play = lost();
    play.world.attach([1, 2]);
    play.ask(promote('r42'));
    const end = goOn(play);
    expect(end).toMatchObject({ ...held, attached: [1, 2], runs: ['shop-r41'], problems: [] });
    expect(legal(play.app)).toEqual(['bgctl resolve --adopt']);
    expect(begun(play, 'detach-droplets', 'remove-project')).toEqual([]);
  });

  test('projects run, none is attached', () => {
    const play = lost();
    play.ask(promote('r42'));
    expect(goOn(play)).toMatchObject({ ...held, runs: ['shop-r41'], problems: [] });
  });

  test('adopted, what serves is blue, and the next promotion goes the usual way', () => {
    const play = lost();
    play.world.attach([1, 2]);
    expect(goOn(play)).toMatchObject(held);
    asks(adopt(anEnvironment('r41', 'blue')))(play);
    expect(goOn(play)).toMatchObject({ phase: 'idle', attached: [1, 2], runs: ['shop-r41'] });
    asks(promote('r42'))(play);
    expect(goOn(play)).toMatchObject({ ...onGreen, removed: ['shop-r41'] });
  });
});

describe('droplet of green lost: as green unhealthy; what can be reached is removed, the rest is remembered', () => {
  test.each([
    ['starting', 'failed'],
    ['gating', 'failed'],
    ['joined', 'failed'],
    ['committed', 'rolled-back'],
    ['verifying', 'rolled-back'],
  ] as const)('in %s', (moment, outcome) => {
    const end = played([later(moment, 1_000, destroy(4))]);
    expect(end).toMatchObject({ phase: 'idle', attached: [1, 2], traffic: ['shop-r41'], outcome });
    expect(end.problems).toEqual([]);
    const left = end.play.app.present.filter((place) => place.project === 'shop-r42');
    expect(left.filter((place) => place.droplet === 3)).toEqual([]);
  });
});

describe('droplet of blue lost, not by us', () => {
  test.each(['starting', 'gating', 'switching', 'committed', 'verifying'] as const)(
    'in %s the promotion continues: green carries the traffic',
    (moment) => {
      const end = played([during(moment, destroy(1))]);
      expect(end).toMatchObject({ phase: 'idle', traffic: ['shop-r42'], outcome: 'promoted' });
      expect(end.problems).toEqual([]);
    },
  );

  test('held, when all of blue is lost and green is no good either', () => {
    const end = played([during('gating', destroy(1, 2), green('errs'))]);
    expect(end).toMatchObject({ ...held, removed: [], problems: [] });
  });

  test('held, when too few of blue are left to go back to', () => {
    const policy = aPolicy({ switch: { limitMs: 40_000, floor: 2 } });
    const end = played([during('joined', destroy(1), asks(abort()))], { policy });
    expect(end).toMatchObject({ ...held, ...bothKept, attached: [2, 3, 4] });
  });
});

describe('foreign edit of the balancer (drift): stop, show the difference, remove nothing', () => {
  const takesOut = (droplet: number) => world((w) => w.detach([droplet]));
  const putsIn = (droplet: number) => world((w) => w.attach([droplet]));

  test.each([
    ['gating, blue is taken out', 'gating', takesOut(1), 'droplet 1 should be in it and is not'],
    ['gating, green is put in', 'gating', putsIn(3), 'droplet 3 is in it and should not be'],
    ['joined, green is taken out', 'joined', takesOut(3), 'droplet 3 should be in it and is not'],
    ['verifying, green is taken out', 'verifying', takesOut(3), 'droplet 3 should be'],
    ['verifying, the old one is put in', 'verifying', putsIn(2), 'droplet 2 is in it'],
    ['retiring, the old one is put in', 'retiring', putsIn(2), 'droplet 2 is in it'],
  ] as const)('%s', (_, moment: Moment, edit, difference) => {
    const end = played([during(moment, edit)]);
    expect(end).toMatchObject({ ...held, ...bothKept });
    expect(end.because).toContain(difference);
    expect(legal(end.play.app)).toEqual(['bgctl resolve --adopt', 'bgctl resolve --restore']);
    expect(admit(end.play.app, abort())).toMatchObject({ why: 'drift' });
  });

  test.each([
    ['gating, blue was taken out', 'gating', takesOut(1), onBlue],
    ['gating, green was put in', 'gating', putsIn(3), onBlue],
    ['verifying, green was taken out', 'verifying', takesOut(3), onGreen],
    ['verifying, the old one was put in', 'verifying', putsIn(2), onGreen],
  ] as const)(
    '--restore puts the balancer back as the journal has it: %s',
    (_, moment: Moment, edit, then) => {
      const { play } = played([during(moment, edit)]);
      asks(restore)(play);
      expect(goOn(play)).toMatchObject({ ...then, removed: expect.any(Array), problems: [] });
    },
  );

  test('--adopt takes what is in it as blue, and leaves it so', () => {
    const { play } = played([during('gating', takesOut(1))]);
    asks(adopt(anEnvironment('r41', 'blue', { droplets: [2] })))(play);
    expect(goOn(play)).toMatchObject({
      phase: 'idle',
      attached: [2],
      traffic: ['shop-r41'],
      problems: [],
    });
  });

  test('a foreign droplet that comes or goes is no drift, and stays as it is', () => {
    const end = played([
      during(
        'gating',
        world((w) => w.attach([901])),
      ),
      during(
        'joined',
        world((w) => w.detach([900])),
      ),
    ]);
    expect(end).toMatchObject({ ...onGreen, outcome: 'promoted' });
    expect([...end.play.world.attached.keys()]).toContain(901);
  });
});
