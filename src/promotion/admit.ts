// admit(): accepts what an operator asks, or refuses with a reason and what to do instead.
import type { App } from './app.ts';
import { environmentsOf } from './app.ts';
import type { Command } from './command.ts';
import { choices } from './phases/held.ts';

export type Refusal = {
  readonly refused: string;
  /** Busy: somebody else's promotion is under way (exit 14). Held: a person must choose first (13, 15). */
  readonly why: 'busy' | 'held' | 'precondition';
};

/** Null: accepted. */
export function admit(app: App, command: Command): Refusal | null {
  switch (command.kind) {
    case 'promote':
      return admitPromote(app, command);
    case 'abort':
      return admitAbort(app);
    default:
      return admitChoice(app, command);
  }
}

function admitPromote(app: App, command: Extract<Command, { kind: 'promote' }>): Refusal | null {
  if (app.phase === 'held')
    return {
      refused: `${app.name} is held: ${app.reason}. Choose first: ${legal(app).join(' or ')}`,
      why: 'held',
    };
  if (app.phase === 'idle' && app.asked === null) {
    const shared = command.droplets.filter((one) => app.blue?.droplets.includes(one));
    if (shared.length === 0) return null;
    return {
      refused: `${app.blue?.project} is live on droplet ${shared.join(', ')}: a release starts on the other pool, and the pools must not overlap`,
      why: 'precondition',
    };
  }
  const other = environmentsOf(app).other?.release.id ?? 'a release';
  return {
    refused: `${app.name} is ${app.phase} ${other}; wait for it, or run \`bgctl abort\` first`,
    why: 'busy',
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
        why: 'held',
      };
    default:
      return null;
  }
}

function admitChoice(app: App, command: Command): Refusal | null {
  if (app.phase !== 'held')
    return {
      refused: `${app.name} is not held (it is ${app.phase}): there is nothing to resolve`,
      why: 'precondition',
    };
  if (command.kind === 'keep' && !choices(app).some((one) => one.project === command.project))
    return {
      refused: `${command.project} is not one of ${
        choices(app)
          .map((one) => one.project)
          .join(', ') || '(none)'
      }`,
      why: 'precondition',
    };
  if (command.kind === 'restore' && app.blue === null)
    return { refused: 'the journal knows of nothing to restore', why: 'precondition' };
  return null;
}

/** The exact commands that are legal now. */
export function legal(app: App): readonly string[] {
  switch (app.phase) {
    case 'idle':
      return app.asked === null ? ['bgctl promote'] : ['bgctl resume'];
    case 'starting':
    case 'gating':
    case 'switching':
    case 'verifying':
      return ['bgctl abort', 'bgctl resume'];
    case 'retiring':
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
