// What many rehearsals of a policy against one kind of release come to: how often and how soon it was caught, and who suffered.

/** One rehearsal. `asked`: a person was asked to choose. */
export type Run = {
  readonly became: 'before' | 'after' | 'asked' | 'promoted';
  /** From `promote` to the decision; of one that is promoted, to its end. */
  readonly decidedMs: number;
  readonly switchedMs: number | null;
  readonly because: string;
  readonly suffered: number;
};

export type Row = {
  readonly release: string;
  readonly tells: string;
  readonly runs: number;
  /** Runs that went back before the switch, and after it; that asked a person; that promoted it. */
  readonly before: number;
  readonly after: number;
  readonly asked: number;
  readonly promoted: number;
  /** From `promote` until it was decided not to go on; null: it never was. */
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
  /** People's requests that suffered, of one run. */
  readonly suffered: { readonly mean: number; readonly worst: number };
  /** Who decided, and in how many runs: `gate errors`, or what else it was. */
  readonly by: Readonly<Record<string, number>>;
  /** When each was caught, in order. */
  readonly caughtMs: readonly number[];
  /** Of those that were promoted: when everybody was on it, and when it was over; medians. */
  readonly switchedMs: number | null;
  readonly tookMs: number | null;
};

export type Rehearsal = {
  readonly policy: string;
  /** Requests a second. */
  readonly against: number;
  readonly runs: number;
  readonly seed: number;
  readonly rows: readonly Row[];
  /** What a person should know of it. */
  readonly remarks: readonly string[];
};

export function rowOf(release: string, tells: string, runs: readonly Run[]): Row {
  const of = (became: Run['became']) => runs.filter((run) => run.became === became);
  const promoted = of('promoted');
  const caught = runs.filter(({ became }) => became !== 'promoted');
  const caughtMs = ascending(caught.map(({ decidedMs }) => decidedMs));
  const suffered = runs.map((run) => run.suffered);
  const deciders = Map.groupBy(caught, ({ because }) => deciderOf(because));
  return {
    release,
    tells,
    runs: runs.length,
    before: of('before').length,
    after: of('after').length,
    asked: of('asked').length,
    promoted: promoted.length,
    medianMs: quantile(caughtMs, 0.5),
    p95Ms: quantile(caughtMs, 0.95),
    suffered: {
      mean: Math.round(suffered.reduce((sum, one) => sum + one, 0) / Math.max(suffered.length, 1)),
      worst: Math.max(0, ...suffered),
    },
    by: Object.fromEntries([...deciders].map(([who, some]) => [who, some.length])),
    caughtMs,
    switchedMs: quantile(ascending(promoted.map((run) => run.switchedMs ?? 0)), 0.5),
    tookMs: quantile(ascending(promoted.map((run) => run.decidedMs)), 0.5),
  };
}

/** Nearest rank. */
function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

function ascending(numbers: readonly number[]): readonly number[] {
  return [...numbers].sort((one, other) => one - other);
}

/** The gate that failed, or the kind of reason where it was none. */
function deciderOf(because: string): string {
  const gate = /(?:^|: |\. )([\w-]+) (?:fails|waits|cannot measure): /.exec(because)?.[1];
  if (gate !== undefined) return `gate ${gate}`;
  return /cannot become healthy|lost its health/.test(because) ? 'its health' : 'a time limit';
}

/** `6s`, `2m41s`, `1h05m` */
export function shortly(ms: number | null): string {
  if (ms === null) return '–';
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`;
  return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

export function shareOf(count: number, runs: number): string {
  return `${Math.round((100 * count) / Math.max(runs, 1))} %`;
}
