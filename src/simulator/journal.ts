// One journal that every process shares: compare and set, a lease by the clock of who asks, a disk that may be full.
import type { Clock, Instant } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import type { Entry, Fact } from '../promotion/entry.ts';
import type { Appended, Holder, Journal, JournalRead } from '../world.ts';
import type { VirtualClock } from './clock.ts';
import type { Machine } from './machine.ts';
import type { Random } from './random.ts';

export class SimulatedJournal {
  readonly entries: Entry[] = [];
  readonly #clock: VirtualClock;
  readonly #random: Random;
  /** For reports, by name. */
  readonly kept = new Map<string, string>();
  readonly #blobs = new Map<string, string>();
  readonly #watchers = new Set<() => void>();
  readonly #oneHost: boolean;
  #snapshot: JournalRead | null = null;
  full = false;
  /** Share of appends that fail: before anything was written, or after, with the answer lost. */
  flaky = 0;
  /** Ends the process that writes next, in the middle of its write. */
  tears: ((machine: Machine) => void) | null = null;
  #torn: string | null = null;
  #holder: (Holder & { machine: Machine }) | null = null;
  #epoch = 0;
  /** Told of every entry when it is written, and by whom. */
  onWrite: (entry: Entry, by: Machine | null) => void = () => undefined;

  constructor(clock: VirtualClock, random: Random, oneHost: boolean) {
    this.#oneHost = oneHost;
    this.#clock = clock;
    this.#random = random;
  }

  get epoch(): number {
    return this.#epoch;
  }

  write(fact: Fact, at: Instant, by: Machine | null = null): void {
    const entry = { ...fact, seq: this.entries.length + 1, at } as Entry;
    this.entries.push(entry);
    this.#snapshot = null;
    this.onWrite(entry, by);
    for (const ring of this.#watchers) ring();
  }

  /** As one process sees it. */
  of(machine: Machine): Journal {
    const { clock } = machine;
    const does = <T>(what: string, work: () => T) =>
      machine.does(what, async () => {
        await this.#clock.sleep(this.#random.between(1, 15));
        return work();
      });
    return {
      place: 'the simulated journal',
      read: () => machine.asks(this.#random.between(1, 15), () => this.#read()),
      append: (facts, given) =>
        does(`append ${facts.map(nameOf).join(', ')}`, () => this.#append(facts, given, machine)),
      lease: (_, ttlMs) => does('take the lease', () => this.#lease(machine, ttlMs)),
      renew: (epoch, ttlMs) =>
        machine.hears(
          this.#clock.sleep(5).then(() => {
            if (this.#holder?.epoch !== epoch) return false;
            this.#holder = { ...this.#holder, until: clock.now() + ttlMs };
            return true;
          }),
        ),
      release: (epoch) =>
        does('release the lease', () => {
          if (this.#holder?.epoch === epoch) this.#holder = null;
        }),
      holder: () => machine.hears(Promise.resolve(this.#holder)),
      watch: (ring) => this.#watch(machine, clock, ring),
      store: async (hash, text) => void this.#blobs.set(hash, text),
      load: async (hash) => this.#blobs.get(hash) ?? '',
      keep: async (name, text) => void (machine.dead || this.kept.set(name, text)),
      recall: async (name) => this.kept.get(name) ?? null,
      close: async () => undefined,
    };
  }

  #read() {
    this.#snapshot ??= { entries: [...this.entries], torn: this.#torn };
    return this.#snapshot;
  }

  #append(
    facts: readonly Fact[],
    { afterSeq, epoch, at }: { afterSeq: number; epoch: number | null; at: Instant },
    by: Machine,
  ): Appended {
    if (this.full) throw new Failure('journal', 'the disk is full');
    const fails = this.#random.chance(this.flaky);
    if (fails && this.#random.chance(0.5)) throw new Failure('journal', 'fsync failed');
    const leased = facts.some((fact) => fact.type !== 'asked');
    if (leased && this.#holder?.epoch !== epoch) return 'lease-lost';
    if (this.entries.length !== afterSeq) return 'someone-else-wrote';
    if (this.tears !== null) return this.#tear(facts, at, by);
    this.#torn = null;
    for (const fact of facts) this.write(fact, at, by);
    if (fails) throw new Failure('journal', 'the answer was lost', { ambiguous: true });
    return 'appended';
  }

  /** Of several lines the first ones may be whole; the process never hears of it. */
  #tear(facts: readonly Fact[], at: Instant, by: Machine): Appended {
    const whole = facts.slice(0, this.#random.between(0, facts.length - 1));
    for (const fact of whole) this.write(fact, at, by);
    this.#torn = '{"seq":';
    this.#snapshot = null;
    const dies = this.tears;
    this.tears = null;
    dies?.(by);
    return 'appended';
  }

  #lease(machine: Machine, ttlMs: number) {
    const holder = this.#holder;
    const now = machine.clock.now();
    const gone = holder === null || (this.#oneHost && holder.machine.dead);
    if (!gone && holder.until > now) return { got: false, holder } as const;
    this.#epoch = Math.max(this.#epoch + 1, Math.floor(now / 1000));
    const epoch = this.#epoch;
    this.#holder = {
      who: machine.name,
      host: machine.name,
      pid: 1,
      since: now,
      until: now + ttlMs,
      epoch,
      machine,
    };
    return { got: true, epoch } as const;
  }

  #watch(machine: Machine, clock: Clock, ring: () => void): () => void {
    const heard = () => void clock.sleep(1).then(ring);
    const rings = () => {
      if (!machine.dead) heard();
    };
    this.#watchers.add(rings);
    return () => this.#watchers.delete(rings);
  }
}

function nameOf(fact: Fact): string {
  if (fact.type === 'entered') return `entered ${fact.phase}`;
  if (fact.type === 'acted' || fact.type === 'settled') return `${fact.type} ${fact.effect.kind}`;
  return fact.type;
}
