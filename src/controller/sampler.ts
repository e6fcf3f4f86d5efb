// Runs a phase's probes at their interval on every droplet and keeps their windows.
import { emptyWindow, type Sample, type Window } from '../gates/sample.ts';
import { push } from '../gates/window.ts';
import type { Clock, Instant } from '../lib/clock.ts';
import type { GateSpec } from '../policy/policy.ts';
import { isAskedOnce } from '../policy/probe-spec.ts';
import type { DropletId, Environment } from '../promotion/environment.ts';
import type { During, Probes } from '../world.ts';

/** No gate keeps more samples than this, whatever its window. */
const samplesMax = 4_000;
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

  /** Windows of the phase's gates; a new `since` (another phase) begins with empty ones. */
  windows(
    wanted: { gates: readonly GateSpec[]; environment: Environment } | null,
    since: Instant,
  ): Readonly<Record<string, Window>> {
    const key = wanted === null ? '' : `${wanted.environment.project} ${since}`;
    if (this.#work !== null && this.#work.key !== key) this.stop();
    if (wanted === null) return {};
    if (this.#work === null) this.#begin(key, wanted, since);
    const names = wanted.gates.map((gate) => gate.name);
    return Object.fromEntries(names.map((name) => [name, this.#windowOf(name)]));
  }

  stop(): void {
    this.#work?.stop.abort('another phase');
    this.#work = null;
  }

  #windowOf(name: string): Window {
    return this.#work?.windows.get(name) ?? emptyWindow;
  }

  #begin(
    key: string,
    { gates, environment }: { gates: readonly GateSpec[]; environment: Environment },
    since: Instant,
  ): void {
    const stop = new AbortController();
    const windows = new Map<string, Window>(gates.map((gate) => [gate.name, emptyWindow]));
    this.#work = { key, stop, windows };
    for (const gate of gates) {
      const { droplets: all } = environment;
      const droplets = isAskedOnce(gate.probe) ? all.slice(0, 1) : all;
      // Answers come in the order of their arrival; the window keeps the order of asking.
      const note = (sample: Sample) => {
        if (stop.signal.aborted || !isOf(sample, environment)) return;
        windows.set(gate.name, push(windows.get(gate.name) ?? emptyWindow, sample, samplesMax));
        this.#ring();
      };
      const during = { since, stop: stop.signal };
      for (const droplet of droplets) void this.#run(gate, environment, droplet, note, during);
    }
  }

  async #run(
    gate: GateSpec,
    environment: Environment,
    droplet: DropletId,
    note: (sample: Sample) => void,
    during: During,
  ): Promise<void> {
    let underWay = 0;
    const ask = async () => {
      underWay += 1;
      const sample = await this.#probes.sample(gate.probe, environment, droplet, during);
      underWay -= 1;
      if (sample !== null) note(sample);
    };
    while (!during.stop.aborted) {
      if (underWay < underWayMax) void ask();
      await this.#clock.sleep(gate.everyMs, during.stop);
    }
  }
}

/** Through the balancer's address another environment may answer: that is no sample of this one. */
function isOf({ environment: answered }: Sample, { project }: Environment): boolean {
  return answered === undefined || answered === project;
}
