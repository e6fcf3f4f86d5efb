// How a command ended → its exit code and message: every code that README names, a line each.
import { describe, expect, test } from 'vitest';
import { conclude, exit, type Wanted } from '../../src/cli/exit.ts';
import type { Ending } from '../../src/controller/status.ts';
import type { App, Outcome } from '../../src/promotion/app.ts';
import { acted, anApp, continued, entered, requested } from '../builders/app.ts';
import { hold, promote } from '../builders/command.ts';
import { aPolicyWithApproval } from '../builders/policy.ts';

const wanted: Wanted = { kind: 'promote', release: 'r42' };
const abort: Wanted = { kind: 'abort' };
const resume: Wanted = { kind: 'resume', aborting: false };
const resumed: Wanted = { kind: 'resume', aborting: true };

function idle(is: Outcome['is'], release = 'r42'): Ending {
  const last = { release, key: 'k', is, because: 'so it was', at: 0 };
  return { is: 'rest', app: { ...anApp().in('idle'), last } };
}

function rest(app: App): Ending {
  return { is: 'rest', app };
}

function held(kind: 'genesis' | 'drift' | 'choice'): Ending {
  return rest(continued(anApp().in('verifying'), entered('held', { held: kind })) as App);
}

/** A person must agree until 01:00 of the first day. */
function awaiting(): App {
  return continued(anApp({ policy: aPolicyWithApproval() }).in('gating'), requested(3_600_000));
}

function kept(): App {
  return continued(anApp().in('verifying'), { type: 'asked', by: 'ben', command: hold });
}

type Row = readonly [wanted: Wanted, ending: Ending, code: number, outcome: string];

const rows: readonly (readonly [string, Row])[] = [
  ['promoted', [wanted, idle('promoted'), 0, 'promoted']],
  ['promoted, by a resume', [resume, idle('promoted'), 0, 'promoted']],
  ['failed before the commit point', [wanted, idle('failed'), 10, 'failed']],
  ['failed, by a resume', [resume, idle('failed'), 10, 'failed']],
  ['rolled back', [wanted, idle('rolled-back'), 11, 'rolled-back']],
  ['aborted by another', [wanted, idle('aborted'), 12, 'aborted']],
  ['another release came instead', [wanted, idle('promoted', 'r43'), 12, 'superseded']],
  ['aborted, as was asked', [abort, idle('aborted'), 0, 'aborted']],
  ['aborted, by a resume that came for it', [resumed, idle('aborted'), 0, 'aborted']],
  ['aborted by another while a resume went on with it', [resume, idle('aborted'), 12, 'aborted']],
  ['resolved', [{ kind: 'resolve' }, idle('failed'), 0, 'done']],
  ['nothing was ever promoted', [resume, rest(anApp().in('idle')), 0, 'done']],
  ['held between releases', [wanted, held('choice'), 13, 'held']],
  ['held for what nobody knows of', [wanted, held('genesis'), 13, 'held']],
  ['held for drift', [wanted, held('drift'), 15, 'drift']],
  [
    'fenced off by a controller with another journal',
    [
      wanted,
      { is: 'fenced', app: anApp().in('retiring'), because: 'epoch 8 has written.' },
      14,
      'fenced',
    ],
  ],
  ['replaced', [wanted, { is: 'replaced', app: anApp().in('gating') }, 14, 'busy']],
  [
    'unreachable',
    [
      wanted,
      { is: 'unreachable', app: anApp().in('retiring'), because: 'HTTP 503' },
      16,
      'unreachable',
    ],
  ],
  [
    'interrupted',
    [wanted, { is: 'interrupted', app: anApp().in('gating'), because: 'SIGTERM' }, 17, 'under-way'],
  ],
  [
    'interrupted while a person is waited for',
    [wanted, { is: 'interrupted', app: awaiting(), because: '10m' }, 17, 'approval-awaited'],
  ],
  [
    'interrupted while the old environment is kept',
    [wanted, { is: 'interrupted', app: kept(), because: '10m' }, 17, 'kept-warm'],
  ],
  [
    '--wait ready',
    [wanted, { is: 'reached', app: anApp().in('gating'), what: 'ready' }, 0, 'ready'],
  ],
  [
    '--wait switched',
    [wanted, { is: 'reached', app: anApp().in('verifying'), what: 'switched' }, 0, 'switched'],
  ],
];

describe('I10: every ending has its exit code', () => {
  test.each(rows)('%s', (_, [asked, ending, code, outcome]) => {
    expect(conclude(asked, ending)).toMatchObject({ code, outcome });
  });

  test('and each code means one kind of ending', () => {
    const codes = Object.values(exit);
    expect(new Set(codes).size).toBe(codes.length);
    const told = new Set(rows.map(([, row]) => row[2]));
    // 2 and 70 never come from driving: nothing was begun, or bgctl itself is wrong.
    expect([...told].sort((a, b) => a - b)).toEqual(
      codes.filter((code) => ![2, 70].includes(code)),
    );
  });
});

describe('what is said at the end', () => {
  const said = (ending: Ending, asked: Wanted = wanted) => conclude(asked, ending).message;

  test('names the release, who serves, and why', () => {
    expect(said(idle('failed'))).toBe(
      'r42 failed and was removed; r41 never lost traffic. so it was',
    );
    expect(said(idle('rolled-back'))).toBe('r42 was rolled back; r41 serves again. so it was');
    expect(said(idle('aborted'), abort)).toBe('r42 was aborted (so it was); r41 serves.');
  });

  test('I10: a held app comes with the exact commands that are legal', () => {
    expect(said(held('choice'))).toBe(
      'shop is held: into held. Nothing is changed until you choose: bgctl resolve --keep r42 or bgctl resolve --keep r41.',
    );
    expect(said(held('drift'))).toBe(
      'shop is held: into held. Nothing is changed until you choose: bgctl resolve --adopt or bgctl resolve --restore.',
    );
  });

  test('an interrupted promotion tells where it stands and how to go on', () => {
    expect(said({ is: 'interrupted', app: anApp().in('gating'), because: 'SIGINT' })).toBe(
      'Stopped watching (SIGINT). shop is gating; nothing new was begun. Go on with bgctl abort or bgctl resume.',
    );
  });

  test('a release that stands in the journal and was not begun is said to', () => {
    const command = promote('r43');
    const app = continued(anApp().in('idle'), { type: 'asked', by: 'anna', command });
    expect(said({ is: 'interrupted', app, because: 'so it was' })).toBe(
      'Stopped watching (so it was). r43 stands in the journal and was not begun; `bgctl resume` begins it, `bgctl abort` takes it back.',
    );
  });

  test('who only followed is told that it goes on without them', () => {
    const app = anApp().in('gating');
    expect(said({ is: 'interrupted', app, because: 'so it was', followed: true })).toBe(
      'Stopped watching (so it was). shop is gating; whoever drives it goes on. `bgctl status --watch` follows it.',
    );
  });

  test('--wait names what is ready and what has the traffic', () => {
    const ready = said({ is: 'reached', app: anApp().in('gating'), what: 'ready' });
    expect(ready).toMatch(/^r42 is proven and ready to be switched to\./);
    const switched = said({ is: 'reached', app: anApp().in('verifying'), what: 'switched' });
    expect(switched).toMatch(/^r42 has all traffic\./);
  });

  test('who waits for a person says for what, until when, and what becomes of it', () => {
    const go =
      '`bgctl approve r42` lets it go on until 1970-01-01 01:00 UTC, after that it is removed; `bgctl abort` goes back.';
    expect(said({ is: 'interrupted', app: awaiting(), because: '10m' })).toBe(
      `Approval awaited (10m): r42 passed its gates and waits for a person. ${go}`,
    );
    expect(said({ is: 'reached', app: awaiting(), what: 'ready' })).toBe(
      `r42 is proven and waits for a person: ${go}`,
    );
  });

  test('who keeps the old environment is said, and how it is let go', () => {
    expect(said({ is: 'interrupted', app: kept(), because: '10m' })).toBe(
      'Stopped watching (10m). shop-r41 is kept warm by ben (to compare), so r42 is not done; `bgctl hold --off` lets it go, `bgctl resume` goes on.',
    );
  });

  test('what could not be removed is said, not hidden', () => {
    const left = acted({ kind: 'start-project', project: 'shop-r42', droplet: 3 });
    const app = continued(anApp().in('idle'), left);
    const last = { release: 'r42', key: 'k', is: 'failed', because: 'it fell', at: 0 } as const;
    expect(said(rest({ ...app, last }))).toContain(
      'Could not be removed yet: shop-r42 on droplet 3; the next command tries again.',
    );
  });
});
