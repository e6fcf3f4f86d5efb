// Facts and time for the journal's tests.
import type { Fact } from '../../src/promotion/entry.ts';

export function aborted(reason: string): Fact {
  return { type: 'asked', by: 'anna', command: { kind: 'abort', reason } };
}

export function entered(because: string): Fact {
  return { type: 'entered', phase: 'idle', because };
}

export function start(droplet: number): Fact {
  const effect = { kind: 'start-project', project: 'shop-r8', droplet } as const;
  return { type: 'acted', effect, until: 9, because: 'to start' };
}

/** One fact of each kind that a promotion writes. */
export const everyFact: readonly Fact[] = [
  {
    type: 'asked',
    by: 'anna@laptop',
    command: {
      kind: 'adopt',
      blue: {
        release: {
          id: 'r7',
          images: { web: 'ghcr.io/acme/shop/web@sha256:00' },
          composeHash: 'c0ffee',
          env: { '/opt/shop/.env': 'ab' },
          requestedBy: 'anna',
          key: 'k',
        },
        pool: 'a',
        droplets: [1, 2],
        project: 'shop-r7',
        state: 'blue',
      },
      attached: [1, 2],
      policy: aPolicy(),
      drains: true,
    },
  },
  { type: 'entered', phase: 'gating', because: 'line\nbreak "quoted" ünï ☃', evidence: { n: 3 } },
  {
    type: 'requested',
    what: 'approval',
    until: null,
    because: 'the gates passed',
  },
  { type: 'asked', by: 'ben', command: { kind: 'approve', release: 'r8', at: 7 } },
  { type: 'asked', by: 'ben', command: { kind: 'hold', because: 'to compare' } },
  { type: 'asked', by: 'ben', command: { kind: 'let-go' } },
  { type: 'asked', by: 'ben', command: { kind: 'extend', byMs: 5, until: 9 } },
  { type: 'advanced', to: 'rest', because: 'the first serve' },
  { type: 'committed', because: 'green serves' },
  start(3),
  {
    type: 'settled',
    effect: {
      kind: 'attach-droplets',
      droplets: [3],
      expected: [1, 2],
      ours: [1, 2, 3, 4],
      mayEmpty: false,
    },
    ok: false,
    because: 'busy',
  },
  {
    type: 'acted',
    effect: {
      kind: 'run-hook',
      id: 'shop/r8/gate/notify/9',
      phase: 'gate',
      name: 'notify',
      release: 'r8',
      reason: 'so',
      timeoutMs: 9,
    },
    until: 9,
    because: 'the hook notify',
  },
  { type: 'leased', by: 'anna', epoch: 4 },
];

function aPolicy() {
  return {
    name: 'short',
    attemptsMax: 2,
    unreachableMs: 1000,
    start: { limitMs: 1000, missingMax: 0, restartsMax: 2 },
    gate: { limitMs: 1000, minMs: 0, gates: [], inconclusive: 'abort', unknown: 'wait' },
    switch: { limitMs: 1000, floor: 1 },
    verify: { limitMs: 1000, minMs: 0, gates: [], inconclusive: 'hold', unknown: 'wait' },
    drain: { limitMs: 1000, quietMs: 100, warmMs: 100 },
  } as const;
}
