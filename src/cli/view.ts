// Shows a promotion as it goes: a live list on a terminal, plain lines elsewhere, objects with --json.
import type { Status, Watcher } from '../controller/status.ts';
import { describeEntry, describeStep } from '../promotion/describe.ts';
import type { Entry } from '../promotion/entry.ts';
import { clock } from './clock.ts';
import type { Output } from './output.ts';
import { progressLines } from './progress.ts';

/** How often an unchanged reason for waiting is said again where nothing is redrawn. */
const remindEveryMs = 10_000;
const redrawEveryMs = 200;

export class View implements Watcher {
  readonly #output: Output;
  readonly #entries: Entry[] = [];
  #said = '';
  #saidAt = 0;
  #drawnAt = 0;

  constructor(output: Output, before: readonly Entry[]) {
    this.#output = output;
    this.#entries.push(...before);
  }

  wrote(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#output.live || entry.type === 'leased') return;
    const text = `${clock(entry.at)} ${describeEntry(entry)}`;
    if (entry.type === 'entered') this.#output.group(entry.phase === 'idle' ? null : text);
    this.#output.event({ event: entry.type, ...dataOf(entry) }, text);
    this.#saidAt = entry.at;
  }

  turned(status: Status): void {
    if (this.#output.live) {
      if (status.at - this.#drawnAt < redrawEveryMs) return;
      this.#drawnAt = status.at;
      this.#output.draw(progressLines(status, this.#entries, this.#output.width));
      return;
    }
    const { step } = status;
    if (step === null || step.is !== 'wait') return;
    // Numbers and the ids of requests change every turn; the kind of reason does not.
    const kind = step.because.replace(/\brequest [\w-]+|[\d.]+/g, '#');
    const due = status.at - this.#saidAt >= remindEveryMs;
    if (kind === this.#said && !due) return;
    if (kind !== this.#said && status.at - this.#saidAt < 1_000) return;
    this.#said = kind;
    this.#saidAt = status.at;
    const data = { event: 'waiting', phase: status.app.phase, because: step.because };
    this.#output.event(data, `${clock(status.at)} ${describeStep(step)}`);
  }

  /** The last state of the live list stays on the screen. */
  end(status: Status | null): void {
    if (status !== null && this.#output.live)
      this.#output.draw(progressLines(status, this.#entries, this.#output.width));
    this.#output.settle();
    this.#output.group(null);
  }
}

/** What of an entry is worth a line for machines: not whole releases and policies. */
function dataOf(entry: Entry): Readonly<Record<string, unknown>> {
  const common = { seq: entry.seq, at: entry.at };
  switch (entry.type) {
    case 'asked':
      return { ...common, command: entry.command.kind, by: entry.by };
    case 'entered':
      return {
        ...common,
        phase: entry.phase,
        because: entry.because,
        ...(entry.evidence === undefined ? {} : { evidence: entry.evidence }),
      };
    case 'acted':
      return { ...common, effect: entry.effect, because: entry.because };
    case 'settled':
      return { ...common, effect: entry.effect, ok: entry.ok, because: entry.because ?? null };
    case 'requested':
      return { ...common, what: entry.what, until: entry.until, because: entry.because };
    case 'advanced':
      return { ...common, to: entry.to, because: entry.because };
    case 'committed':
      return { ...common, because: entry.because };
    case 'leased':
      return { ...common, by: entry.by };
  }
}
