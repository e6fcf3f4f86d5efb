// What all ways in call: read the app, ask something of it, drive it until it rests.
import type { Policy } from '../policy/policy.ts';
import { admit, type Refusal } from '../promotion/admit.ts';
import type { App } from '../promotion/app.ts';
import type { Command } from '../promotion/command.ts';
import type { Entry, Fact } from '../promotion/entry.ts';
import type { ProjectAt } from '../promotion/environment.ts';
import { apply, fold } from '../promotion/fold.ts';
import type { Holder, World } from '../world.ts';
import { follow, rests } from './follow.ts';
import { type Lease, takeLease } from './lease.ts';
import { Loop, type Wait } from './loop.ts';
import { Recorder } from './recorder.ts';
import type { Ending, Watcher } from './status.ts';

export type ControllerOptions = {
  readonly world: World;
  readonly name: string;
  /** Meant where the journal has none yet; a running promotion keeps its own. */
  readonly policy: Policy;
  /** Who asks and drives: `anna@laptop`, a CI run's address. */
  readonly who: string;
  readonly watcher: Watcher;
  /** Takes secrets out of what is kept for reports. */
  readonly redact?: (text: string) => string;
};

export type DriveOptions = {
  readonly until: Wait;
  readonly stop: AbortSignal;
  /** Told once when somebody else drives. */
  onHeldBy?(holder: Holder): void;
};

export class Controller {
  readonly #options: ControllerOptions;

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  /** The app as the journal has it, with its entries and a torn last line if there is one. */
  async read(): Promise<{ app: App; entries: readonly Entry[]; torn: string | null }> {
    const { entries, torn } = await this.#options.world.journal.read();
    return { app: fold(this.#options.name, this.#options.policy, entries), entries, torn };
  }

  /**
   * Appends a command if it is admitted. `make` is given the app as it is at that moment, so that a
   * release gets the next number even when somebody else asked in between; it may refuse too.
   */
  async ask(make: (app: App) => Command | Refusal): Promise<{ asked: Command } | Refusal> {
    const { journal, clock } = this.#options.world;
    for (;;) {
      const { app } = await this.read();
      const command = make(app);
      if ('refused' in command) return command;
      const refusal = admit(app, command);
      if (refusal !== null) return refusal;
      const fact: Fact = { type: 'asked', command, by: this.#options.who };
      const given = { afterSeq: app.seq, epoch: null, at: clock.now() };
      if ((await journal.append([fact], given)) === 'appended') return { asked: command };
    }
  }

  /** Drives the app, or follows the one who does and takes over when that one is gone. */
  async drive(options: DriveOptions): Promise<Ending> {
    let told = false;
    for (;;) {
      const lease = await takeLease(
        this.#options.world.journal,
        this.#options.who,
        this.#options.world.clock,
      );
      if ('epoch' in lease) {
        const ending = await this.#drive(lease, options);
        if (ending.is !== 'replaced' || options.stop.aborted) return ending;
        // Frozen past its lease, or cut off: where the other one has ended it, there is nothing to take the lease for.
        const { app } = await this.read();
        if (rests(app)) return { is: 'rest', app };
        continue;
      }
      if (!told) options.onHeldBy?.(lease.holder);
      told = true;
      const { name, policy, watcher, world } = this.#options;
      const followed = await follow({ world, name, policy, watcher, ...options });
      if (followed !== 'unattended') return followed;
    }
  }

  async #drive(lease: Lease, options: DriveOptions): Promise<Ending> {
    const { world, name, policy, who, redact = (text) => text } = this.#options;
    const { epoch, holds } = lease;
    const recorder = new Recorder({ world, epoch, redact });
    const watcher = together(this.#options.watcher, recorder);
    try {
      const app = await this.#begin(lease, who);
      if (app === null) return { is: 'replaced', app: (await this.read()).app };
      const stop = AbortSignal.any([options.stop, lease.lost]);
      const lastWords = (place: ProjectAt) => recorder.lastWords(place);
      const loop = new Loop(
        { world, name, policy, epoch, holds, watcher, until: options.until, stop, lastWords },
        app,
      );
      const ending = await loop.run();
      return lease.lost.aborted ? { is: 'replaced', app: ending.app } : ending;
    } finally {
      await lease.end();
      await recorder.end();
    }
  }

  /** Says in the journal who drives now, unless there is nothing to drive. */
  async #begin(lease: Lease, by: string): Promise<App | null> {
    const { journal, clock } = this.#options.world;
    for (;;) {
      const { app } = await this.read();
      const fact: Fact = { type: 'leased', by, epoch: lease.epoch };
      const given = { afterSeq: app.seq, epoch: lease.epoch, at: clock.now() };
      const done = await journal.append([fact], given);
      if (done === 'lease-lost') return null;
      if (done === 'appended') return apply(app, { ...fact, seq: app.seq + 1, at: given.at });
    }
  }
}

function together(...watchers: readonly Watcher[]): Watcher {
  return {
    turned: (status) => {
      for (const watcher of watchers) watcher.turned(status);
    },
    wrote: (entry) => {
      for (const watcher of watchers) watcher.wrote(entry);
    },
  };
}
