// Held: no safe step exists; a person must choose. Nothing is changed until then.
import { environmentsOf, type In } from '../app.ts';
import type { Environment } from '../environment.ts';
import { enter, wait } from '../judgement.ts';
import type { Rules } from '../rules.ts';

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
  next(app) {
    const { asked } = app;
    switch (asked?.kind) {
      case 'keep':
        return enter('aborting', `kept by hand: ${asked.project}`, { cause: 'asked' });
      case 'restore':
        return enter('aborting', 'the load balancer is put back as the journal has it', {
          cause: 'asked',
        });
      case 'adopt':
        return app.blue === null && app.other === null
          ? enter('idle', `adopted: ${asked.blue?.project ?? 'nothing'}`)
          : enter('aborting', `adopted: ${asked.blue?.project ?? 'nothing'}`, { cause: 'asked' });
      default:
        return wait(app.reason, null);
    }
  },
};

/** The environments between which a person may choose. */
export function choices(app: In<'held'>): readonly Environment[] {
  return [app.blue, app.other].filter((environment) => environment !== null);
}
