// Makes the data plane that an emulator was asked for.
import { HaproxyPlane } from './haproxy/plane.ts';
import type { Knobs } from './knobs.ts';
import type { PlaneKind } from './options.ts';
import { OwnPlane } from './own-plane.ts';
import type { DataPlane, Plan } from './plane.ts';

/** Not open yet: see DataPlane.listen. */
export function makePlane(kind: PlaneKind, plan: Plan, knobs: () => Knobs): DataPlane {
  switch (kind) {
    case 'own':
      return new OwnPlane(plan, knobs);
    case 'haproxy':
      return new HaproxyPlane(plan, knobs);
  }
}
