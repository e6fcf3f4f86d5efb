// Apps in any phase, made the only way an app is made: by folding a journal. One entry a second.
import type { Policy } from '../../src/policy/policy.ts';
import { type App, genesis, type In, type Phase } from '../../src/promotion/app.ts';
import type { BalancerEffect, Effect } from '../../src/promotion/effect.ts';
import type { Entry, Fact } from '../../src/promotion/entry.ts';
import { apply } from '../../src/promotion/fold.ts';
import { adopt, promote } from './command.ts';
import { aPolicy } from './policy.ts';
import { anEnvironment, appName } from './release.ts';

export type Setting = {
  /** The first release ever: no blue before it. */
  readonly first?: boolean;
  readonly drains?: boolean;
  readonly policy?: Policy;
};

/** r41 is blue on droplets 1 and 2 (unless `first`), r42 is promoted to droplets 3 and 4. */
export function anApp(setting: Setting = {}) {
  return {
    in: <P extends Phase>(phase: P) => at(setting, stories[phase](setting)) as unknown as In<P>,
    /** In starting, with green's projects begun. */
    begun: () => at(setting, begun(setting)) as In<'starting'>,
    /** In switching, past the commit point; the old environment is still attached. */
    committed: () => at(setting, committed(setting)) as In<'switching'>,
    /** In switching, with green attached. */
    joined: () => at(setting, joined(setting)) as In<'switching'>,
    /** In aborting, from the phase before the commit point that is named. */
    abortingFrom: (phase: 'starting' | 'gating') =>
      at(setting, [...stories[phase](setting), aborts]) as In<'aborting'>,
  };
}

/** The journal of such an app up to a phase. */
export function storyOf(phase: Phase, setting: Setting): readonly Fact[] {
  return stories[phase](setting);
}

/** The app after more facts, each a second after the one before. */
export function continued<A extends App>(app: A, ...facts: readonly Fact[]): A {
  return facts.reduce(next, app as App) as A;
}

export function attach(...droplets: readonly number[]): BalancerEffect {
  return membership('attach-droplets', droplets);
}

export function detach(...droplets: readonly number[]): BalancerEffect {
  return membership('detach-droplets', droplets);
}

/** A person agrees. */
export function approved(by = 'ben'): Fact {
  return { type: 'asked', by, command: { kind: 'approve', release: 'r42', at: 0 } };
}

/** The gates passed, and a person is asked for. */
export function requested(until: number | null = 60_000): Fact {
  return { type: 'requested', what: 'approval', until, because: 'the gates passed' };
}

/** Green has come one step further into the balancer. */
export function advanced(to: 'judging' | 'rest'): Fact {
  return { type: 'advanced', to, because: 'it serves' };
}

export function acted(effect: Effect, until = 1_000_000): Fact {
  return { type: 'acted', effect, until, because: 'in a test' };
}

export function done(effect: Effect): Fact {
  return { type: 'settled', effect, ok: true };
}

export function failed(effect: Effect, because = 'it would not'): Fact {
  return { type: 'settled', effect, ok: false, because };
}

export function entered(
  phase: Phase,
  more: Partial<Extract<Fact, { type: 'entered' }>> = {},
): Fact {
  return { type: 'entered', phase, because: `into ${phase}`, ...more };
}

const aborts = entered('aborting', { cause: 'failed', because: 'it failed' });

type Story = (setting: Setting) => readonly Fact[];

const idle: Story = ({ first, policy, drains }) =>
  first === true
    ? []
    : [
        entered('held', { held: 'genesis' }),
        {
          type: 'asked',
          by: 'anna',
          command: adopt(anEnvironment('r41', 'blue'), given(policy, drains)),
        },
        entered('idle'),
      ];

const starting: Story = (setting) => [
  ...idle(setting),
  { type: 'asked', by: 'anna', command: promote('r42', given(setting.policy, setting.drains)) },
  entered('starting'),
];

const begun: Story = (setting) => {
  const starts = [3, 4].map(
    (droplet): Effect => ({ kind: 'start-project', project: 'shop-r42', droplet }),
  );
  return [...starting(setting), ...starts.map((effect) => acted(effect)), ...starts.map(done)];
};

const gating: Story = (setting) => [...begun(setting), entered('gating')];

const switching: Story = (setting) => [...gating(setting), entered('switching')];

const joined: Story = (setting) => [...switching(setting), acted(attach(3, 4)), done(attach(3, 4))];

const committed: Story = (setting) => [
  ...joined(setting),
  { type: 'committed', because: 'green serves' },
];

const verifying: Story = (setting) => [
  ...committed(setting),
  ...(setting.first === true ? [] : [acted(detach(1, 2)), done(detach(1, 2))]),
  entered('verifying'),
];

const stories: Readonly<Record<Phase, Story>> = {
  idle,
  starting,
  gating,
  switching,
  verifying,
  retiring: (setting) => [...verifying(setting), entered('retiring')],
  aborting: (setting) => [...verifying(setting), aborts],
  held: (setting) => [...verifying(setting), entered('held', { held: 'choice' })],
};

function given(policy: Policy = aPolicy(), drains = false) {
  return { policy, drains };
}

function membership(kind: BalancerEffect['kind'], droplets: readonly number[]): BalancerEffect {
  return { kind, droplets, expected: [], ours: [1, 2, 3, 4], mayEmpty: false };
}

function at(setting: Setting, facts: readonly Fact[]): App {
  return facts.reduce(next, genesis(appName, setting.policy ?? aPolicy()));
}

function next(app: App, fact: Fact): App {
  const seq = app.seq + 1;
  return apply(app, { ...fact, seq, at: seq * 1_000 } as Entry);
}
