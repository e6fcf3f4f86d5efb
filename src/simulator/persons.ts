// What people said counts, and what they did not say does not: checkers of approvals.

import type { Instant } from '../lib/clock.ts';
import type { App } from '../promotion/app.ts';
import type { Checker } from './watch.ts';

export function personsAreHeard(): readonly Checker[] {
  return [nobodySwitchesUnapproved(), nothingKeptIsRetired()];
}

/** How long a look that was just under way may take. */
const slackMs = 1_000;

/** I5: where the policy asks for a person, nobody is switched without a yes of theirs in time, to this release. */
function nobodySwitchesUnapproved(): Checker {
  /** As the journal told when the gates passed: nothing moves it. */
  let until: Instant | null = null;
  let asked = false;
  let approved: string | null = null;
  return {
    name: 'I5 nobody switches unapproved',
    wrote({ app, world, script }, entry) {
      if (entry.type === 'entered' && entry.phase === 'starting') {
        asked = false;
        approved = null;
      }
      if (entry.type === 'requested') {
        asked = true;
        until = entry.until;
      }
      if (entry.type === 'asked' && entry.command.kind === 'approve') {
        const late =
          until !== null && world.clock.now() > until + slackMs + 2 * Math.abs(script.skewMs);
        if (!asked || late)
          return `${entry.command.release} is approved ${asked ? 'too late' : 'unasked'}`;
        approved = entry.command.release;
      }
      if (entry.type !== 'entered' || entry.phase !== 'switching') return null;
      return wantsApproval(app) && greenOf(app) !== approved
        ? 'it switches, and nobody agreed'
        : null;
    },
    turned(_, { app, step, machine, at }) {
      const waits = app.phase === 'gating' && step.is === 'wait' && app.unsettled.length === 0;
      if (!waits || !asked || approved !== null || until === null || machine.wasFrozen) return null;
      return at > until + slackMs
        ? `the time to agree was over at ${until}, and it still waits`
        : null;
    },
  };
}

/** I2: what somebody keeps, or gave more time, is not removed on the way forward. */
function nothingKeptIsRetired(): Checker {
  let kept = false;
  let until: Instant | null = null;
  return {
    name: 'I2 nothing kept is retired',
    wrote({ app, world, script }, entry) {
      if (entry.type === 'entered' && entry.phase === 'idle') {
        kept = false;
        until = null;
      }
      if (entry.type === 'asked') {
        const { command } = entry;
        if (command.kind === 'hold') kept = true;
        if (command.kind === 'let-go') {
          kept = false;
          until ??= 0;
        }
        if (command.kind === 'extend') until = command.until;
      }
      const removes = entry.type === 'acted' && entry.effect.kind === 'remove-project';
      if (!removes || app.phase !== 'retiring') return null;
      if (kept || (script.warm === 'never' && until === null)) return 'it is kept, and removed';
      const early = world.clock.now() + 2 * Math.abs(script.skewMs) < (until ?? 0);
      return early ? `it is removed before ${until}` : null;
    },
  };
}

function wantsApproval(app: App): boolean {
  return app.policy.gate.approval !== undefined;
}

function greenOf(app: App): string | null {
  return app.phase === 'switching' && !app.committed ? app.green.release.id : null;
}
