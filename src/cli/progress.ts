// Status → lines on a screen: the phases as a list, with what is being waited for and why. Pure.
import type { Status } from '../controller/status.ts';
import { type App, environmentsOf, type Phase } from '../promotion/app.ts';
import type { Entry } from '../promotion/entry.ts';

/** A phase that was entered while we watched. */
type Leg = { readonly phase: Phase; readonly at: number; readonly because: string };

const way: readonly Phase[] = ['starting', 'gating', 'switching', 'verifying', 'retiring'];

/** The phases entered, in order, of the promotion that the entries end with. */
function legsOf(entries: readonly Entry[]): readonly Leg[] {
  const legs: Leg[] = [];
  for (const entry of entries) {
    if (entry.type === 'asked' && entry.command.kind === 'promote') legs.length = 0;
    if (entry.type === 'entered')
      legs.push({ phase: entry.phase, at: entry.at, because: entry.because });
  }
  return legs;
}

export function progressLines(
  status: Status,
  entries: readonly Entry[],
  width: number,
): readonly string[] {
  const legs = legsOf(entries);
  const done = legs.map((leg, index) => legLine(leg, legs[index + 1]?.at ?? null, status));
  const ahead = comingOf(legs).map((phase) => `  ○ ${phase}`);
  return [headline(status.app), ...done, ...ahead].map((line) => clip(line, width));
}

function headline(app: App): string {
  const { live, other } = environmentsOf(app);
  const names = [live, other]
    .filter((environment) => environment !== null)
    .map(
      (one) => `${one.release.id} ${one.state} on pool ${one.pool} (${one.droplets.join(', ')})`,
    );
  return `${app.name}: ${names.length === 0 ? 'nothing runs' : names.join('; ')}`;
}

function legLine(leg: Leg, endedAt: number | null, status: Status): string {
  const tookS = Math.max(0, Math.round(((endedAt ?? status.at) - leg.at) / 1000));
  const name = leg.phase.padEnd(10);
  if (endedAt !== null) return `  ✓ ${name} ${`${tookS} s`.padStart(6)}`;
  if (leg.phase === 'idle') return `  ✓ ${name}         ${leg.because}`;
  const mark = leg.phase === 'held' ? '!' : '●';
  return `  ${mark} ${name} ${`${tookS} s`.padStart(6)}  ${waitingFor(status, leg)}`;
}

function waitingFor({ step, at }: Status, leg: Leg): string {
  if (step === null || step.is === 'enter') return leg.because;
  const left =
    step.is === 'wait' && step.until !== null && step.until > at
      ? ` (at most ${Math.ceil((step.until - at) / 1000)} s)`
      : '';
  return `${step.because}${left}`;
}

function comingOf(legs: readonly Leg[]): readonly Phase[] {
  const last = legs.at(-1)?.phase;
  if (last === undefined) return way;
  const index = way.indexOf(last);
  return index === -1 ? [] : way.slice(index + 1);
}

function clip(line: string, width: number): string {
  const flat = line.replace(/\s*\n\s*/g, ' | ');
  return flat.length <= width ? flat : `${flat.slice(0, Math.max(width - 1, 1))}…`;
}
