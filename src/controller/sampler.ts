// Runs a phase's probes at their interval on every droplet and keeps their windows.
import { emptyWindow, type Sample, type Window } from '../gates/sample.ts';
import { push } from '../gates/window.ts';
import type { Clock, Instant } from '../lib/clock.ts';
import type { GateSpec } from '../policy/policy.ts';
import type { DropletId, Environment } from '../promotion/environment.ts';
import type { Probes } from '../world.ts';

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
    if (this.#work === null) this.#begin(key, wanted.gates, wanted.environment);
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

  #begin(key: string, gates: readonly GateSpec[], environment: Environment): void {
    const stop = new AbortController();
    const windows = new Map<string, Window>(gates.map((gate) => [gate.name, emptyWindow]));
    this.#work = { key, stop, windows };
    for (const gate of gates) {
      const droplets = ofBalancer(gate) ? environment.droplets.slice(0, 1) : environment.droplets;
      // Answers come in the order of their arrival; the window keeps the order of asking.
      const note = (sample: Sample) => {
        if (stop.signal.aborted) return;
        windows.set(gate.name, push(windows.get(gate.name) ?? emptyWindow, sample, samplesMax));
        this.#ring();
      };
      for (const droplet of droplets) void this.#run(gate, environment, droplet, note, stop.signal);
    }
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

function ofBalancer(gate: GateSpec): boolean {
  return gate.probe.kind === 'http' && gate.probe.of === 'balancer';
}
