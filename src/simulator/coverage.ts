// What a run of stories should have reached: what befell the app, what it was asked and what was wrong all along, in each phase.
import type { Phase } from '../promotion/app.ts';
import type { Command } from '../promotion/command.ts';
import { happenings, type Script } from './faults.ts';

export const phases: readonly Phase[] = [
  'idle',
  'starting',
  'gating',
  'switching',
  'verifying',
  'retiring',
  'aborting',
  'held',
];

const commands: readonly Command['kind'][] = ['promote', 'abort', 'keep', 'adopt', 'restore'];

/** What is wrong, or otherwise than usual, for as long as a story lasts. */
const lasting: Readonly<Record<string, (script: Script) => boolean>> = {
  'changes fail': ({ flaky }) => flaky > 0,
  'looks see nothing': ({ blind }) => blind > 0,
  'the cloud lies': ({ lies }) => lies > 0,
  'the record lags': ({ recordLagMs }) => recordLagMs > 0,
  'traffic lags': ({ planeLagMs }) => planeLagMs >= 3_000,
  'clocks differ': ({ skewMs }) => skewMs !== 0,
  'no health step': ({ drains }) => !drains,
  'answers name no droplet': ({ identifies }) => identifies !== 'droplet',
};

/** What a policy may ask for beside its gates. */
const options: Readonly<Record<string, (script: Script) => boolean>> = {
  'a person must agree': ({ approval }) => approval !== 'none',
  'one droplet first': ({ steps }) => steps === 'first' || steps === 'first-judged',
  'judged while it joins': ({ steps }) => steps === 'judged' || steps === 'first-judged',
  'hooks are run': ({ hooks }) => hooks !== 'none',
  'a hook fails or hangs': ({ hooks }) => !['none', 'good', 'slow'].includes(hooks),
  'kept warm until let go': ({ warm }) => warm === 'never',
};

export const rows: readonly string[] = [
  ...happenings,
  ...commands.flatMap((kind) => [answered(kind, true), answered(kind, false)]),
  ...Object.keys(lasting),
  ...Object.keys(options),
];

export function answered(kind: Command['kind'], admitted: boolean): string {
  return `${kind}, ${admitted ? 'admitted' : 'refused'}`;
}

export function lastingIn(script: Script): readonly string[] {
  return Object.entries({ ...lasting, ...options })
    .filter(([, holds]) => holds(script))
    .map(([name]) => name);
}

export function cell(row: string, phase: Phase): string {
  return `${row} in ${phase}`;
}

const underWay: readonly Phase[] = ['starting', 'gating', 'switching', 'verifying'];
const notHeld = phases.filter((phase) => phase !== 'held');

function each(row: string, where: readonly Phase[], why: string): readonly [string, string][] {
  return where.map((phase) => [cell(row, phase), why]);
}

/** Cells that cannot be, each with its reason; that one of them was reached is a mistake here or in bgctl. */
export const impossible: ReadonlyMap<string, string> = new Map([
  ...each(
    answered('promote', true),
    [...underWay, 'retiring', 'aborting'],
    'one release at a time: the next is refused until the app is idle',
  ),
  ...each(answered('promote', true), ['held'], 'a person must choose first'),
  ...each(
    answered('abort', false),
    underWay,
    'what is under way before its verification has ended can always be aborted',
  ),
  ...each(answered('abort', true), ['retiring'], 'it was verified: the old one is being removed'),
  ...each(answered('abort', true), ['aborting'], 'it is being aborted already'),
  ...each(answered('abort', true), ['held'], 'between two sides nobody but a person chooses'),
  ...(['keep', 'adopt', 'restore'] as const).flatMap((kind) =>
    each(answered(kind, true), notHeld, 'there is nothing to resolve unless the app is held'),
  ),
]);

/** Cells that could be reached and were not. */
export function missingFrom(reached: ReadonlySet<string>): readonly string[] {
  return rows
    .flatMap((row) => phases.map((phase) => cell(row, phase)))
    .filter((one) => !reached.has(one) && !impossible.has(one));
}

/** Phases across, rows down: how often each cell was reached; `·` never, `–` it cannot be. */
export function table(reached: Readonly<Record<string, number>>): string {
  const width = 11;
  const shown = (one: string) => {
    const times = reached[one] ?? 0;
    if (times > 0) return String(times);
    return impossible.has(one) ? '–' : '·';
  };
  const lines = rows.map(
    (row) =>
      row.padEnd(26) + phases.map((phase) => shown(cell(row, phase)).padStart(width)).join(''),
  );
  const head = ''.padEnd(26) + phases.map((phase) => phase.padStart(width)).join('');
  return [head, ...lines].join('\n');
}
