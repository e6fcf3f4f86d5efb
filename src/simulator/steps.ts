// Green joins as the policy has it: so many first, the rest when they were seen to serve and were judged.
import { environmentsOf } from '../promotion/app.ts';
import type { Checker } from './watch.ts';

/** A droplet that answered so recently counts: nobody can know sooner that it stopped. */
const memoryMs = 8_000;

export function stepsAreTaken(): readonly Checker[] {
  return [aFewFirst(), theRestIsEarned()];
}

/** I1: before the rest may join, at most so many of green are attached. */
function aFewFirst(): Checker {
  let mayJoin = false;
  return {
    name: 'I1 a few of green first',
    wrote({ app }, entry) {
      if (entry.type === 'entered') mayJoin = false;
      if (entry.type === 'advanced' && entry.to === 'rest') mayJoin = true;
      const attaches = entry.type === 'acted' && entry.effect.kind === 'attach-droplets';
      if (!attaches || app.phase !== 'switching' || app.committed || mayJoin) return null;
      const { first } = app.policy.switch;
      const green = app.green.droplets;
      const joined = green.filter(
        (d) =>
          app.attached.includes(d) ||
          ('droplets' in entry.effect && entry.effect.droplets.includes(d)),
      );
      return first !== undefined && joined.length > first
        ? `${joined.length} of green join where ${first} come first`
        : null;
    },
  };
}

/** I1, I5: people were answered from what came first, and the gates had their time with it. */
function theRestIsEarned(): Checker {
  let judgedAt: number | null = null;
  return {
    name: 'I5 the next step is earned',
    wrote({ app, world, script }, entry) {
      if (entry.type === 'entered') judgedAt = null;
      if (entry.type === 'advanced' && entry.to === 'judging') judgedAt = world.clock.now();
      const goesOn =
        entry.type === 'committed' || (entry.type === 'advanced' && entry.to === 'rest');
      if (!goesOn) return null;
      const { gates = [], first = Number.POSITIVE_INFINITY } = app.policy.switch;
      const { live, other } = environmentsOf(app);
      const green = entry.type === 'committed' ? live : other;
      if (gates.length > 0 && judgedAt === null) return 'it goes on, and no gate has judged it';
      if (script.identifies !== 'droplet' || green === null) return null;
      const from = world.clock.now() - memoryMs;
      const silent = green.droplets
        .slice(0, first)
        .filter((d) => world.people.lastServed(d, green.project) < from);
      return silent.length > 0 ? `nobody was answered by ${green.project} on ${silent}` : null;
    },
  };
}
