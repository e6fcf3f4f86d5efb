// From the journal's entries and what was recorded beside them to a report; from the journal alone where nothing was recorded.

import { describeEntry } from '../promotion/describe.ts';
import type { Entry } from '../promotion/entry.ts';
import { projectName } from '../promotion/environment.ts';
import type { Promotion } from '../promotion/history.ts';
import { actionsOf } from './actions.ts';
import { together } from './merge.ts';
import { nextOf } from './next.ts';
import { phasesOf, verdictsOf } from './phases.ts';
import type { ContainerEvent, Recording } from './recording.ts';
import type { Report, Said } from './report.ts';
import { type Gate, sourcesOf } from './sources.ts';

export type Told = { readonly code: number; readonly message: string };

export function reportOf(
  app: string,
  promotion: Promotion,
  recordings: readonly Recording[],
  told: Told,
): Report {
  const { release, pool, by, askedAt, command, outcome } = promotion;
  const entries = promotion.entries.slice(0, promotion.length);
  const recording = together(recordings);
  const end = entries.at(-1)?.at ?? askedAt;
  const now = { id: release.id, project: projectName(app, release.id) };
  const before = promotion.before && {
    id: promotion.before.release.id,
    project: promotion.before.project,
  };
  const phases = phasesOf(entries);
  const gates = gatesOf(command.policy);
  const isDryRun = (phase: string, gate: string) =>
    gates.some((one) => one.phase === phase && one.name === gate && one.dryRun);
  const is = outcome?.is ?? (promotion.app.phase === 'held' ? 'held' : 'under-way');
  const next = nextOf(promotion.app, is);
  return {
    version: 1,
    app,
    release: {
      ...now,
      pool,
      droplets: command.droplets,
      images: release.images,
      composeHash: release.composeHash,
      env: release.env,
    },
    before,
    asked: { by, at: askedAt },
    result: { is, exit: told.code, at: end, message: told.message, next },
    committedAt: entries.find(({ type }) => type === 'committed')?.at ?? null,
    phases,
    verdicts: verdictsOf(entries, recording.verdicts, isDryRun),
    sources: sourcesOf(gates, recording.series, phases, { sides: { now, before }, end }),
    actions: actionsOf(entries),
    commands: said(entries, 'asked'),
    drivers: said(entries, 'leased'),
    waits: recording.waits.filter(({ at }) => at >= askedAt && at <= end),
    containers: recording.containers.map((event) => ({
      ...event,
      ordered: ordered(entries, event),
    })),
    logs: recording.logs,
    policy: command.policy,
    missing: missing(recordings, recording, is !== 'promoted' && is !== 'under-way'),
  };
}

function said(entries: readonly Entry[], type: 'asked' | 'leased'): readonly Said[] {
  return entries.flatMap((entry) =>
    (entry.type === 'asked' || entry.type === 'leased') && entry.type === type
      ? [{ at: entry.at, by: entry.by, what: describeEntry(entry) }]
      : [],
  );
}

/** Every phase of the policy that has gates, whatever its name; `gate` and `verify` are gating and verifying. */
function gatesOf(policy: object): readonly Gate[] {
  const names: Readonly<Record<string, string>> = {
    gate: 'gating',
    switch: 'switching',
    verify: 'verifying',
  };
  return Object.entries(policy).flatMap(([key, phase]) => {
    const gates: unknown = typeof phase === 'object' && phase !== null ? phase.gates : null;
    if (!Array.isArray(gates)) return [];
    return gates.map((gate: Record<string, unknown>) => ({
      phase: names[key] ?? key,
      name: String(gate.name),
      probe: (gate.probe ?? {}) as Gate['probe'],
      judge: (gate.judge ?? {}) as Gate['judge'],
      dryRun: gate.dryRun === true,
    }));
  });
}

/** Told to fail its health check by then, and not yet told to pass it again. */
function ordered(entries: readonly Entry[], { at, project, droplet, is }: ContainerEvent): boolean {
  if (is !== 'unhealthy' && is !== 'starting') return false;
  const last = entries.findLast(
    (entry) =>
      entry.type === 'acted' &&
      entry.at <= at &&
      (entry.effect.kind === 'fail-health' || entry.effect.kind === 'restore-health') &&
      entry.effect.project === project &&
      entry.effect.droplet === droplet,
  );
  return last?.type === 'acted' && last.effect.kind === 'fail-health';
}

function missing(
  parts: readonly Recording[],
  { leftOut, logs }: Recording,
  failed: boolean,
): readonly string[] {
  if (parts.length === 0)
    return [
      'Nothing was recorded beside the journal (an older bgctl, or the place of the journal could not be written): there are no charts, no container events and no logs. All that was decided and done is here.',
    ];
  return [
    ...(leftOut === 0 ? [] : [`${leftOut} more events were not recorded: there were too many.`]),
    ...(failed && logs.length === 0
      ? ['No log lines of the new release were read: it had said nothing, or could not be reached.']
      : []),
  ];
}
