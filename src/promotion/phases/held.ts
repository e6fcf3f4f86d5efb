// Held: no safe step exists; a person must choose. Nothing is changed until then.
import { environmentsOf, type In } from '../app.ts';
import type { Command } from '../command.ts';
import type { Environment } from '../environment.ts';
import { enter, lostOf, outOfSight, wait } from '../judgement.ts';
import { attachedNow, differing, missing } from '../membership.ts';
import type { Observation } from '../observation.ts';
import type { Rules, Step } from '../rules.ts';
import { endOfHold } from '../warmth.ts';

export const held: Rules<'held'> = {
  enter(from, entry) {
    const { live, other } = environmentsOf(from);
    const kind = entry.held ?? 'choice';
    const committed =
      from.phase === 'verifying' ||
      (from.phase === 'switching' && from.committed) ||
      (from.phase === 'aborting' && from.committed);
    return { reason: entry.because, kind, blue: live, other, committed };
  },
  abort: () => null,
  next(app, seen) {
    const { asked } = app;
    switch (asked?.kind) {
      case 'keep':
        return goOn(app, seen, told(app, asked, `kept by hand: ${asked.project}`));
      case 'restore':
        return goOn(
          app,
          seen,
          told(app, asked, 'the load balancer is put back as the journal has it'),
        );
      case 'adopt': {
        const because = told(app, asked, `adopted: ${asked.blue?.project ?? 'nothing'}`);
        return app.blue === null && app.other === null
          ? enter('idle', because)
          : enter('aborting', because, { cause: 'asked' });
      }
      default:
        return wait(app.reason, null);
    }
  },
};

/** Who asked for the old environment to be kept must read what became of it. */
function told(app: In<'held'>, choice: Command, because: string): string {
  const ends = endOfHold(app, choice);
  return ends === null ? because : `${because}; ${ends}`;
}

/** What the balancer holds now is what the person decided upon: it is where the way back begins. */
function goOn(app: In<'held'>, seen: Observation, because: string): Step {
  const attached = attachedNow(app, seen);
  if (!attached.known) return outOfSight(app, attached, seen.at);
  const gone = missing(app, attached.value);
  if (gone.length > 0 && !seen.lost.known) return outOfSight(app, seen.lost, seen.at);
  const unsure = differing(app, seen, attached.value);
  const without = lostOf(seen);
  return enter('aborting', because, {
    cause: 'asked',
    ...(unsure.length > 0 ? { unsure } : {}),
    ...(without.length > 0 ? { without } : {}),
  });
}

/** The environments between which a person may choose. */
export function choices(app: In<'held'>): readonly Environment[] {
  return [app.blue, app.other].filter((environment) => environment !== null);
}
