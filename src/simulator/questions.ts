// What probes learn of releases that have a behaviour: answers that take their time, fail by chance, and come as fast as they may be asked.
import type { Sample } from '../gates/sample.ts';
import type { Instant } from '../lib/clock.ts';
import type { ProbeSpec } from '../policy/policy.ts';
import { type HttpProbe, isAskedOnce } from '../policy/probe-spec.ts';
import type { DropletId, Environment, ProjectAt } from '../promotion/environment.ts';
import type { During, Probes } from '../world.ts';
import { type Answer, answerOf, type Behaviour, type Way } from './behaviour.ts';
import type { Droplet } from './droplet.ts';
import { Lines } from './lines.ts';
import type { Machine } from './machine.ts';
import type { Random } from './random.ts';

export type Asked = {
  readonly random: Random;
  readonly identifies: 'droplet' | 'environment' | 'nothing';
  droplet(id: DropletId): Droplet;
  /** Where the balancer sends people now. */
  sentTo(): readonly ProjectAt[];
  behaviourOf(project: string): Behaviour;
  /** People's requests a second, to all environments. */
  readonly perSecond: number;
  /** What a source of numbers says that is content. */
  contentOf(spec: ProbeSpec): number;
};

type Seen = Omit<Sample, 'at' | 'droplet'> & { readonly droplet?: DropletId };

const always: During = { since: 0, stop: new AbortController().signal };
/** A refusal comes at once. */
const quickMs = 4;

export class Questions {
  readonly #asked: Asked;
  readonly #lines = new Lines();

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  /** As one process asks them. */
  of(machine: Machine): Probes {
    const { clock } = machine;
    return {
      sample: async (spec, environment, droplet, during = always) => {
        const line = `${environment.project} ${during.since}`;
        const waitMs = this.#lines.waitMs(spec, {
          line,
          droplet,
          now: clock.now(),
          perSecond: this.#perSecond(spec, environment),
        });
        if (waitMs === null) return null;
        if (waitMs > 0) await clock.sleep(waitMs, during.stop);
        const at = clock.now();
        const seen = this.#see(spec, { project: environment.project, droplet }, during.since);
        await machine.asks(seen.durationMs, () => undefined);
        if (!this.#lines.isWarm(spec, { line, droplet, at })) return null;
        return { at, droplet: isAskedOnce(spec) ? 0 : droplet, ...seen };
      },
    };
  }

  /** What the policy allows, less what people send already where it says so. */
  #perSecond(spec: ProbeSpec, { project }: Environment): number {
    if (spec.kind !== 'http') return Number.POSITIVE_INFINITY;
    const { rate = Number.POSITIVE_INFINITY, floor } = spec;
    if (floor === undefined) return rate;
    const targets = this.#asked.sentTo();
    const own = targets.filter((place) => place.project === project).length;
    const real = (this.#asked.perSecond * own) / Math.max(targets.length, 1);
    return Math.min(rate, Math.max(floor.rate - real, 0.1));
  }

  #see(spec: ProbeSpec, place: ProjectAt, since: Instant): Seen {
    if (spec.kind === 'container')
      return this.#containers(place, since, this.#asked.contentOf(spec));
    if (spec.kind !== 'http') {
      const value = this.#asked.contentOf(spec);
      return { outcome: 'ok', durationMs: quickMs, detail: 'taken to be content', value };
    }
    return spec.of === 'balancer' ? this.#throughBalancer(spec) : this.#onDroplet(spec, place);
  }

  #containers({ project, droplet: id }: ProjectAt, since: Instant, value: number): Seen {
    const droplet = this.#asked.droplet(id);
    const { is } = droplet.health(project);
    const running = droplet.projects.get(project);
    const crashed = running !== undefined && droplet.crashed(running, since).length > 0;
    const outcome = is === 'healthy' && !crashed ? 'ok' : 'error';
    const durationMs = this.#asked.random.between(20, 120);
    return { outcome, durationMs, detail: crashed ? 'web was restarted in this phase' : is, value };
  }

  #onDroplet(spec: HttpProbe, place: ProjectAt): Seen {
    return this.#answers(place) ? this.#answer(spec, place, 'on a droplet') : refused;
  }

  #throughBalancer(spec: HttpProbe): Seen {
    const { identifies, random } = this.#asked;
    const targets = this.#asked.sentTo();
    if (targets.length === 0) return { ...refused, detail: 'HTTP 503' };
    const place = random.pick(targets);
    if (!this.#answers(place)) return { ...refused, detail: 'HTTP 502' };
    const answer = this.#answer(spec, place, 'through the balancer');
    // A time-out names nobody.
    if (identifies === 'nothing' || answer.durationMs >= spec.timeoutMs) return answer;
    const { project: environment, droplet } = place;
    return { ...answer, environment, ...(identifies === 'droplet' ? { droplet } : {}) };
  }

  #answers({ project, droplet: id }: ProjectAt): boolean {
    const droplet = this.#asked.droplet(id);
    const running = droplet.projects.get(project);
    return running !== undefined && droplet.answers(running);
  }

  #answer({ timeoutMs }: HttpProbe, { project }: ProjectAt, way: Way): Seen {
    const { behaviourOf, random } = this.#asked;
    const { failed, durationMs }: Answer = answerOf(behaviourOf(project), way, random);
    if (durationMs >= timeoutMs)
      return { outcome: 'error', durationMs: timeoutMs, detail: 'timed out' };
    return failed
      ? { outcome: 'error', durationMs, detail: 'HTTP 500' }
      : { outcome: 'ok', durationMs, detail: 'HTTP 200' };
  }
}

const refused: Seen = { outcome: 'error', durationMs: quickMs, detail: 'connection refused' };
