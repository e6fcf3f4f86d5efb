// A droplet: compose projects that take time to come and go, a lock with an epoch, a disk and a connection that fail.
import type { Instant } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import type { HostEffect } from '../promotion/effect.ts';
import type { DropletId } from '../promotion/environment.ts';
import type { ProjectHealth } from '../promotion/observation.ts';
import type { Guard } from '../world.ts';
import { restartMs } from './behaviour.ts';
import type { VirtualClock } from './clock.ts';
import type { Manner } from './faults.ts';
import type { Random } from './random.ts';

export type Running = {
  readonly project: string;
  readonly startedAt: Instant;
  /** When the balancer may begin to count it as up. */
  upAt: Instant;
  silencedAt: Instant | null;
  stopped: boolean;
  /** One of its services never came up. */
  half: boolean;
  /** When its containers crash; after each crash Docker restarts them. */
  readonly crashes: readonly Instant[];
};

const bootMs = 2_000;
const sickensMs = 25_000;

export class Droplet {
  readonly id: DropletId;
  readonly projects = new Map<string, Running>();
  readonly #clock: VirtualClock;
  readonly #random: Random;
  readonly #mannerOf: (project: string) => Manner;
  /** No SSH; what runs there goes on. */
  unreachable = false;
  /** No power: nothing runs, until it comes back. */
  off = false;
  destroyed = false;
  diskFull = false;
  /** The registry has it no more. */
  imageMissing = false;
  /** Of what starts here, one service does not. */
  halfStarts = false;
  /** Everything takes many times as long. */
  slow = false;
  /** Makes an order to fail the health check do nothing. */
  stubborn = false;
  flaky = 0;
  blind = 0;
  /** Told of every effect when it lands. */
  onLand: (effect: HostEffect) => void = () => undefined;
  /** Told whenever what runs here, or how, may have changed. */
  onChange: () => void = () => undefined;
  /** When what starts here now will crash. */
  crashesOf: (project: string, startedAt: Instant) => readonly Instant[] = () => [];
  #epoch = 0;
  #issued = 0;
  #cuts = 0;
  readonly #landed = new Map<string, number>();

  constructor(
    id: DropletId,
    clock: VirtualClock,
    random: Random,
    mannerOf: (project: string) => Manner,
  ) {
    this.id = id;
    this.#clock = clock;
    this.#random = random;
    this.#mannerOf = mannerOf;
  }

  run(project: string, startedAt: Instant): void {
    const upAt = startedAt + bootMs;
    const half = this.halfStarts;
    this.projects.set(project, {
      project,
      startedAt,
      upAt,
      silencedAt: null,
      stopped: false,
      half,
      crashes: this.crashesOf(project, startedAt),
    });
    this.onChange();
  }

  /** When the project will begin, or cease, to answer by itself. */
  turnsOf({ startedAt, crashes }: Running): readonly Instant[] {
    const turns = [startedAt + bootMs, startedAt + sickensMs];
    const crash = crashes.find((at) => at + restartMs + bootMs > this.#clock.now());
    return crash === undefined ? turns : [...turns, crash, crash + restartMs + bootMs];
  }

  health(project: string): ProjectHealth {
    const running = this.projects.get(project);
    const crashed = running === undefined ? [] : this.crashed(running, running.startedAt);
    const restarts = running?.crashes.length ? crashed.length : 3;
    return { is: this.#standing(running), detail: '', restarts };
  }

  /** When it crashed since then. */
  crashed({ crashes }: Running, since: Instant): readonly Instant[] {
    const now = this.#clock.now();
    return crashes.filter((at) => at >= since && at <= now);
  }

  /** How long ago it crashed last. */
  #sinceCrash({ crashes }: Running): number {
    const now = this.#clock.now();
    return now - (crashes.findLast((at) => at <= now) ?? Number.NEGATIVE_INFINITY);
  }

  /** Whether a visitor who gets there is answered well. */
  answers(running: Running): boolean {
    if (this.off || this.destroyed || running.stopped || running.half) return false;
    if (this.#sinceCrash(running) < restartMs + bootMs) return false;
    const now = this.#clock.now();
    const manner = this.#mannerOf(running.project);
    if (manner === 'sickens') return now < running.startedAt + sickensMs;
    return (manner === 'good' || manner === 'errs') && now >= running.startedAt + bootMs;
  }

  /** What a look costs in time; then it is seen, or not. */
  lookMs(): number {
    return this.#random.between(20, 300) * (this.slow ? 30 : 1);
  }

  /** Connections are lost; what was begun over them goes on. */
  cut(): void {
    this.#cuts += 1;
  }

  look(): void {
    this.reach();
    if (this.#random.chance(this.blind)) throw this.#trouble('did not answer in time');
  }

  reach(): void {
    if (this.unreachable || this.off || this.destroyed) throw this.#trouble('cannot be reached');
  }

  /** A command on the droplet: under its lock, refused where a later controller was, and it outlives its connection. */
  async command(effect: HostEffect, guard: Guard): Promise<void> {
    const { kind } = effect;
    this.#issued += 1;
    const turn = this.#issued;
    await this.#clock.sleep(this.#random.between(20, 200), guard.signal);
    this.reach();
    if (kind === 'start-project' && this.diskFull) throw this.#trouble('has no space left');
    if (kind === 'start-project' && this.imageMissing)
      throw this.#trouble('could not pull: manifest unknown');
    const cuts = this.#cuts;
    const paceMs = this.#random.between(200, this.#random.chance(0.05) ? 20_000 : 2_500);
    const takesMs = this.slow ? paceMs * 5 : paceMs;
    const wrong = this.#random.chance(this.flaky) ? this.#random.next() : 1;
    // Refused, landed without an answer, landed much later, or not to be heard of again.
    if (wrong < 0.4) throw this.#trouble('refused it');
    const verdict: { refusal: Failure | null } = { refusal: null };
    this.#clock.after(wrong < 0.9 && wrong >= 0.6 ? takesMs + 10_000 : takesMs, () => {
      verdict.refusal = this.#land(effect, guard.epoch, turn);
    });
    if (wrong >= 0.9 && wrong < 1) await new Promise(() => undefined);
    await this.#clock.sleep(takesMs, guard.signal);
    if (guard.signal.aborted) throw this.#trouble('was told to stop');
    if (wrong < 0.9 || cuts < this.#cuts) throw this.#trouble('was cut off');
    this.reach();
    if (verdict.refusal !== null) throw verdict.refusal;
  }

  #standing(running: Running | undefined): ProjectHealth['is'] {
    if (running === undefined) return 'absent';
    if (running.stopped) return 'exited';
    if (running.half) return 'starting';
    const crashedMs = this.#sinceCrash(running);
    if (crashedMs < restartMs) return 'restarting';
    if (crashedMs < restartMs + bootMs) return 'starting';
    const now = this.#clock.now();
    const manner = this.#mannerOf(running.project);
    if (now < running.startedAt + bootMs) return 'starting';
    if (manner === 'exits') return 'exited';
    if (manner === 'restarts') return 'restarting';
    if (manner === 'slow') return 'starting';
    if (manner === 'sickens' && now >= running.startedAt + sickensMs) return 'unhealthy';
    return manner === 'unhealthy' || running.silencedAt !== null ? 'unhealthy' : 'healthy';
  }

  /** Why it did not count, or null. */
  #land(effect: HostEffect, epoch: number, turn: number): Failure | null {
    if (this.off || this.destroyed) return this.#trouble('lost its power');
    if (epoch < this.#epoch)
      return new Failure('fence', `droplet ${this.id} refused epoch ${epoch}`);
    if (epoch === this.#epoch && turn < (this.#landed.get(effect.project) ?? 0))
      return this.#trouble('had a later command');
    this.#epoch = epoch;
    this.#landed.set(effect.project, turn);
    this.onLand(effect);
    const running = this.projects.get(effect.project);
    const now = this.#clock.now();
    if (effect.kind === 'start-project' && (running === undefined || running.stopped))
      this.run(effect.project, now);
    if (effect.kind === 'remove-project') this.projects.delete(effect.project);
    this.onChange();
    if (running === undefined) return null;
    if (effect.kind === 'fail-health' && !this.stubborn) running.silencedAt ??= now;
    if (effect.kind === 'restore-health' && running.silencedAt !== null) {
      running.silencedAt = null;
      running.upAt = now;
    }
    return null;
  }

  #trouble(what: string): Failure {
    return new Failure('host', `droplet ${this.id} ${what}`, { retry: 'soon' });
  }
}
