// admit(): accepts what an operator asks, or refuses with a reason and what to do instead.
import type { Instant } from '../lib/clock.ts';
import { type App, awaited, beforeSwitch, environmentsOf, type In, underWay } from './app.ts';
import type { Command } from './command.ts';
import { list } from './judgement.ts';
import { choices } from './phases/held.ts';
import { type ReleaseId, releaseNumber } from './release.ts';
import { keepable, keptBecause } from './warmth.ts';

export type Refusal = {
  readonly refused: string;
  /** What may be done instead, where that is not in the reason. */
  readonly instead?: string;
  /** Busy: somebody else's promotion is under way (exit 14). Held, drift: a person must choose first (13, 15). */
  readonly why: 'busy' | 'held' | 'drift' | 'precondition';
};

type Of<K extends Command['kind']> = Extract<Command, { kind: K }>;

/** Null: accepted. */
export function admit(app: App, command: Command): Refusal | null {
  switch (command.kind) {
    case 'promote':
      return admitPromote(app, command);
    case 'abort':
      return admitAbort(app);
    case 'approve':
      return admitApproval(app, command);
    case 'hold':
    case 'let-go':
    case 'extend':
      return admitWarmth(app);
    default:
      return admitChoice(app, command);
  }
}

function admitPromote(app: App, command: Of<'promote'>): Refusal | null {
  if (app.phase === 'held')
    return {
      refused: `${app.name} is held: ${app.reason}. Choose first: ${legal(app).join(' or ')}`,
      why: app.kind === 'drift' ? 'drift' : 'held',
    };
  if (app.phase === 'idle' && app.asked === null) return unfit(app, command) ?? used(app, command);
  const doing = app.phase === 'idle' ? 'about to promote' : app.phase;
  return {
    refused: `${app.name} is ${doing} ${underWay(app) ?? 'a release'}`,
    instead: insteadOf(app),
    why: 'busy',
  };
}

/** What may be done while another release is under way. */
export function insteadOf(app: App): string {
  const ways = [
    'wait for it (`--on-busy=wait`)',
    ...(beforeSwitch(app) ? ['take its place (`--on-busy=replace`)'] : []),
    ...(letGo(app).length > 0 ? ['let the old environment go (`bgctl hold --off`)'] : []),
    ...(legal(app).includes('bgctl abort') ? ['run `bgctl abort` first'] : []),
  ];
  return ways.join(' or ');
}

/** A release that was prepared for other droplets than those that are free now, or for too few. */
function unfit({ blue }: In<'idle'>, { droplets, pool, policy }: Of<'promote'>): Refusal | null {
  const shared = droplets.filter((droplet) => blue?.droplets.includes(droplet) === true);
  const floor = Math.max(policy.switch.floor, 1);
  if (shared.length > 0)
    return {
      refused: `${blue?.project} is live on ${list(shared)}: a release starts on the other pool, and the pools must not overlap`,
      why: 'precondition',
    };
  if (droplets.length < floor)
    return {
      refused: `pool ${pool} has ${droplets.length} of the ${floor} droplets that must serve by the policy ${policy.name} (switch.floor)`,
      why: 'precondition',
    };
  return null;
}

/** A number names a project on the droplets: given twice, one release would be removed with the other. */
function used(app: App, { release }: Of<'promote'>): Refusal | null {
  if (releaseNumber(release.id) > app.released) return null;
  return {
    refused: `${release.id} was given before: the next release of ${app.name} is r${app.released + 1}`,
    why: 'precondition',
  };
}

function admitAbort(app: App): Refusal | null {
  switch (app.phase) {
    case 'idle':
      return app.asked === null
        ? { refused: `nothing is under way in ${app.name}`, why: 'precondition' }
        : null;
    case 'retiring':
      return {
        refused: `${app.blue.release.id} was verified and the old environment is being retired; promote the old release again`,
        why: 'precondition',
      };
    case 'aborting':
      return { refused: `${app.name} is already aborting: ${app.reason}`, why: 'precondition' };
    case 'held':
      return {
        refused: `${app.name} is held: ${app.reason}. Choose: ${legal(app).join(' or ')}`,
        why: app.kind === 'drift' ? 'drift' : 'held',
      };
    default:
      return null;
  }
}

/** Only of an old environment that stands, while a release is under way, can be said how long it stays. */
function admitWarmth(app: App): Refusal | null {
  const refused = whyNotWarm(app);
  return refused === null ? null : { refused, why: 'precondition' };
}

function whyNotWarm(app: App): string | null {
  if (keepable(app) !== null) return null;
  const { other } = environmentsOf(app);
  if (app.phase === 'idle') return `too early: nothing is under way in ${app.name}`;
  if (app.phase === 'retiring' && other !== null)
    return `too late: ${other.project} is being removed`;
  if (app.phase === 'aborting' || app.phase === 'held')
    return `${app.name} is ${app.phase}: nothing is retired now`;
  return `${underWay(app)} is the first release: there is no old environment to keep`;
}

function admitApproval(app: App, { release, at }: Of<'approve'>): Refusal | null {
  const refused = whyNoApproval(app, release, at);
  return refused === null ? null : { refused, why: 'precondition' };
}

/** Too early, too late, of another release, or not wanted at all: a sentence; null where it is waited for. */
function whyNoApproval(app: App, release: ReleaseId, at: Instant): string | null {
  const coming = underWay(app);
  if (coming === null || (app.phase === 'idle' && app.asked === null))
    return `nothing is under way in ${app.name}: there is nothing to approve`;
  if (coming !== release) return `${release} is not what is under way in ${app.name}: ${coming} is`;
  if (app.asked?.kind === 'abort') return `${coming} is about to be aborted: ${app.asked.reason}`;
  if (app.phase === 'idle') return `too early: ${coming} has not begun`;
  if (!beforeSwitch(app)) {
    const reason = 'reason' in app ? `: ${app.reason}` : '';
    return `too late: ${app.name} is ${app.phase}${reason}`;
  }
  if (app.policy.gate.approval === undefined)
    return `the policy ${app.policy.name} asks for no approval of ${coming}`;
  const { approval } = app;
  if (approval === null) return `too early: ${coming} has not passed its gates`;
  if (approval.given !== null) return `${coming} was approved already, by ${approval.given.by}`;
  const isLate = approval.until !== null && at >= approval.until;
  return isLate ? `too late: ${coming} had to be approved in time, and nobody did` : null;
}

function admitChoice(app: App, command: Command): Refusal | null {
  if (app.phase !== 'held')
    return {
      refused: `${app.name} is not held (it is ${app.phase}): there is nothing to resolve`,
      why: 'precondition',
    };
  const not = (refused: string): Refusal => ({
    refused: `${refused}: ${legal(app).join(' or ')}`,
    why: 'precondition',
  });
  if (command.kind === 'keep' && app.kind !== 'choice')
    return not(`${app.name} is held for what the load balancer holds, not between two releases`);
  if (command.kind !== 'keep' && app.kind === 'choice')
    return not(`${app.name} is held between releases; one of them must be kept`);
  if (command.kind === 'adopt' && command.blue === null && app.blue !== null)
    return not(
      `nothing of ${app.name} is in the load balancer; attach what is live first, so that nothing that runs is given up`,
    );
  if (command.kind === 'keep' && !choices(app).some((one) => one.project === command.project))
    return {
      refused: `${command.project} is not one of ${choices(app)
        .map((one) => one.project)
        .join(', ')}`,
      why: 'precondition',
    };
  if (command.kind === 'restore' && app.blue === null)
    return { refused: 'the journal knows of nothing to restore', why: 'precondition' };
  return null;
}

/** Where only somebody's word keeps the old environment. */
function letGo(app: App): readonly string[] {
  return keepable(app) !== null && keptBecause(app) !== null ? ['bgctl hold --off'] : [];
}

/** The exact commands that are legal now. */
export function legal(app: App): readonly string[] {
  switch (app.phase) {
    case 'idle':
      return app.asked === null ? ['bgctl promote'] : ['bgctl resume'];
    case 'starting':
    case 'gating':
    case 'switching':
    case 'verifying': {
      const approve = awaited(app) === null ? [] : [`bgctl approve ${underWay(app)}`];
      return [...approve, ...letGo(app), 'bgctl abort', 'bgctl resume'];
    }
    case 'retiring':
      return [...letGo(app), 'bgctl resume'];
    case 'aborting':
      return ['bgctl resume'];
    case 'held': {
      const keep =
        app.kind === 'choice'
          ? choices(app).map((e) => `bgctl resolve --keep ${e.release.id}`)
          : [];
      const restore = app.kind === 'drift' && app.blue !== null ? ['bgctl resolve --restore'] : [];
      const adopt = app.kind === 'choice' ? [] : ['bgctl resolve --adopt'];
      return [...keep, ...adopt, ...restore];
    }
  }
}
