// The canonical stories: one for each cell of the abort table (design, section 12), and the ways around it.
import { type Happens, quietDay, type Script } from '../../src/simulator/faults.ts';

type Story = Partial<Script> & { readonly happens?: readonly Happens[] };

const at = (
  during: Happens['during'],
  what: Happens['what'],
  { afterMs = 500, droplet = 3 }: { afterMs?: number; droplet?: number } = {},
): Happens => ({ during, what, afterMs, droplet });

const stories: Readonly<Record<string, Story>> = {
  'a promotion': {},
  'a promotion without the health step': { drains: false },
  'the first release': { first: true },
  'abort before it has begun': { happens: [at('idle', 'abort', { afterMs: 0 })] },
  'abort in starting': { happens: [at('starting', 'abort')] },
  'abort in gating': { happens: [at('gating', 'abort')] },
  'abort while green joins': { happens: [at('switching', 'abort', { afterMs: 0 })] },
  'abort after green has joined': { happens: [at('joined', 'abort')] },
  'abort after the commit point': { happens: [at('committed', 'abort', { afterMs: 3_000 })] },
  'abort at the commit point, the balancer slow to follow': {
    seed: 3,
    drains: false,
    planeLagMs: 3_000,
    happens: [at('committed', 'abort', { afterMs: 0 })],
  },
  'abort in verifying': { happens: [at('verifying', 'abort', { afterMs: 2_000 })] },
  'abort in verifying, green hangs': {
    happens: [at('verifying', 'blue-hangs'), at('verifying', 'abort', { afterMs: 1_000 })],
  },
  'abort in verifying, green is dead': {
    happens: [
      at('verifying', 'droplet-off', { droplet: 3 }),
      at('verifying', 'droplet-off', { droplet: 4 }),
      at('verifying', 'abort', { afterMs: 1_000 }),
    ],
  },
  'abort in verifying, the old environment is sick too': {
    happens: [
      at('verifying', 'somebody-stops-green', { droplet: 1 }),
      at('verifying', 'abort', { afterMs: 4_000 }),
    ],
  },
  'abort while blue leaves, the answers of the cloud are lost': {
    flaky: 0.4,
    seed: 11,
    happens: [at('committed', 'abort', { afterMs: 4_500 })],
  },
  'abort in verifying, a droplet of green is lost': {
    happens: [at('verifying', 'ssh-lost'), at('verifying', 'abort', { afterMs: 1_000 })],
  },
  'abort in retiring': { happens: [at('retiring', 'abort')] },
  'abort of the first release before anybody is sent to it': {
    first: true,
    happens: [at('switching', 'abort', { afterMs: 0 })],
  },
  'abort of the first release while it joins': { first: true, happens: [at('joined', 'abort')] },
  'abort of the first release in verifying': {
    first: true,
    happens: [at('verifying', 'abort')],
  },
  'green exits': { manner: 'exits' },
  'green never becomes healthy': { manner: 'slow' },
  'green fails its gate': { manner: 'errs' },
  'green sickens after the switch': { manner: 'sickens' },
  'verification comes to no result': {
    happens: [at('verifying', 'ssh-lost', { afterMs: 0 })],
  },
  'the balancer cannot be reached after the commit point': {
    happens: [at('committed', 'cloud-down')],
  },
  'the balancer is busy while switching': {
    happens: [at('switching', 'cloud-busy', { afterMs: 0 })],
  },
  'the balancer lies': { lies: 0.5, seed: 5 },
  'a droplet of green is destroyed in gating': { happens: [at('gating', 'droplet-destroyed')] },
  'a droplet of blue is destroyed in gating': {
    happens: [at('gating', 'droplet-destroyed', { droplet: 1 })],
  },
  'somebody attaches a droplet of green': { happens: [at('starting', 'somebody-attaches')] },
  'somebody detaches a droplet of blue': {
    happens: [at('gating', 'somebody-detaches', { droplet: 1 })],
  },
  'a second release is asked for meanwhile': { happens: [at('gating', 'promote-another')] },
  'the controller is frozen while switching': { happens: [at('joined', 'freeze')] },
  'the disk of the journal is full': {
    happens: [at('starting', 'journal-full'), at('starting', 'journal-back', { afterMs: 12_000 })],
  },
  'abort right after the attach, the balancer lags': {
    drains: false,
    planeLagMs: 3_000,
    happens: [at('joined', 'abort', { afterMs: 2_500 })],
  },
  'the gate sees too little': { blind: 0.3, seed: 5 },
  'the disk of a droplet is full': { happens: [at('idle', 'disk-full', { afterMs: 0 })] },
  'blue cannot be told to pass its health check again': {
    happens: [
      at('committed', 'ssh-lost', { droplet: 1, afterMs: 4_500 }),
      at('committed', 'abort', { afterMs: 4_600 }),
    ],
  },
  'answers of the cloud are lost': { flaky: 0.4, seed: 7 },
  'the journal is lost': { journalLost: true },
  'the journal tears while green starts': { happens: [at('starting', 'journal-tears')] },
  'an image cannot be pulled': { happens: [at('idle', 'image-missing', { afterMs: 0 })] },
  'green starts only half': { happens: [at('idle', 'half-starts', { afterMs: 0 })] },
  'a connection is cut in mid-command': { happens: [at('starting', 'ssh-cut', { afterMs: 300 })] },
  'a person approves': { approval: 'abort', approvedAfterMs: 9_000 },
  'nobody approves in time': { approval: 'abort' },
  'nobody approves in time, and the app is held': { approval: 'hold' },
  'nobody approves in time, nor does a crash give more of it': {
    approval: 'abort',
    happens: [at('awaited', 'kill', { afterMs: 1_000 })],
  },
  'a person approves when nobody drives any more': {
    approval: 'abort',
    oneHost: false,
    seed: 4,
    happens: [at('awaited', 'kill'), at('awaited', 'approve', { afterMs: 9_000 })],
  },
  'a person approves too late, and nobody drives any more': {
    approval: 'abort',
    oneHost: false,
    seed: 4,
    happens: [at('awaited', 'kill'), at('awaited', 'approve', { afterMs: 17_000 })],
  },
  'green fails its gate while a person is waited for': {
    approval: 'never',
    happens: [at('awaited', 'green-errs')],
  },
  'one droplet of green first': { steps: 'first' },
  'one droplet of green first, judged beside blue': { steps: 'first-judged' },
  'all of green judged beside blue': { steps: 'judged' },
  'the first droplet of green fails its gate': {
    steps: 'first-judged',
    happens: [at('stepped', 'green-errs')],
  },
  'abort while the first droplet of green is judged': {
    steps: 'first-judged',
    happens: [at('stepped', 'abort', { afterMs: 1_000 })],
  },
  'the controller dies while the first droplet of green is judged': {
    steps: 'first-judged',
    happens: [at('stepped', 'kill', { afterMs: 1_000 })],
  },
  'the first release, one droplet first, fails its gate': {
    first: true,
    steps: 'first-judged',
    happens: [at('stepped', 'green-errs')],
  },
  'the old environment is kept, and let go': {
    happens: [at('verifying', 'hold'), at('verifying', 'let-go', { afterMs: 40_000 })],
  },
  'the old environment is kept, and gone back to': {
    happens: [at('verifying', 'hold'), at('verifying', 'abort', { afterMs: 60_000 })],
  },
  'the old environment is kept, and the new one sickens': {
    happens: [at('verifying', 'hold'), at('verifying', 'blue-hangs', { afterMs: 60_000 })],
  },
  'the old environment is kept while it is already retiring': {
    happens: [at('retiring', 'hold'), at('retiring', 'let-go', { afterMs: 30_000 })],
  },
  'the old environment gets more time': { happens: [at('verifying', 'extend')] },
  'the old environment does not retire by itself': {
    warm: 'never',
    happens: [at('verifying', 'let-go', { afterMs: 30_000 })],
  },
  'hooks in every phase': { hooks: 'good' },
  'a required hook fails before the switch': { hooks: 'needed', hookPhase: 'switch' },
  'a required hook fails in verifying': { hooks: 'needed', hookPhase: 'verify' },
  'an advisory hook fails': { hooks: 'fails', hookPhase: 'start' },
  'a hook hangs, and somebody aborts': {
    hooks: 'hangs',
    hookPhase: 'verify',
    happens: [at('verifying', 'abort', { afterMs: 2_000 })],
  },
  'a hook hangs on the way back': {
    hooks: 'hangs',
    hookPhase: 'abort',
    happens: [at('verifying', 'abort', { afterMs: 2_000 })],
  },
  'the controller dies while a hook runs': {
    hooks: 'slow',
    hookPhase: 'gate',
    happens: [at('gating', 'kill', { afterMs: 2_000 })],
  },
  'people stay connected': { happens: [at('committed', 'people-stay-connected')] },
};

export const scenarios: readonly { readonly name: string; readonly script: Script }[] =
  Object.entries(stories).map(([name, story]) => ({ name, script: { ...quietDay, ...story } }));

/** The abort table (design, section 12), cell by cell; migrating does not exist yet. */
export const abortTable: Readonly<Record<string, readonly string[]>> = {
  'starting, gating': [
    'abort in starting',
    'abort in gating',
    'green exits',
    'green fails its gate',
  ],
  'switching, green attached': ['abort while green joins', 'abort after green has joined'],
  'switching, blue partly detached': [
    'abort after the commit point',
    'abort while blue leaves, the answers of the cloud are lost',
  ],
  'switching, first release ever': [
    'abort of the first release before anybody is sent to it',
    'abort of the first release while it joins',
  ],
  'verifying, inconclusive at its limit': ['verification comes to no result'],
  'verifying, green healthy': ['abort in verifying'],
  'verifying, green dead, hung or half-dead': [
    'abort in verifying, green is dead',
    'abort in verifying, green hangs',
    'abort in verifying, a droplet of green is lost',
  ],
  'verifying, first release ever': ['abort of the first release in verifying'],
  'verifying, old environment sick too': ['abort in verifying, the old environment is sick too'],
  retiring: ['abort in retiring'],
  'balancer cannot be read or written': ['the balancer cannot be reached after the commit point'],
  'journal empty or lost': ['the journal is lost'],
  'droplet of green lost': ['a droplet of green is destroyed in gating'],
  'droplet of blue lost': ['a droplet of blue is destroyed in gating'],
  'foreign edit': ['somebody attaches a droplet of green', 'somebody detaches a droplet of blue'],
};
