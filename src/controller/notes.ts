// The recording of one release as one controller makes it: bounded lists, and what is new in what is seen again and again.
import type { Sample, Window } from '../gates/sample.ts';
import { type App, environmentsOf } from '../promotion/app.ts';
import type { Observation } from '../promotion/observation.ts';
import {
  type ContainerEvent,
  encodeRecording,
  type GateVerdict,
  type LastLog,
  type Waiting,
} from '../report/recording.ts';
import { type Series, startOf, withSample } from '../report/series.ts';

const most = { series: 24, containers: 400, waits: 300, verdicts: 100, logs: 12 } as const;
/** An answer may be put in order behind later ones: so far back a window is searched for what is new. */
const lateMs = 60_000;

export class Notes {
  readonly release: string;
  readonly #series = new Map<string, Series>();
  readonly #containers: ContainerEvent[] = [];
  readonly #waits: Waiting[] = [];
  readonly #verdicts: GateVerdict[] = [];
  readonly #logs: LastLog[] = [];
  readonly #seen = new WeakSet<Sample>();
  readonly #windows = new Map<string, Window>();
  readonly #standing = new Map<string, string>();
  #waitingFor = '';
  #leftOut = 0;
  /** Whether there is something that was not written out. */
  fresh = false;

  constructor(release: string) {
    this.release = release;
  }

  /** `named`: by its gate; the side is told by the droplet, whatever follows the gate's name. */
  samples(app: App, named: string, window: Window): void {
    if (this.#windows.get(named) === window) return;
    this.#windows.set(named, window);
    const gate = named.split('@')[0] ?? named;
    const { samples } = window;
    const floor = (samples.at(-1)?.at ?? 0) - lateMs;
    for (let index = samples.length - 1; index >= 0; index -= 1) {
      const sample = samples[index];
      if (sample === undefined || sample.at < floor) return;
      if (this.#seen.has(sample)) continue;
      this.#seen.add(sample);
      this.#sample(gate, projectOn(app, sample.droplet), sample);
    }
  }

  projects(projects: Observation['projects'], at: number): void {
    for (const [place, health] of Object.entries(projects)) {
      if (!health.known && health.early === true) continue;
      const { is, restarts, detail } = health.known
        ? health.value
        : { is: 'out of sight', restarts: 0, detail: health.because };
      const stands = `${is} ${restarts}`;
      if (this.#standing.get(place) === stands) continue;
      this.#standing.set(place, stands);
      const split = place.lastIndexOf('@');
      const [project, droplet] = [place.slice(0, split), Number(place.slice(split + 1))];
      this.#add(this.#containers, most.containers, { at, project, droplet, is, restarts, detail });
    }
  }

  waits(waiting: Waiting): void {
    // Numbers and ids change every turn; the kind of reason does not.
    const kind = waiting.because.replace(/\brequest [\w-]+|[\d.]+/g, '#');
    if (kind === this.#waitingFor) return;
    this.#waitingFor = kind;
    this.#add(this.#waits, most.waits, waiting);
  }

  verdict(verdict: GateVerdict): void {
    this.#add(this.#verdicts, most.verdicts, verdict);
  }

  log(log: LastLog): void {
    this.#add(this.#logs, most.logs, log);
  }

  text(clean: (text: string) => string): string {
    this.fresh = false;
    const recording = {
      version: 1 as const,
      series: [...this.#series.values()],
      containers: this.#containers,
      waits: this.#waits,
      verdicts: this.#verdicts,
      logs: this.#logs,
      leftOut: this.#leftOut,
    };
    return encodeRecording(recording, clean);
  }

  #sample(gate: string, project: string | null, sample: Sample): void {
    const key = `${gate} ${project}`;
    const series = this.#series.get(key);
    this.fresh = true;
    if (series === undefined && this.#series.size >= most.series) this.#leftOut += 1;
    else this.#series.set(key, withSample(series ?? startOf(gate, project, sample.at), sample));
  }

  #add<T>(list: T[], limit: number, one: T): void {
    this.fresh = true;
    if (list.length < limit) list.push(one);
    else this.#leftOut += 1;
  }
}

/** Whose droplet it is; null of the load balancer's own address. */
function projectOn(app: App, droplet: number): string | null {
  const { live, other } = environmentsOf(app);
  const found = [live, other].find((environment) => environment?.droplets.includes(droplet));
  return found?.project ?? null;
}
