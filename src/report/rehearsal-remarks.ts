// What a rehearsal lets one say of a policy: only what follows from its own gates.
import type { GateSpec, Policy } from '../policy/policy.ts';
import { type Row, shortly } from './rehearsal.ts';

type Kinds = {
  /** Of each release that fails a share of all requests: that share. */
  readonly errors: Readonly<Record<string, number>>;
  readonly slow: { readonly release: string; readonly fromMs: number };
  readonly underTraffic: string;
  /** In each pool. */
  readonly droplets: number;
};

/** One for each release that was promoted although it was no good, then what was not rehearsed. */
export function remarksOn(policy: Policy, rows: readonly Row[], kinds: Kinds): readonly string[] {
  return [
    ...rows.flatMap((row) => remarkOn(policy, row, kinds)),
    ...setAside(policy, kinds.droplets),
  ];
}

export function timesOf(healthy: Row): string {
  const { runs, promoted, switchedMs, tookMs } = healthy;
  if (promoted === 0) return 'A good release was never promoted.';
  const alarms = runs - promoted;
  const rest = alarms === 0 ? '' : ` In ${alarms} of ${runs} runs it was not promoted.`;
  return `A good release takes ${shortly(tookMs)}; everybody is on it after ${shortly(switchedMs)}.${rest}`;
}

function remarkOn(policy: Policy, row: Row, kinds: Kinds): readonly string[] {
  const { release, promoted, runs } = row;
  const share = kinds.errors[release];
  const bad = share !== undefined || [kinds.slow.release, kinds.underTraffic].includes(release);
  if (promoted === 0 || !bad) return [];
  const fact = `${release}: promoted in ${promoted} of ${runs} runs`;
  const reason =
    share !== undefined
      ? ofShare(policy, share)
      : release === kinds.underTraffic
        ? ofTheWay(policy)
        : ofTime(policy, kinds.slow.fromMs);
  return [reason === null ? `${fact}.` : `${fact}: ${reason}.`];
}

/** By the policy's own words it may be acceptable, or of the kind of which either verdict is right. */
function ofShare(policy: Policy, share: number): string | null {
  const gates = deciding(policy).filter(({ judge }) => judge.kind === 'error-rate');
  const limits = gates.flatMap(({ name, judge }) =>
    judge.kind === 'error-rate' ? [{ name, ...judge }] : [],
  );
  if (limits.length === 0)
    return 'no gate judges the share of failures; add one with `judge: { errorRate: … }` to verify';
  const strictest = limits.reduce((one, other) =>
    other.unacceptable < one.unacceptable ? other : one,
  );
  const { name, acceptable, unacceptable } = strictest;
  if (share <= acceptable)
    return `the gate ${name} calls up to ${percent(acceptable)} acceptable; lower that (and unacceptable) if it is not`;
  if (share < unacceptable)
    return `it lies between what the gate ${name} calls acceptable (${percent(acceptable)}) and unacceptable (${percent(unacceptable)}); lower unacceptable to at most ${percent(share)} if it must be caught`;
  return null;
}

function ofTime(policy: Policy, fromMs: number): string | null {
  const gates = deciding(policy).filter(isOfTime);
  if (gates.length === 0)
    return 'no gate judges how long answers take; add one with `judge: { latency: … }` to verify';
  const objectives = gates.flatMap(({ judge }) =>
    judge.kind === 'latency' ? [judge.objectiveMs] : [],
  );
  const least = Math.min(...objectives);
  return least > fromMs && Number.isFinite(least)
    ? `its slow answers take from ${fromMs} ms on, and the objective is ${least} ms`
    : null;
}

function isOfTime({ judge }: GateSpec): boolean {
  if (judge.kind === 'latency') return true;
  return judge.kind === 'threshold' && /duration|^p\d/.test(judge.quantity);
}

function ofTheWay(policy: Policy): string | null {
  const through = deciding(policy).some(
    ({ probe }) => probe.kind === 'http' && probe.of === 'balancer',
  );
  return through
    ? null
    : 'no gate asks the way people come; add one with `probe: { http: { of: balancer } }` to verify';
}

/** Their numbers are the app's own: here they are content, and catch nothing. */
function setAside(policy: Policy, droplets: number): readonly string[] {
  const names = allOf(policy)
    .filter(({ probe }) => probe.kind !== 'http' && probe.kind !== 'container')
    .map(({ name, probe }) => `${name} (${probe.kind})`);
  return [
    ...(names.length === 0
      ? []
      : [
          `Taken to be content, since only your app knows their numbers: ${[...new Set(names)].join(', ')}.`,
        ]),
    ...(policy.switch.floor > droplets
      ? [`The pools have ${droplets} droplets here, so \`switch.floor\` counts as ${droplets}.`]
      : []),
    ...(policy.gate.approval === undefined ? [] : ['Whoever must approve does so at once.']),
    ...(policy.drain.warmMs === null ? ['What `drain.warm: never` keeps is let go at once.'] : []),
  ];
}

function deciding(policy: Policy): readonly GateSpec[] {
  return allOf(policy).filter(({ dryRun }) => !dryRun);
}

function allOf({ gate, switch: { gates = [] }, verify }: Policy): readonly GateSpec[] {
  return [...gate.gates, ...gates, ...verify.gates];
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
