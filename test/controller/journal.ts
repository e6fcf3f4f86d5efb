// A journal in memory with the lease of one app: the same promises as the real ones, and a thief.
import type { Clock } from '../../src/lib/clock.ts';
import { Failure } from '../../src/lib/failure.ts';
import type { Entry, Fact } from '../../src/promotion/entry.ts';
import type { Appended, Holder, Journal, JournalRead } from '../../src/world.ts';

export class MemoryJournal implements Journal {
  readonly place = 'memory';
  readonly entries: Entry[] = [];
  readonly #clock: Clock;
  readonly kept = new Map<string, string>();
  readonly #blobs = new Map<string, string>();
  reachable = true;
  /** Renewals get no answer at all. */
  mute = false;
  /** Called with what somebody is about to append: another may be quicker. */
  beforeAppend: (facts: readonly Fact[]) => void = () => undefined;
  #holder: Holder | null = null;
  #epoch = 0;
  readonly #watchers = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async read(): Promise<JournalRead> {
    this.#reach();
    return { entries: [...this.entries], torn: null };
  }

  async append(
    facts: readonly Fact[],
    { afterSeq, epoch, at }: { afterSeq: number; epoch: number | null; at: number },
  ): Promise<Appended> {
    this.#reach();
    this.beforeAppend(facts);
    const leased = facts.some((fact) => fact.type !== 'asked');
    if (leased && this.#holder?.epoch !== epoch) return 'lease-lost';
    if (this.entries.length !== afterSeq) return 'someone-else-wrote';
    for (const fact of facts) this.write(fact, at);
    return 'appended';
  }

  /** Writes without asking: what was there before the test. */
  write(fact: Fact, at: number): void {
    this.entries.push({ ...fact, seq: this.entries.length + 1, at });
    for (const ring of this.#watchers) ring();
  }

  async lease(who: string, ttlMs: number) {
    this.#reach();
    const holder = this.#holder;
    if (holder !== null && holder.until > this.#clock.now()) return { got: false, holder } as const;
    return { got: true, epoch: this.give(who, ttlMs) } as const;
  }

  /** The lease is this one's from now on, whoever had it. */
  give(who: string, ttlMs: number): number {
    const since = this.#clock.now();
    this.#epoch += 1;
    const { length: pid } = who;
    const epoch = this.#epoch;
    this.#holder = { who, host: 'a-host', pid, since, until: since + ttlMs, epoch };
    return epoch;
  }

  async renew(epoch: number, ttlMs: number): Promise<boolean> {
    this.#reach();
    if (this.mute) await new Promise(() => undefined);
    if (this.#holder?.epoch !== epoch) return false;
    this.#holder = { ...this.#holder, until: this.#clock.now() + ttlMs };
    return true;
  }

  async release(epoch: number): Promise<void> {
    this.#reach();
    if (this.#holder?.epoch === epoch) this.#holder = null;
  }

  async holder(): Promise<Holder | null> {
    this.#reach();
    return this.#holder;
  }

  watch(ring: () => void): () => void {
    this.#watchers.add(ring);
    return () => this.#watchers.delete(ring);
  }

  async store(hash: string, text: string): Promise<void> {
    this.#blobs.set(hash, text);
  }

  async load(hash: string): Promise<string> {
    return this.#blobs.get(hash) ?? '';
  }

  async keep(name: string, text: string): Promise<void> {
    this.#reach();
    this.kept.set(name, text);
  }

  async recall(name: string): Promise<string | null> {
    return this.kept.get(name) ?? null;
  }

  async close(): Promise<void> {}

  #reach(): void {
    if (!this.reachable) throw new Failure('journal', 'the journal cannot be reached');
  }
}
