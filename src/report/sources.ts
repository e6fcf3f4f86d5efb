// What was measured, one source for each question that gates ask, with each side's answers and the limits they were held to.
import type { Instant } from '../lib/clock.ts';
import { limitsOf, objectiveOf } from './bounds.ts';
import { quantileOf, slowerThan } from './durations.ts';
import type { Bound, Line, PhaseSpan, Source, Tally } from './report.ts';
import { type Bucket, inOrder, joined, type Series, totalOf } from './series.ts';

/** A gate as any version of the policy writes it. */
export type Gate = {
  readonly phase: string;
  readonly name: string;
  readonly probe: Readonly<Record<string, unknown>>;
  readonly judge: Readonly<Record<string, unknown>>;
  readonly dryRun: boolean;
};

export type Sides = {
  readonly now: { readonly id: string; readonly project: string };
  readonly before: { readonly id: string; readonly project: string } | null;
};

export function sourcesOf(
  gates: readonly Gate[],
  series: readonly Series[],
  phases: readonly PhaseSpan[],
  { sides, end }: { sides: Sides; end: Instant },
): readonly Source[] {
  const asked = Map.groupBy(gates, ({ probe }) => JSON.stringify(probe));
  const sources = [...asked.values()].map((group) => {
    const names = [...new Set(group.map(({ name }) => name))];
    const objective = group.map(({ judge }) => objectiveOf(judge)).find((one) => one !== null);
    const lines = linesOf(
      series.filter(({ gate }) => names.includes(gate) && measuredBy(group, gates, gate)),
      sides,
      objective ?? null,
    );
    const [title, kind] = titleOf(group[0]?.probe ?? {});
    return { title, kind, gates: names, lines, bounds: boundsOf(group, phases, end) };
  });
  return sources.filter(({ lines }) => lines.length > 0);
}

/** A name that two phases give to different questions belongs to neither chart but the first. */
function measuredBy(group: readonly Gate[], gates: readonly Gate[], name: string): boolean {
  return group.includes(gates.find((gate) => gate.name === name) as Gate);
}

function linesOf(
  series: readonly Series[],
  sides: Sides,
  objective: number | null,
): readonly Line[] {
  const byProject = Map.groupBy(series, ({ project }) => project);
  const lines = [...byProject].map(([project, parts]): Line => {
    const [first, ...rest] = parts;
    const whole = rest.reduce(joined, first as Series);
    return {
      ...named(project, sides),
      total: tally(totalOf(whole), objective),
      widthMs: whole.widthMs,
      points: inOrder(whole).map((bucket) => ({ at: bucket.at, ...tally(bucket, objective) })),
    };
  });
  const order = ['new', 'old', 'balancer'];
  return lines.sort((one, other) => order.indexOf(one.side) - order.indexOf(other.side));
}

function named(project: string | null, { now, before }: Sides): Pick<Line, 'side' | 'name'> {
  if (project === null) return { side: 'balancer', name: 'whoever serves' };
  if (project === now.project) return { side: 'new', name: `${now.id}, the new release` };
  return {
    side: 'old',
    name: project === before?.project ? `${before.id}, the one before` : project,
  };
}

function tally(bucket: Bucket, objective: number | null): Tally {
  const { ok, errors, unknown, durations, values } = bucket;
  const answers = ok + errors;
  return {
    answers,
    errors,
    unknown,
    p50: quantileOf(durations, 0.5),
    p95: quantileOf(durations, 0.95),
    slow:
      objective === null || answers === 0
        ? null
        : (errors + slowerThan(durations, objective)) / answers,
    value: values === undefined ? null : values.sum / Math.max(values.count, 1),
  };
}

function boundsOf(
  gates: readonly Gate[],
  phases: readonly PhaseSpan[],
  end: Instant,
): readonly Bound[] {
  return gates.flatMap(({ phase, name, judge }) =>
    limitsOf(judge).flatMap((limit) =>
      phases
        .filter((span) => span.phase === phase)
        .map((span) => ({
          ...limit,
          label: `${name}: ${limit.label}`,
          from: span.from,
          to: span.to ?? end,
        })),
    ),
  );
}

function titleOf(probe: Readonly<Record<string, unknown>>): readonly [string, string] {
  const kind = String(probe.kind ?? 'probe');
  if (kind === 'container') return ['The containers’ own health', kind];
  if (kind !== 'http') return [`What ${kind} says`, kind];
  const path = typeof probe.path === 'string' ? probe.path : 'the health path';
  return probe.of === 'balancer'
    ? [`Answers through the load balancer (${path})`, kind]
    : [`Answers of the droplets themselves (${path})`, kind];
}
