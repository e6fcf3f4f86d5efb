// When an app is at the moment that a script names: in a phase, or at a point inside of one.
import { type App, awaited } from '../promotion/app.ts';
import type { During } from './faults.ts';

export function isDuring(app: App, during: During): boolean {
  if (during === 'joined')
    return (
      app.phase === 'switching' &&
      !app.committed &&
      app.green.droplets.every((droplet) => app.attached.includes(droplet))
    );
  if (during === 'stepped')
    return app.phase === 'switching' && !app.committed && app.joining.judgedSince !== null;
  if (during === 'awaited') return awaited(app) !== null;
  if (during === 'committed') return app.phase === 'switching' && app.committed;
  if (during === 'idle') return app.phase === 'idle' && app.asked !== null;
  return app.phase === during;
}
