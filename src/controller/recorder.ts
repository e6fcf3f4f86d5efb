// Watches a drive and keeps what it saw beside the journal, for reports; whatever goes wrong here, the promotion goes on.
import { judgeGate } from '../gates/judge.ts';
import { blueOf, emptyWindow } from '../gates/sample.ts';
import type { Instant } from '../lib/clock.ts';
import { within } from '../lib/within.ts';
import { type App, environmentsOf } from '../promotion/app.ts';
import type { Entry } from '../promotion/entry.ts';
import { at, dropletsOf, type ProjectAt, projectsOf } from '../promotion/environment.ts';
import { needs } from '../promotion/needs.ts';
import { releaseId } from '../promotion/release.ts';
import { recordingName } from '../report/recording.ts';
import type { World } from '../world.ts';
import { Notes } from './notes.ts';
import type { Status, Watcher } from './status.ts';

/** A runner that is killed loses no more than this. */
const keepEveryMs = 15_000;
/** For the last words of what is about to be removed, and for the last writing: nobody waits longer for a report. */
const patienceMs = 2_000;
const logLines = 100;
const logCharsMax = 16_000;

export type RecorderGiven = {
  readonly world: Pick<World, 'clock' | 'hosts' | 'journal'>;
  readonly epoch: number;
  readonly redact: (text: string) => string;
};

export class Recorder implements Watcher {
  readonly #given: RecorderGiven;
  readonly #words = new Map<string, Promise<void>>();
  #notes: Notes | null = null;
  #last: Status | null = null;
  #keptAt: Instant = Number.NEGATIVE_INFINITY;
  #keeping: Promise<void> | null = null;

  constructor(given: RecorderGiven) {
    this.#given = given;
  }

  turned(status: Status): void {
    this.#safely(() => this.#note(status));
  }

  wrote(entry: Entry): void {
    if (entry.type === 'entered') this.#safely(() => this.#left(entry.at));
  }

  /**
   * Reads the last log lines of a project before it is removed; ends within its limit whatever happens. What began to
   * be read when the way back was entered is usually there long before.
   */
  async lastWords(place: ProjectAt): Promise<void> {
    const key = at(place);
    const reading = this.#words.get(key) ?? this.#read(place);
    this.#words.set(key, reading);
    await reading;
  }

  /** Writes out what is left to be written, within its limit. */
  async end(): Promise<void> {
    await within(patienceMs, this.#given.world.clock, this.#finish());
  }

  async #finish(): Promise<void> {
    await Promise.all(this.#words.values());
    await this.#keeping;
    this.#keep();
    await this.#keeping;
  }

  #note(status: Status): void {
    const { app, observation, step, at: now } = status;
    this.#last = status;
    const notes = this.#notesOf(releaseId(app.released));
    if (observation !== null) {
      for (const [gate, window] of Object.entries(observation.samples))
        notes.samples(app, gate, window);
      notes.projects(observation.projects, now);
    }
    if (step?.is === 'wait' && app.phase !== 'idle')
      notes.waits({ at: now, phase: app.phase, because: step.because });
    this.#listen(app);
    if (now - this.#keptAt >= keepEveryMs) this.#keep();
  }

  #notesOf(release: string): Notes {
    if (this.#notes?.release === release) return this.#notes;
    this.#keep();
    this.#notes = new Notes(release);
    return this.#notes;
  }

  /** A phase is left: what its gates said with the last that was seen. */
  #left(now: Instant): void {
    const { app, observation } = this.#last ?? {};
    const wanted = app === undefined ? null : needs(app).gates;
    if (app !== undefined && observation && wanted !== null) {
      const { droplets } = wanted.environment;
      const blue = dropletsOf(wanted.baseline);
      const given = { at: observation.at, since: wanted.since ?? app.since, droplets, blue };
      const windowOf = (name: string) => observation.samples[name] ?? emptyWindow;
      for (const gate of wanted.gates) {
        const windows = [windowOf(gate.name), windowOf(blueOf(gate.name))] as const;
        const { is, because, evidence } = judgeGate(gate, windows[0], given, windows[1]);
        const said = { gate: gate.name, is, because, evidence };
        this.#notes?.verdict({ at: now, phase: app.phase, ...said });
      }
    }
    this.#keep();
  }

  /** Once it goes back or stands still, what failed is listened to while it can still speak. */
  #listen(app: App): void {
    if (app.phase !== 'aborting' && app.phase !== 'held') return;
    const { live, other } = environmentsOf(app);
    const failed = [live, other].find((one) => one?.release.id === releaseId(app.released));
    for (const place of projectsOf(failed ?? null))
      if (!this.#words.has(at(place))) this.#words.set(at(place), this.#read(place));
  }

  async #read(place: ProjectAt): Promise<void> {
    const { clock, hosts } = this.#given.world;
    const text = await within(patienceMs, clock, hosts.logs(place, logLines));
    if (text === null || text.trim() === '') return;
    this.#safely(() =>
      this.#notes?.log({ at: clock.now(), ...place, text: text.slice(-logCharsMax) }),
    );
  }

  /** In the background, one writing at a time; what comes meanwhile is written by the next. */
  #keep(): void {
    const notes = this.#notes;
    if (notes === null || !notes.fresh || this.#keeping !== null) return;
    const { world, epoch, redact } = this.#given;
    this.#keptAt = world.clock.now();
    const done = () => {
      this.#keeping = null;
    };
    const name = recordingName(notes.release, epoch);
    this.#keeping = world.journal.keep(name, notes.text(redact)).then(done, done);
  }

  /** A mistake in here is no reason to stop a promotion. */
  #safely(work: () => void): void {
    try {
      work();
    } catch {
      this.#notes = null;
    }
  }
}
