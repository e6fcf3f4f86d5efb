// People's requests in a rehearsal: how many, where the balancer sends them, and which of them suffer from the new release.
import type { Instant } from '../lib/clock.ts';
import type { DropletId, ProjectAt } from '../promotion/environment.ts';
import { answerOf, type Behaviour } from './behaviour.ts';
import type { Droplet } from './droplet.ts';
import type { Random } from './random.ts';

/** So many requests a second are played one by one; of more, each stands for several. */
const playedMax = 100;

export type Visited = {
  readonly random: Random;
  /** Requests a second. */
  readonly perSecond: number;
  readonly newProject: string;
  droplet(id: DropletId): Droplet;
  sentTo(): readonly ProjectAt[];
  behaviourOf(project: string): Behaviour;
};

/**
 * Requests come by chance, so many a second on average, and go to each target alike. One suffers where it was answered
 * badly or slowly by the new release, and an ordinary release would not have; or where nobody answers at all.
 */
export class Visitors {
  readonly #visited: Visited;
  readonly #weight: number;
  readonly #gapMs: number;
  #nextAt: Instant;
  #suffered = 0;
  #metNew = 0;

  constructor(visited: Visited, now: Instant) {
    this.#visited = visited;
    this.#weight = Math.max(1, visited.perSecond / playedMax);
    this.#gapMs = (1_000 * this.#weight) / visited.perSecond;
    this.#nextAt = now + this.#gap();
  }

  /** Requests that suffered up to now. */
  get suffered(): number {
    return Math.round(this.#suffered * this.#weight);
  }

  /** Requests that were sent to the new release. */
  get metNew(): number {
    return Math.round(this.#metNew * this.#weight);
  }

  /** Time has moved, a fraction of a second: who came meanwhile is sent where the balancer sends people now. */
  moved(now: Instant): void {
    if (now <= this.#nextAt) return;
    const targets = this.#visited.sentTo();
    for (; this.#nextAt < now; this.#nextAt += this.#gap()) this.#visit(targets);
  }

  #visit(targets: readonly ProjectAt[]): void {
    const { random, newProject } = this.#visited;
    if (targets.length === 0) {
      this.#suffered += 1;
      return;
    }
    const place = targets.length === 1 ? targets[0] : random.pick(targets);
    if (place?.project !== newProject) return;
    this.#metNew += 1;
    if (this.#suffers(place)) this.#suffered += 1;
  }

  #suffers({ project, droplet: id }: ProjectAt): boolean {
    const { random, behaviourOf } = this.#visited;
    const droplet = this.#visited.droplet(id);
    const running = droplet.projects.get(project);
    if (running === undefined || !droplet.answers(running)) return true;
    return answerOf(behaviourOf(project), 'through the balancer', random).suffered;
  }

  #gap(): number {
    return -Math.log(1 - this.#visited.random.next()) * this.#gapMs;
  }
}
