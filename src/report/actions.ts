// What was done to the world and what of it was undone again: effects paired with how they settled and with their opposites.
import { describeEffect } from '../promotion/describe.ts';
import { type Effect, isBalancerEffect, isHostEffect, keyOf } from '../promotion/effect.ts';
import type { Entry } from '../promotion/entry.ts';
import type { Action } from './report.ts';

type Acted = Extract<Entry, { type: 'acted' }>;
type Settled = Extract<Entry, { type: 'settled' }>;

/** What a hook told stays told. */
const opposites: Readonly<Record<Effect['kind'], Effect['kind'] | null>> = {
  'start-project': 'remove-project',
  'remove-project': 'start-project',
  'fail-health': 'restore-health',
  'restore-health': 'fail-health',
  'attach-droplets': 'detach-droplets',
  'detach-droplets': 'attach-droplets',
  'run-hook': null,
};

export function actionsOf(entries: readonly Entry[]): readonly Action[] {
  const settled = entries.filter((entry) => entry.type === 'settled');
  return entries
    .filter((entry) => entry.type === 'acted')
    .map((acted) => {
      const end = endOf(acted, entries);
      const done = end?.ok === true;
      const undone = done ? settled.find((other) => undoes(other, acted)) : undefined;
      return {
        at: acted.at,
        what: describeEffect(acted.effect),
        because: acted.because,
        settledAt: end?.at ?? null,
        is: end === undefined ? 'open' : done ? 'done' : 'failed',
        why: end?.ok === false ? (end.because ?? '') : '',
        undoneAt: undone?.at ?? null,
      };
    });
}

/** How it settled; a second try is another action. */
function endOf(acted: Acted, entries: readonly Entry[]): Settled | undefined {
  const key = keyOf(acted.effect);
  const later = entries.filter((entry) => entry.seq > acted.seq);
  const again = later.find((entry) => entry.type === 'acted' && keyOf(entry.effect) === key);
  return later.find(
    (entry): entry is Settled =>
      entry.type === 'settled' &&
      keyOf(entry.effect) === key &&
      entry.seq < (again?.seq ?? Number.POSITIVE_INFINITY),
  );
}

function undoes({ seq, ok, effect }: Settled, acted: Acted): boolean {
  if (!ok || seq < acted.seq || effect.kind !== opposites[acted.effect.kind]) return false;
  if (isHostEffect(effect) && isHostEffect(acted.effect))
    return effect.project === acted.effect.project && effect.droplet === acted.effect.droplet;
  if (!isBalancerEffect(effect) || !isBalancerEffect(acted.effect)) return false;
  const { droplets } = effect;
  return acted.effect.droplets.every((droplet) => droplets.includes(droplet));
}
