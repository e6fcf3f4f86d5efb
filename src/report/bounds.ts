// The limits that a judge holds samples against, and on which chart each of them belongs. Reads any policy, old ones too.

export type Limit = {
  readonly on: 'errorRate' | 'latency' | 'slow' | 'value';
  readonly at: number;
  readonly label: string;
};

type Judge = Readonly<Record<string, unknown>>;

/** Of one judge; none of one that only counts answers in a row. */
export function limitsOf(judge: Judge): readonly Limit[] {
  switch (judge.kind) {
    case 'error-rate':
      return [...marks(judge, 'errorRate'), ...one(judge.max, 'errorRate', 'at most')];
    case 'latency': {
      const objective = one(objectiveOf(judge), 'latency', 'objective');
      return [...marks(judge, 'slow'), ...one(judge.maxMs, 'latency', 'at most'), ...objective];
    }
    case 'threshold': {
      const on = chartOf(judge.quantity);
      if (on === null) return [];
      return [...one(judge.max, on, 'at most'), ...one(judge.min, on, 'at least')];
    }
    default:
      return [];
  }
}

/** What a latency judge calls slow, in milliseconds; null where it has no such limit. */
export function objectiveOf(judge: Judge): number | null {
  const { kind, objectiveMs, objective } = judge;
  if (kind !== 'latency') return null;
  if (typeof objectiveMs === 'number') return objectiveMs;
  return typeof objective === 'number' ? objective : null;
}

function marks(judge: Judge, on: Limit['on']): readonly Limit[] {
  // So much more than the other side: no place on an axis of its own.
  if (judge.against === 'blue') return [];
  return [
    ...one(judge.acceptable, on, 'acceptable'),
    ...one(judge.unacceptable, on, 'unacceptable'),
  ];
}

/** A number of failures has no place on a chart of shares. */
function chartOf(quantity: unknown): Limit['on'] | null {
  if (quantity === 'errorRate' || quantity === 'error-rate') return 'errorRate';
  if (quantity === 'value') return 'value';
  return typeof quantity === 'string' && /duration|^p\d+$/i.test(quantity) ? 'latency' : null;
}

function one(at: unknown, on: Limit['on'], label: string): readonly Limit[] {
  return typeof at === 'number' ? [{ on, at, label }] : [];
}
