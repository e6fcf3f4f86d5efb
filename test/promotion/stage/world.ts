// A small world in memory: a balancer with a lag, droplets with projects, people's connections. Its only clock is a number.
import type { Outcome, Sample } from '../../../src/gates/sample.ts';
import { type Effect, type HostEffect, isHostEffect } from '../../../src/promotion/effect.ts';
import { at, type DropletId, type ProjectAt } from '../../../src/promotion/environment.ts';
import type { ProjectHealth } from '../../../src/promotion/observation.ts';
import { pools } from '../../builders/release.ts';

/** How a project behaves once it was started. `hung`: Docker calls it healthy, and it answers nobody. */
export type Manner = 'good' | 'slow' | 'exits' | 'restarts' | 'unhealthy' | 'hung';

/** What becomes of an effect. `mute`: it happens, and its answer is lost. */
export type Fate = 'done' | 'refused' | 'mute' | 'hangs';

export type Running = ProjectAt & {
  startedAt: number;
  /** When the balancer may begin to count it as up. */
  upAt: number;
  silencedAt: number | null;
};

export const foreignDroplet = 900;
const bootMs = 2_000;

export class FakeWorld {
  now = 0;
  readonly attached = new Map<DropletId, number>([[foreignDroplet, 0]]);
  readonly projects = new Map<string, Running>();
  /** By project. */
  readonly manners = new Map<string, Manner>();
  /** No SSH; what runs there goes on. */
  readonly unreachable = new Set<DropletId>();
  /** Destroyed: nothing runs, and the balancer forgets it. */
  readonly destroyed = new Set<DropletId>();
  /** Connections that people keep open to a project that gets no more traffic. */
  readonly kept = new Map<string, { open: number; busy: number }>();
  /** Projects whose answers to probes are wrong. */
  readonly wrong = new Set<string>();
  /** Projects whose health check cannot be made to fail. */
  readonly stubborn = new Set<string>();
  /** How long the balancer takes to believe anything. */
  lagMs = 3_000;
  readable = true;
  writable = true;
  /** Whether the balancer's own address can be asked at all. */
  answering = true;
  takesMs: (effect: Effect) => number = () => 1_000;
  fateOf: (effect: Effect) => Fate = () => 'done';

  run(project: string, droplets: readonly DropletId[], startedAt = -60_000): void {
    for (const droplet of droplets)
      this.projects.set(at({ project, droplet }), {
        project,
        droplet,
        startedAt,
        upAt: startedAt + bootMs,
        silencedAt: null,
      });
  }

  attach(droplets: readonly DropletId[]): void {
    for (const droplet of droplets)
      if (!this.attached.has(droplet) && !this.destroyed.has(droplet))
        this.attached.set(droplet, this.now);
  }

  detach(droplets: readonly DropletId[]): void {
    for (const droplet of droplets) this.attached.delete(droplet);
  }

  destroy(droplet: DropletId): void {
    this.destroyed.add(droplet);
    this.attached.delete(droplet);
  }

  on(droplet: DropletId): readonly Running[] {
    return [...this.projects.values()].filter((one) => one.droplet === droplet);
  }

  health(place: ProjectAt): ProjectHealth {
    const running = this.projects.get(at(place));
    return { is: this.#standing(running), detail: '', restarts: 3 };
  }

  #standing(running: Running | undefined): ProjectHealth['is'] {
    if (running === undefined) return 'absent';
    if (this.now < running.startedAt + bootMs) return 'starting';
    const manner = this.manners.get(running.project) ?? 'good';
    if (manner === 'exits') return 'exited';
    if (manner === 'restarts') return 'restarting';
    if (manner === 'slow') return 'starting';
    if (manner === 'unhealthy' || running.silencedAt !== null) return 'unhealthy';
    return 'healthy';
  }

  /** Whether the project itself would answer people. */
  answers(running: Running): boolean {
    const manner = this.manners.get(running.project) ?? 'good';
    if (this.destroyed.has(running.droplet) || manner !== 'good') return false;
    return this.now >= running.startedAt + bootMs;
  }

  /** Whether the balancer sends people there, and they are answered. */
  serves(droplet: DropletId): boolean {
    const since = this.attached.get(droplet);
    if (since === undefined) return false;
    return this.on(droplet).some(
      (running) =>
        this.answers(running) &&
        this.now >= Math.max(since, running.upAt) + this.lagMs &&
        (running.silencedAt === null || this.now < running.silencedAt + this.lagMs),
    );
  }

  serving(): readonly DropletId[] {
    return [...this.attached.keys()].filter((droplet) => this.serves(droplet));
  }

  connections({ project, droplet }: ProjectAt): { open: number; busy: number } {
    if (this.serves(droplet)) return { open: 2, busy: 1 };
    return this.kept.get(project) ?? { open: 0, busy: 0 };
  }

  sample(project: string, droplet: DropletId): Sample {
    const running = this.projects.get(at({ project, droplet }));
    const good = running !== undefined && this.answers(running) && !this.wrong.has(project);
    const blind = this.unreachable.has(droplet) || this.destroyed.has(droplet);
    const known: Outcome = good ? 'ok' : 'error';
    const outcome = blind ? 'unknown' : known;
    return { at: this.now, droplet, outcome, durationMs: 5, detail: outcome };
  }

  ours(): readonly DropletId[] {
    return [...pools.a, ...pools.b].filter((droplet) => !this.destroyed.has(droplet));
  }

  /** Makes the effect true. */
  land(effect: Effect): void {
    if (isHostEffect(effect)) this.#landOn(effect);
    else if (effect.kind === 'attach-droplets') this.attach(effect.droplets);
    else if (effect.kind === 'detach-droplets') this.detach(effect.droplets);
  }

  #landOn(effect: HostEffect): void {
    const running = this.projects.get(at(effect));
    if (effect.kind === 'start-project' && running === undefined)
      this.run(effect.project, [effect.droplet], this.now);
    if (effect.kind === 'remove-project') this.projects.delete(at(effect));
    if (running === undefined) return;
    if (effect.kind === 'fail-health' && !this.stubborn.has(running.project))
      running.silencedAt ??= this.now;
    if (effect.kind === 'restore-health' && running.silencedAt !== null) {
      running.silencedAt = null;
      running.upAt = this.now;
    }
  }
}
