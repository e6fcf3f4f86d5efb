// Runs a phase's probes at their interval on every droplet and keeps their windows; blue's beside them where a gate compares.
import { blueOf, emptyWindow, type Sample, type Window } from '../gates/sample.ts';
import { push } from '../gates/window.ts';
import type { Clock, Instant } from '../lib/clock.ts';
import type { GateSpec } from '../policy/policy.ts';
import { isAskedOnce } from '../policy/probe-spec.ts';
import type { DropletId, Environment } from '../promotion/environment.ts';
import type { GatesWanted } from '../promotion/needs.ts';
import type { During, Probes } from '../world.ts';

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
    if (this.#work === null) this.#begin(key, wanted, since);
    return Object.fromEntries(this.#work?.windows ?? []);
  }

  stop(): void {
    this.#work?.stop.abort();
    this.#work = null;
  }

  #begin(key: string, wanted: GatesWanted, since: Instant): void {
    const { gates, environment, baseline } = wanted;
    const stop = new AbortController();
    const windows = new Map<string, Window>();
    this.#work = { key, stop, windows };
    for (const gate of gates) {
      const shared = wanted.shared === true && baseline !== null && isOfBalancer(gate.probe);
      const watch = { gate, baseline, since, shared };
      this.#watch(gate.name, environment, watch);
      if (baseline !== null && asksBlueApart(gate)) this.#watch(blueOf(gate.name), baseline, watch);
    }
  }

  #watch(
    name: string,
    environment: Environment,
    given: { gate: GateSpec; baseline: Environment | null; since: Instant; shared: boolean },
  ): void {
    if (this.#work === null) return;
    const { stop, windows } = this.#work;
    const { gate, baseline, since, shared } = given;
    windows.set(name, emptyWindow);
    // Answers come in the order of their arrival; the window keeps the order of asking.
    const note = (taken: Sample) => {
      const sample = placed(taken, environment, baseline);
      if (stop.signal.aborted || sample === null) return;
      // Blue may have given it: it proves nothing of green. That nobody answered well is news all the same (I5).
      if (shared && isNobodys(sample) && sample.outcome === 'ok') return;
      windows.set(name, push(windows.get(name) ?? emptyWindow, sample));
      this.#ring();
    };
    const { droplets: all } = environment;
    const droplets = isAskedOnce(gate.probe) ? all.slice(0, 1) : all;
    const during = { since, stop: stop.signal };
    for (const droplet of droplets) void this.#run(gate, environment, droplet, note, during);
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

/** Who answered at the balancer's address is one of the two, or nobody that is judged here: null. */
function placed(sample: Sample, own: Environment, baseline: Environment | null): Sample | null {
  const { environment, droplet } = sample;
  if (environment === undefined || environment === own.project) return sample;
  if (environment !== baseline?.project) return null;
  const [blue] = baseline.droplets;
  return droplet === 0 && blue !== undefined ? { ...sample, droplet: blue } : sample;
}

/** Whether it is of whoever is in the balancer, where an answer does not say. */
function isNobodys({ droplet, environment }: Sample): boolean {
  return droplet === 0 && environment === undefined;
}

function isOfBalancer(probe: GateSpec['probe']): boolean {
  return probe.kind === 'balancer' || (probe.kind === 'http' && probe.of === 'balancer');
}

/** At the balancer's address whoever answers says so: one question serves both. */
function asksBlueApart({ judge, probe }: GateSpec): boolean {
  const atBalancer = probe.kind === 'http' && probe.of === 'balancer';
  return 'against' in judge && judge.against === 'blue' && !atBalancer;
}
