// What every row needs: a stage of its own with quick settings, waiting for conditions, and one way to judge an end.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, vi } from 'vitest';
import { exec, resetDroplets } from '../../compose/lab/faults.ts';
import type { LabDroplet } from '../../compose/lab/lab.ts';
import type { Load, Summary } from '../../compose/lab/load.ts';
import {
  type Bgctl,
  type Ended,
  openStage,
  type Stage,
  type StageOptions,
} from '../../compose/lab/stage.ts';
import { decode } from '../../src/journal/codec.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { App, Outcome, Phase } from '../../src/promotion/app.ts';
import type { Entry } from '../../src/promotion/entry.ts';
import { fold } from '../../src/promotion/fold.ts';
import { takePort } from './ports.ts';
import { quickPolicy } from './quick.ts';
import { expectNoSecrets, secretsOf, watchCommandLines } from './secrets.ts';
import { beside, exclusively } from './turns.ts';

export type Row = Partial<Omit<StageOptions, 'port'>> & {
  /** The row breaks whole droplets: no other row runs meanwhile. */
  readonly breaksDroplets?: boolean;
};

// Much of it may be spent waiting for a turn: rows that break droplets have the lab to themselves, one after the other.
vi.setConfig({ testTimeout: 900_000 });

const quickCheck = {
  checkIntervalSeconds: 1,
  // Ample: on a busy machine a healthy target answers late, and draining is told by a status, not by silence.
  responseTimeoutSeconds: 4,
  healthyThreshold: 2,
  unhealthyThreshold: 2,
};
const quickKnobs = { enforceHealthRanges: false, busyMs: 500, propagationMs: 300 };
let opened = 0;

/** Runs `work` on a stage of its own, and takes everything away afterwards. */
export async function onStage(row: Row, work: (stage: Stage) => Promise<void>): Promise<void> {
  const { breaksDroplets = false, ...options } = row;
  const turn = breaksDroplets ? exclusively : beside;
  await turn(async () => {
    const port = await takePort();
    try {
      await clearPort(port.port);
      opened += 1;
      const stage = await openStage(inject('lab'), {
        app: `e${process.pid.toString(36)}x${opened}`,
        isNew: true,
        port: port.port,
        policy: quickPolicy(),
        ...options,
        healthCheck: { ...quickCheck, ...options.healthCheck },
        knobs: { ...quickKnobs, ...options.knobs },
      });
      const leak = watchCommandLines(secretsOf(stage));
      try {
        await work(stage);
        expect(leak.found(), 'a secret is in a process list').toEqual([]);
      } finally {
        leak.stop();
        await stage.close();
      }
    } finally {
      port.giveBack();
    }
  });
}

/** Removes what a test process that was killed has left on a port that is ours now. */
async function clearPort(port: number): Promise<void> {
  const silent = await Promise.all(inject('lab').droplets.map((one) => isSilent(one, port)));
  if (silent.every(Boolean)) return;
  const label = '{{.Label "com.docker.compose.project"}}';
  const words = ['docker', 'ps', '--filter', `publish=${port}`, '--format', label];
  const found = await Promise.all(inject('lab').droplets.map((one) => exec(one, words)));
  const projects = found.flatMap(({ stdout }) => stdout.split('\n')).filter(Boolean);
  const apps = new Set(projects.map((project) => project.replace(/-r\d+$/, '')));
  for (const app of apps) await resetDroplets({ app });
}

/** Whether nothing listens there: the droplet's own proxy takes the call and ends it at once. */
async function isSilent({ address }: LabDroplet, port: number): Promise<boolean> {
  const signal = AbortSignal.timeout(2_000);
  return fetch(`http://${address}:${port}/`, { signal }).then(
    () => false,
    (error: Error) => error.name !== 'TimeoutError',
  );
}

/** Promotes `version` and insists that it went well: where a row only begins. */
export async function given(stage: Stage, version: string): Promise<Ended> {
  const ended = await stage.run('promote', version);
  expectExit(ended, 0);
  return ended;
}

/** Waits until `bgctl` has said `text`; rejects with everything it said when it ends without. */
export async function said(bgctl: Bgctl, text: string | RegExp, limitMs = 240_000): Promise<void> {
  const has = () =>
    typeof text === 'string' ? bgctl.said().includes(text) : text.test(bgctl.said());
  let ended: Ended | null = null;
  void bgctl.ended.then((end) => {
    ended = end;
  });
  await until(`bgctl says ${text}`, has, {
    limitMs,
    stop: () => (ended !== null && !has() ? `it ended instead:\n${told(ended)}` : null),
    why: () => bgctl.said(),
  });
}

/** Waits until the journal has a line for which `which` holds, and returns it. */
export async function journaled(
  stage: Stage,
  what: string,
  which: (entry: Entry) => boolean,
  limitMs = 240_000,
): Promise<Entry> {
  const find = () => linesOf(stage).find(which);
  const why = () =>
    linesOf(stage)
      .map((line) => JSON.stringify(line).slice(0, 200))
      .join('\n');
  await until(`the journal has ${what}`, () => find() !== undefined, { limitMs, why });
  return find() as Entry;
}

/** Waits until the app's phase is entered for the `nth` time. */
export function entered(stage: Stage, phase: Phase, nth = 1): Promise<Entry> {
  const is = (line: Entry) => line.type === 'entered' && line.phase === phase;
  return journaled(stage, `phase ${phase}`, (entry) => {
    return is(entry) && linesOf(stage).filter((l) => is(l) && l.seq <= entry.seq).length >= nth;
  });
}

type Waiting = {
  readonly limitMs?: number;
  /** A reason to give up at once. */
  readonly stop?: () => string | null;
  readonly why?: () => string;
};

/** Asks again and again until `ask` is true; rejects, saying what was awaited, at the limit. */
export async function until(
  what: string,
  ask: () => boolean | Promise<boolean>,
  { limitMs = 120_000, stop = () => null, why = () => '' }: Waiting = {},
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await ask())) {
    const reason = stop();
    if (reason !== null) throw new Error(`not so: ${what}; ${reason}`);
    if (performance.now() > end)
      throw new Error(`not so within ${limitMs / 1000} s: ${what}\n${why()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The journal's lines as they stand now, of a file that may be written just now. */
export function linesOf(stage: Stage): readonly Entry[] {
  try {
    return stage.journal() as readonly unknown[] as readonly Entry[];
  } catch {
    // Its last line is being written: there is a next time.
    return [];
  }
}

export type Pool = 'a' | 'b';
export const pools: Readonly<Record<Pool, readonly number[]>> = { a: [1, 2], b: [3, 4] };

/** `app-r2@3`, `app-r2@4`: a release as `stage.projects` lists it. */
export function on(stage: Stage, release: string, pool: Pool): readonly string[] {
  return pools[pool].map((droplet) => `${stage.app}-${release}@${droplet}`);
}

export type End = {
  /** Ended commands and the exit codes they must have. */
  readonly exits?: readonly (readonly [Ended, number])[];
  /** Of a load that has been stopped. `failed` is 0 unless the row says why it may be more. */
  readonly load?: Summary;
  readonly failed?: 'may be';
  /** Whether answers that the app itself spoilt are part of the row. Not, unless said. */
  readonly bad?: 'some' | 'may be';
  /** Droplets in the balancer, foreign ones included. */
  readonly attached: readonly number[];
  /** As `on` gives them. */
  readonly projects: readonly string[];
  readonly phase?: 'idle' | 'held';
  readonly last?: Outcome['is'] | null;
};

/** How a row must have ended; the first difference is told with what bgctl said. Returns the folded app. */
export async function expectEnd(stage: Stage, end: End): Promise<App> {
  for (const [ended, code] of end.exits ?? []) expectExit(ended, code);
  const said = stage.written().slice(-6000);
  expect(await stage.attached(), `in the balancer\n${said}`).toEqual(end.attached);
  expect(await stage.projects(), `running projects\n${said}`).toEqual([...end.projects].sort());
  const app = await folded(stage);
  expect(app.phase, `phase\n${said}`).toBe(end.phase ?? 'idle');
  expect(app.unsettled, 'effects that never settled').toEqual([]);
  expect(app.asked, 'a command that was never answered').toBeNull();
  if (end.last !== undefined) expect(app.last?.is ?? null, said).toBe(end.last);
  if (end.load !== undefined) expectLoad(end.load, end);
  await expectNoSecrets(stage);
  return app;
}

export function expectExit(ended: Ended, code: number): void {
  expect(ended.code, told(ended)).toBe(code);
}

function expectLoad(load: Summary, { failed, bad }: Pick<End, 'failed' | 'bad'>): void {
  // `late`: seconds there mean that this machine lacked the CPU to send requests, let alone to answer them.
  const { failureKinds, failures, late } = load;
  const story = JSON.stringify({ failureKinds, late, failures });
  if (failed === undefined) expect(load.failed, `of ${load.requests} requests: ${story}`).toBe(0);
  // An abort right after the beginning takes two seconds.
  expect(load.requests, 'there was load').toBeGreaterThan(30);
  if (bad === 'some') expect(load.bad, 'exposure to the bad release').toBeGreaterThan(0);
  if (bad === undefined) expect(load.bad, 'answers spoilt to order').toBe(0);
}

/** The app as the journal tells it, wherever it lies, decoded and folded as bgctl does. */
export async function folded(stage: Stage): Promise<App> {
  const { entries } = decode(await journalText(stage), stage.app);
  return fold(stage.app, nowhere, entries);
}

async function journalText(stage: Stage): Promise<string> {
  const here = join(stage.directory, 'journal', `${stage.app}.jsonl`);
  if (existsSync(here)) return readFileSync(here, 'utf8');
  // With `journal: 'ssh'` it lies on the first droplet.
  const [droplet] = inject('lab').droplets;
  if (droplet === undefined) return '';
  const there = `/opt/${stage.app}/bgctl/${stage.app}.jsonl`;
  return (await exec(droplet, ['cat', there])).stdout;
}

/** Never judged by: every promotion brings its own into the journal. */
const nowhere = {} as Policy;

function told({ code, signal, stdout, stderr, ms }: Ended): string {
  return `exit ${code ?? signal} after ${Math.round(ms)} ms\n${stderr.slice(-6000)}\n${stdout.slice(-2000)}`;
}

/** The only container of a release on a droplet. */
export function containerOf(stage: Stage, release: string): string {
  return `${stage.app}-${release}-web-1`;
}

/** Runs docker words on each of the droplets; all must succeed, on a busy machine perhaps not at once. */
export async function dockerOn(
  droplets: readonly number[],
  ...words: readonly string[]
): Promise<readonly string[]> {
  const chosen = inject('lab').droplets.filter(({ id }) => droplets.includes(id));
  return Promise.all(
    chosen.map(async (droplet) => {
      let ran = await exec(droplet, ['docker', ...words]);
      // A container that works hard cannot always be frozen at the first try.
      for (let tries = 1; ran.code !== 0 && tries < 5; tries += 1)
        ran = await exec(droplet, ['docker', ...words]);
      expect(ran.code, `docker ${words.join(' ')} on ${droplet.name}: ${ran.stderr}`).toBe(0);
      return ran.stdout;
    }),
  );
}

/** Writes another policy where the stage's bgctl.yml names it: the next promotion brings it along. */
export function usePolicy(stage: Stage, policy: string): void {
  writeFileSync(join(stage.directory, 'policy.yml'), policy);
}

/** The release that the balancer's own address answers from, as a visitor sees it; '' without an answer. */
export async function servedBy(stage: Stage): Promise<string> {
  try {
    const answer = await fetch(stage.front, { headers: { connection: 'close' } });
    await answer.arrayBuffer();
    return (answer.headers.get('x-bgctl-environment') ?? '').replace(`${stage.app}-`, '');
  } catch {
    return '';
  }
}

/** Steady load for as long as `work` takes, and its sum; every request crosses five processes of this machine. */
export async function underLoad(
  stage: Stage,
  work: (load: Load) => Promise<void>,
  rate = 15,
): Promise<Summary> {
  const load = await stage.load(rate);
  try {
    await work(load);
  } finally {
    await load.stop();
  }
  return load.ended;
}
