// The loop: look, decide, record, act, and look again.
import { Bell } from '../lib/deferred.ts';
import { because, Failure } from '../lib/failure.ts';
import type { Policy } from '../policy/policy.ts';
import type { App } from '../promotion/app.ts';
import { type Effect, type EffectKey, isHostEffect, keyOf, limitOf } from '../promotion/effect.ts';
import type { Entry, Fact } from '../promotion/entry.ts';
import type { ProjectAt } from '../promotion/environment.ts';
import { apply } from '../promotion/fold.ts';
import type { Step } from '../promotion/rules.ts';
import { step } from '../promotion/step.ts';
import type { World } from '../world.ts';
import { act } from './act.ts';
import { Looker } from './look.ts';
import type { Ending, Watcher } from './status.ts';

/** How long a turn waits at most when nothing rings. */
const turnMs = 250;
/** What is seen within one breath is judged together: probes and looks end dozens of times a second. */
const breathMs = 50;
/** How often the journal is asked for what others wrote, where it does not say so itself. */
const newsEveryMs = 500;

export type Wait = 'ready' | 'switched' | 'verified';

export type LoopOptions = {
  readonly world: World;
  readonly name: string;
  readonly policy: Policy;
  readonly epoch: number;
  readonly holds: () => boolean;
  readonly watcher: Watcher;
  readonly until: Wait;
  /** Aborts when nothing new may be begun any more: a signal, a time-out, a lost lease. */
  readonly stop: AbortSignal;
  readonly lastWords?: (place: ProjectAt) => Promise<void>;
};

export class Loop {
  readonly #options: LoopOptions;
  readonly #world: World;
  readonly #bell = new Bell();
  #looker: Looker;
  readonly #cancels = new Map<EffectKey, AbortController>();
  readonly #settled: Fact[] = [];
  #app: App;
  #newsAt = Number.NEGATIVE_INFINITY;
  #breathing = false;
  #doubted = false;
  /** Why: a later controller, by what a droplet says. */
  #fenced: string | null = null;
  /** Of an effect: nothing goes on after it. */
  #bug: unknown = null;

  constructor(options: LoopOptions, app: App) {
    this.#options = options;
    this.#world = options.world;
    this.#app = app;
    this.#looker = this.#newLooker();
  }

  /** Takes turns until the app rests, `until` is reached, or driving has to stop. */
  async run(): Promise<Ending> {
    // Taken off at the end: Node keeps a signal made of others, and all that listens to it, for as long as somebody does.
    const { stop } = this.#options;
    const stopped = () => this.#bell.ring();
    stop.addEventListener('abort', stopped, { once: true });
    const unwatch = this.#world.journal.watch(() => {
      this.#newsAt = Number.NEGATIVE_INFINITY;
      this.#bell.ring();
    });
    try {
      for (;;) {
        const ending = await this.#turn();
        if (ending !== null) return ending;
        await this.#bell.wait(this.#world.clock, turnMs);
      }
    } finally {
      stop.removeEventListener('abort', stopped);
      unwatch();
      this.#looker.stop();
      this.#callOffHooks();
    }
  }

  /** Nobody waits for them any more, and a command that runs on would keep the process. */
  #callOffHooks(): void {
    for (const [key, cancel] of this.#cancels) if (key.startsWith('run-hook ')) cancel.abort();
  }

  #noticed(): void {
    if (this.#breathing) return;
    this.#breathing = true;
    this.#world.clock.alarm(breathMs, () => {
      this.#breathing = false;
      this.#bell.ring();
    });
  }

  async #turn(): Promise<Ending | null> {
    if (this.#bug !== null) throw this.#bug;
    if (!(await this.#hearNews())) return { is: 'replaced', app: this.#app };
    if (this.#fenced !== null) return await this.#yielded(this.#fenced);
    if (this.#options.stop.aborted) return await this.#interrupted();
    if (this.#isPast()) return { is: 'reached', app: this.#app, what: 'switched' };
    if (!this.#isAwake()) return null;
    const seen = this.#looker.look(this.#app);
    const next = step(this.#app, seen);
    this.#options.watcher.turned({ app: this.#app, observation: seen, step: next, at: seen.at });
    return this.#carryOut(next);
  }

  /**
   * False while the lease is in doubt, as after a sleep of the machine: the renewal under way will say whose the app is.
   * If it is still ours, what was seen or missed before the sleep says nothing any more.
   */
  #isAwake(): boolean {
    const doubted = this.#doubted;
    this.#doubted = !this.#options.holds();
    if (doubted && !this.#doubted) {
      this.#looker.stop();
      this.#looker = this.#newLooker();
    }
    return !this.#doubted;
  }

  #newLooker(): Looker {
    return new Looker(this.#world, () => this.#noticed());
  }

  /** Taken over where `--wait` had been reached already: the old environment must not be retired unasked. */
  #isPast(): boolean {
    const { phase, asked, unsettled } = this.#app;
    if (this.#options.until === 'verified' || asked !== null) return false;
    return phase === 'verifying' && unsettled.length === 0;
  }

  /** What settled here and what others asked for, before anything is decided. False: the lease is lost. */
  async #hearNews(): Promise<boolean> {
    while (this.#settled.length > 0) {
      const fact = this.#settled[0];
      if (fact === undefined) break;
      const written = await this.#record([fact]);
      if (written === 'lost') return false;
      if (written === 'written') this.#settled.shift();
    }
    const now = this.#world.clock.now();
    if (now - this.#newsAt >= newsEveryMs) {
      this.#newsAt = now;
      await this.#read();
    }
    return true;
  }

  async #carryOut(next: Step): Promise<Ending | null> {
    switch (next.is) {
      case 'wait':
        this.#cancel(next.cancel ?? []);
        if (next.readAgain === true) this.#looker.readAgain();
        if (next.awaits === 'approval' && this.#options.until === 'ready')
          return { is: 'reached', app: this.#app, what: 'ready' };
        return this.#rests() && next.until === null ? { is: 'rest', app: this.#app } : null;
      case 'yield':
        return { is: 'unreachable', app: this.#app, because: next.because };
      case 'request': {
        const { is: _, ...request } = next;
        return this.#move({ type: 'requested', what: 'approval', ...request });
      }
      case 'advance': {
        const { is: _, ...advanced } = next;
        return this.#move({ type: 'advanced', ...advanced });
      }
      case 'commit':
        return this.#move({ type: 'committed', because: next.because });
      case 'enter': {
        if (next.phase === 'switching' && this.#options.until === 'ready')
          return { is: 'reached', app: this.#app, what: 'ready' };
        const { is: _, ...entered } = next;
        const ending = await this.#move({ type: 'entered', ...entered });
        if (ending !== null || this.#app.phase !== 'verifying') return ending;
        return this.#options.until === 'switched'
          ? { is: 'reached', app: this.#app, what: 'switched' }
          : null;
      }
      case 'act':
        return this.#begin(next.effects, next.because);
    }
  }

  async #move(fact: Fact): Promise<Ending | null> {
    const written = await this.#record([fact]);
    if (written === 'written') this.#bell.ring();
    return written === 'lost' ? { is: 'replaced', app: this.#app } : null;
  }

  /** Recorded first, begun second: a crash between the two leaves an effect that is looked for, not forgotten. */
  async #begin(effects: readonly Effect[], why: string): Promise<Ending | null> {
    const now = this.#world.clock.now();
    const facts = effects.map((effect): Fact => {
      const until = now + limitOf(effect);
      return { type: 'acted', effect, until, because: why };
    });
    const written = await this.#record(facts);
    if (written === 'lost') return { is: 'replaced', app: this.#app };
    if (written === 'written') for (const effect of effects) this.#start(effect);
    return null;
  }

  #start(effect: Effect): void {
    const cancel = new AbortController();
    const limitMs = limitOf(effect);
    const { lastWords } = this.#options;
    this.#cancels.set(keyOf(effect), cancel);
    const given = {
      app: this.#app,
      epoch: this.#options.epoch,
      limitMs,
      holds: this.#options.holds,
      signal: cancel.signal,
      fenced: (why: string) => {
        this.#fenced = why;
      },
      ...(lastWords === undefined ? {} : { lastWords }),
    };
    let callOff = () => {};
    const limit = new Promise<Fact>((resolve) => {
      callOff = this.#world.clock.alarm(limitMs, () => {
        cancel.abort();
        const late = `no answer within ${limitMs / 1000} s; it may still land`;
        resolve({ type: 'settled', effect, ok: false, because: late });
      });
    });
    const ended = (fact: Fact | null) => {
      callOff();
      this.#cancels.delete(keyOf(effect));
      if (fact !== null) this.#settled.push(fact);
      this.#bell.ring();
    };
    Promise.race([act(this.#world, effect, given), limit]).then(ended, (bug: unknown) => {
      this.#bug = bug;
      ended(null);
    });
  }

  #cancel(keys: readonly EffectKey[]): void {
    for (const key of keys) this.#cancels.get(key)?.abort();
  }

  /** Effects of a dead predecessor have nobody to settle them here: their limit does. */
  #settleOrphans(): void {
    const now = this.#world.clock.now();
    for (const one of this.#app.unsettled) {
      if (now < one.until) continue;
      const key = keyOf(one.effect);
      if (this.#cancels.has(key)) continue;
      if (this.#settled.some((fact) => fact.type === 'settled' && keyOf(fact.effect) === key))
        continue;
      const lost = 'its controller ended before it answered';
      this.#settled.push({ type: 'settled', effect: one.effect, ok: false, because: lost });
    }
  }

  #rests(): boolean {
    this.#settleOrphans();
    const { phase, asked, unsettled } = this.#app;
    if (unsettled.length > 0 || this.#settled.length > 0) return false;
    return (phase === 'idle' || phase === 'held') && asked === null;
  }

  async #record(facts: readonly Fact[]): Promise<'written' | 'again' | 'lost'> {
    const at = this.#world.clock.now();
    const { epoch } = this.#options;
    const done = await this.#world.journal.append(facts, { afterSeq: this.#app.seq, epoch, at });
    if (done === 'lease-lost') return 'lost';
    if (done === 'someone-else-wrote') {
      await this.#read();
      return 'again';
    }
    for (const fact of facts) this.#take({ ...fact, seq: this.#app.seq + 1, at });
    return 'written';
  }

  async #read(): Promise<void> {
    const { journal } = this.#world;
    const { entries } = await journal.read();
    // A restored backup, or a standby that lags: nothing here may go on from what is no longer written.
    if (entries.length < this.#app.seq)
      throw new Failure(
        'journal',
        `${journal.place} has ${entries.length} entries where there were ${this.#app.seq}: it was replaced by an older copy. Put the newer one back, then bgctl resume.`,
      );
    for (const entry of entries) if (entry.seq > this.#app.seq) this.#take(entry);
  }

  #take(entry: Entry): void {
    this.#app = apply(this.#app, entry);
    if (entry.type === 'settled' && isHostEffect(entry.effect)) this.#looker.forget(entry.effect);
    this.#options.watcher.wrote(entry);
  }

  async #interrupted(): Promise<Ending> {
    await this.#flush();
    return { is: 'interrupted', app: this.#app, because: because(this.#options.stop.reason) };
  }

  async #yielded(why: string): Promise<Ending> {
    // The refusal is recorded under the lease: who has it by then is the later controller, or there is a second journal.
    return (await this.#flush())
      ? { is: 'fenced', app: this.#app, because: why }
      : { is: 'replaced', app: this.#app };
  }

  /** Begin nothing; what is under way may still end within a few seconds and is then recorded. False: the lease is lost. */
  async #flush(): Promise<boolean> {
    const until = this.#world.clock.now() + flushMs;
    while (this.#cancels.size > 0 && this.#world.clock.now() < until)
      await this.#bell.wait(this.#world.clock, 100);
    return this.#hearNews();
  }
}

/** GitHub gives 7.5 s after SIGINT; what does not end in this time is looked for by `resume`. */
const flushMs = 3_000;
