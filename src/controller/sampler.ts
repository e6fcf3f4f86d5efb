// Runs a phase's probes at their interval on every droplet and keeps their windows; blue's beside them where a gate compares.
import { blueOf, emptyWindow, type Sample, type Window } from '../gates/sample.ts';
import { push } from '../gates/window.ts';
import type { Clock, Instant } from '../lib/clock.ts';
import type { GateSpec } from '../policy/policy.ts';
import type { DropletId, Environment } from '../promotion/environment.ts';
import type { GatesWanted } from '../promotion/needs.ts';
import type { Probes } from '../world.ts';

/** A slow environment is asked no faster than it answers. */
const underWayMax = 4;

export class Sampler {
  readonly #probes: Probes;
  readonly #clock: Clock;
  readonly #ring: () => void;
  #work: { key: string; stop: AbortController; windows: Map<string, Window> } | null = null;

  constructor(probes: Probes, clock: Clock, ring: () => void) {
    this.#probes = probes;
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Windows of the phase's gates, and of blue under `blueOf`; a new `since` (another phase) begins with empty ones. */
  windows(wanted: GatesWanted | null, since: Instant): Readonly<Record<string, Window>> {
    const key = wanted === null ? '' : `${wanted.environment.project} ${since}`;
    if (this.#work !== null && this.#work.key !== key) this.stop();
    if (wanted === null) return {};
    if (this.#work === null) this.#begin(key, wanted);
    return Object.fromEntries(this.#work?.windows ?? []);
  }

  stop(): void {
    this.#work?.stop.abort();
    this.#work = null;
  }

  #begin(key: string, { gates, environment, baseline }: GatesWanted): void {
    const stop = new AbortController();
    const windows = new Map<string, Window>();
    this.#work = { key, stop, windows };
    for (const gate of gates) {
      this.#watch(gate, gate.name, environment);
      if (baseline !== null && asksBlueApart(gate)) this.#watch(gate, blueOf(gate.name), baseline);
    }
  }

  #watch(gate: GateSpec, name: string, environment: Environment): void {
    if (this.#work === null) return;
    const { stop, windows } = this.#work;
    windows.set(name, emptyWindow);
    // Answers come in the order of their arrival; the window keeps the order of asking.
    const note = (sample: Sample) => {
      if (stop.signal.aborted) return;
      windows.set(name, push(windows.get(name) ?? emptyWindow, sample));
      this.#ring();
    };
    const droplets = ofBalancer(gate) ? environment.droplets.slice(0, 1) : environment.droplets;
    for (const droplet of droplets) void this.#run(gate, environment, droplet, note, stop.signal);
  }

  async #run(
    gate: GateSpec,
    environment: Environment,
    droplet: DropletId,
    note: (sample: Sample) => void,
    stop: AbortSignal,
  ): Promise<void> {
    let underWay = 0;
    const ask = async () => {
      underWay += 1;
      note(await this.#probes.sample(gate.probe, environment, droplet));
      underWay -= 1;
    };
    while (!stop.aborted) {
      if (underWay < underWayMax) void ask();
      await this.#clock.sleep(gate.everyMs, stop);
    }
  }
}

function ofBalancer(gate: Pick<GateSpec, 'probe'>): boolean {
  return gate.probe.kind === 'http' && gate.probe.of === 'balancer';
}

/** At the balancer's address whoever answers says so: one question serves both. */
function asksBlueApart({ judge, ...gate }: GateSpec): boolean {
  return 'against' in judge && judge.against === 'blue' && !ofBalancer(gate);
}
