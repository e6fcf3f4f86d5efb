// Rehearses a policy against each kind of release and shows what became of it: a row at a time, then a page.
import { writeFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { systemClock } from '../lib/clock.ts';
import { isPolicyName } from '../policy/app-rules.ts';
import { shippedPolicies } from '../policy/defaults.ts';
import { parsePolicy } from '../policy/parse.ts';
import type { Policy } from '../policy/policy.ts';
import { type Rehearsal, type Row, rowOf } from '../report/rehearsal.ts';
import { rehearsalPage } from '../report/rehearsal-page.ts';
import { remarksOn, timesOf } from '../report/rehearsal-remarks.ts';
import { headline, legend, tableHead, tableRow, wordsOn } from '../report/rehearsal-table.ts';
import { healthy, type Kind, kinds, slowFromMs } from '../simulator/kinds.ts';
import { Random } from '../simulator/random.ts';
import { dropletsInPool, rehearse } from '../simulator/rehearsal.ts';
import { stage } from '../stage.ts';
import { type GlobalOptions, readPolicy, readSettings, shipped } from './connect.ts';
import { type Conclusion, exit, refused } from './exit.ts';
import { readArgument, sound } from './files.ts';
import { openOutput, redactor } from './output.ts';
import { pageAssets } from './page-assets.ts';
import { secretsOfEnvironment } from './secrets.ts';

export type RehearseOptions = {
  readonly policy?: string | undefined;
  readonly against: number;
  readonly runs: number;
  readonly seed: number;
  readonly html?: string | undefined;
};

/** What of bgctl.yml a promotion's course depends on. */
type App = { readonly drains: boolean; readonly identifies: 'droplet' | 'environment' | 'nothing' };

export type Wanted = App & {
  readonly policy: Policy;
  readonly against: number;
  readonly runs: number;
  readonly seed: number;
  readonly onRow?: (row: Row) => void;
};

export async function rehearsed(options: GlobalOptions & RehearseOptions): Promise<Conclusion> {
  const { json, against, runs, seed, html } = options;
  const { policy, app } = await found(options);
  // Millions of small objects: with as little room for new ones as any other command has, half of the time is clearing up.
  setFlagsFromString('--semi-space-growth-factor=2');
  const output = openOutput({ json, redact: redactor(secretsOfEnvironment(process.env)) });
  const about = { policy: policy.name, against, runs, seed };
  const head = [headline(about), '', ...tableHead];
  if (!json) output.result({}, head.join('\n'));
  const onRow = (row: Row) => output.result({ event: 'rehearsed', ...row }, tableRow(row));
  const rehearsal = await rehearseAll({ ...app, policy, against, runs, seed, onRow });
  if (html !== undefined) await writePage(html, rehearsal);
  const { rows, remarks } = rehearsal;
  const times = rows[0] === undefined ? '' : timesOf(rows[0]);
  const words = ['', ...legend, '', ...wordsOn(rehearsal), ...(html === undefined ? [] : [html])];
  return {
    code: exit.done,
    outcome: 'rehearsed',
    message: json ? [times, ...remarks].join(' ') : words.join('\n'),
    data: { ...about, remarks, ...(html === undefined ? {} : { report: html }) },
  };
}

/** One kind after the other; every kind meets the same chances. */
export async function rehearseAll(wanted: Wanted): Promise<Rehearsal> {
  const { policy, against, runs, seed, onRow = () => undefined } = wanted;
  const rows: Row[] = [];
  for (const kind of kinds) {
    const row = await rowFor(kind, wanted);
    rows.push(row);
    onRow(row);
  }
  const remarks = remarksOn(policy, rows, {
    errors: Object.fromEntries(
      kinds.filter(isPlainlyBroken).map(({ name, behaviour }) => [name, behaviour.errors]),
    ),
    slow: { release: 'slow', fromMs: slowFromMs },
    underTraffic: 'under traffic',
    droplets: dropletsInPool,
  });
  return { policy: policy.name, against, runs, seed, rows, remarks };
}

function isPlainlyBroken({ name, behaviour }: Kind): boolean {
  return behaviour.errors > healthy.behaviour.errors && !behaviour.onlyUnderTraffic && name !== '';
}

async function rowFor(kind: Kind, wanted: Wanted): Promise<Row> {
  const { policy, against, runs, seed, drains, identifies } = wanted;
  const all = [];
  for (let run = 0; run < runs; run += 1) {
    const chance = new Random(seed * 7_919 + run);
    const production = stage(() => chance.next());
    const given = { policy, kind, perSecond: against, drains, identifies, production };
    all.push(await rehearse({ ...given, seed: seed * 7_919 + run }));
    // Nothing in there waits for anything real: lets signals and output through.
    await systemClock.sleep(0);
  }
  return rowOf(kind.name, kind.tells, all);
}

/** The policy that is named, for an app as most are; or the one that bgctl.yml names, for the app that it describes. */
async function found(
  options: GlobalOptions & RehearseOptions,
): Promise<{ readonly policy: Policy; readonly app: App }> {
  const { policy: named } = options;
  if (named !== undefined) {
    const file = fileOf(named);
    return {
      policy: sound(parsePolicy(await readArgument(file, '--policy'), file)),
      app: { drains: true, identifies: 'droplet' },
    };
  }
  const { written, settings } = await readSettings(options.config);
  const { identity, drain } = settings.traffic;
  const names = identity.kind === 'header' && identity.droplet !== null;
  const identifies = identity.kind === 'none' ? 'nothing' : names ? 'droplet' : 'environment';
  return {
    policy: sound(parsePolicy(await readPolicy(written, settings), settings.policy)),
    app: { drains: drain !== null, identifies },
  };
}

function fileOf(named: string): string {
  if (!isPolicyName(named)) return named;
  if (shippedPolicies.some((one) => one === named)) return shipped(named);
  throw refused(
    `--policy ${named}: no such policy comes with bgctl; write one of ${shippedPolicies.join(', ')}, or a path such as ./policy.yml`,
  );
}

async function writePage(file: string, rehearsal: Rehearsal): Promise<void> {
  const page = rehearsalPage(rehearsal, await pageAssets('rehearsal'));
  await writeFile(file, page).catch((error: Error) => {
    throw refused(`${file} cannot be written: ${error.message}`);
  });
}
