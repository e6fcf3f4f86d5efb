// `npm run bench`: what a promotion costs people, the balancer's API and this machine; ratios taken in one run.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { labUp } from './lab.ts';
import type { Load } from './load.ts';
import { root } from './model.ts';
import { goLast } from './priority.ts';
import { type Bgctl, type JournalLine, openStage, type Stage } from './stage.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    promotions: { type: 'string', default: '10' },
    rate: { type: 'string', default: '300' },
  },
});

type Cost = { apiCalls: number; sshCommands: number; cpuSeconds: number; peakRssMb: number };

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function bench(): Promise<void> {
  const startup = startupRatio();
  const lab = await labUp((line) => tell(line));
  const stage = await openStage(lab, { app: 'bench', port: 8001 });
  let load: Load | null = null;
  try {
    await must(stage.start(['promote', 'v1', '--json']), 0);
    load = await stage.load(Number(flags.rate));
    load.mark('settling');
    await pause(3_000);
    const costs: Cost[] = [];
    const switches: number[] = [];
    for (let n = 0; n < Number(flags.promotions); n += 1) {
      load.mark('steady');
      await pause(8_000);
      load.mark('starting');
      const { cost, ownMs } = await promotion(stage, load, n % 2 === 0 ? 'v2' : 'v1');
      costs.push(cost);
      switches.push(ownMs);
      tell(`promotion ${n + 1}: own time in the switch ${ownMs} ms, ${JSON.stringify(cost)}`);
    }
    await standing(stage, load);
    load.mark('rollback');
    const rollbackOwnMs = await rollback(stage);
    const { requests, failed, windows, late } = await load.stop();
    const { steady, switch: switching, standing: both } = windows;
    const result = {
      requests,
      failed,
      p99Ratio: ratio(switching?.p99, steady?.p99),
      p99StandingRatio: ratio(both?.p99, steady?.p99),
      switchOwnMs: Math.max(...switches),
      rollbackOwnMs,
      apiCalls: Math.max(...costs.map((cost) => cost.apiCalls)),
      sshCommands: Math.max(...costs.map((cost) => cost.sshCommands)),
      cpuSeconds: Math.max(...costs.map((cost) => cost.cpuSeconds)),
      peakRssMb: Math.max(...costs.map((cost) => cost.peakRssMb)),
      startupRatio: startup,
    };
    tell(
      `short requests: steady p50 ${steady?.p50} ms, p99 ${steady?.p99} ms; during switches p50 ${switching?.p50} ms, p99 ${switching?.p99} ms; both environments running and nothing done p99 ${both?.p99} ms; the load itself was late by ${late.p99} ms (p99)`,
    );
    process.stdout.write(
      `${flags.json ? JSON.stringify(result) : JSON.stringify(result, null, 2)}\n`,
    );
  } finally {
    await load?.stop().catch(() => undefined);
    await stage.close();
  }
}

/** One promotion, watched from outside: by the emulated balancer's own state. */
async function promotion(
  stage: Stage,
  load: Load,
  version: string,
): Promise<{ cost: Cost; ownMs: number }> {
  const before = stage.journal().length;
  const bgctl = stage.start(['promote', version, '--json']);
  goLast(bgctl.child.pid ?? 0);
  const usage = watchUsage(bgctl);
  const watched = await watchSwitch(stage, bgctl, load);
  const { stdout } = await must(bgctl, 0);
  const { apiCalls, sshCommands } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
  const lines = stage.journal().slice(before);
  return { cost: { apiCalls, sshCommands, ...usage() }, ownMs: switchOwnMs(lines, watched) };
}

type Watched = {
  /** When the last of the new targets came up. */
  upAt: number;
  /** When the last of the old targets went down, or had its last request in flight. */
  emptyAt: number;
};

async function watchSwitch(stage: Stage, bgctl: Bgctl, load: Load): Promise<Watched> {
  const old = await stage.attached();
  const watched = { upAt: 0, emptyAt: 0 };
  let marked = false;
  while (bgctl.child.exitCode === null && !bgctl.said().includes('"phase":"verifying"')) {
    const said = bgctl.said();
    if (!marked && said.includes('"phase":"switching"')) {
      load.mark('switch');
      marked = true;
    }
    if (marked) await note(stage, old, watched);
    await pause(50);
  }
  load.mark('verifying');
  return watched;
}

async function note(stage: Stage, old: readonly number[], watched: Watched): Promise<void> {
  const state = await stage.emulator.admin.state();
  for (const target of state.balancers[0]?.targets ?? []) {
    const isOld = old.includes(target.dropletId);
    if (!isOld && target.state === 'UP') watched.upAt = Math.max(watched.upAt, target.since);
    if (isOld && target.state === 'DOWN') watched.emptyAt = Math.max(watched.emptyAt, target.since);
    if (isOld && target.active > 0) watched.emptyAt = Date.now();
  }
}

/** From "green proven" to "blue detached", less what the balancer took for its health checks and people's open requests. */
function switchOwnMs(lines: readonly JournalLine[], { upAt, emptyAt }: Watched): number {
  const proven = timeOf(lines, (line) => line.type === 'entered' && line.phase === 'switching');
  const attached = timeOf(
    lines,
    (line) => line.type === 'settled' && kindOf(line) === 'attach-droplets',
  );
  const silenced = lastTimeOf(
    lines,
    (line) => line.type === 'settled' && kindOf(line) === 'fail-health',
  );
  const committed = timeOf(lines, (line) => line.type === 'committed');
  const detached = timeOf(
    lines,
    (line) => line.type === 'settled' && kindOf(line) === 'detach-droplets',
  );
  const own =
    attached - proven + (committed - upAt) + (silenced - committed) + (detached - emptyAt);
  return Math.round(own);
}

/** Both environments run and nothing is done: what a second environment costs on this machine, bgctl or not. */
async function standing(stage: Stage, load: Load): Promise<void> {
  load.mark('starting');
  await must(stage.start(['promote', 'v5', '--wait=ready']), 0);
  await pause(2_000);
  load.mark('standing');
  await pause(20_000);
  load.mark('verifying');
  await must(stage.start(['abort']), 0);
}

/** From the abort until the old environment serves again, less the balancer's health checks. */
async function rollback(stage: Stage): Promise<number> {
  const old = await stage.attached();
  const bgctl = stage.start(['promote', 'v6', '--json']);
  while (!bgctl.said().includes('"phase":"verifying"')) await pause(50);
  // The balancer refuses writes for a while after the last one: its time, not ours.
  await pause(3_000);
  const before = stage.journal().length;
  const aborted = stage.start(['abort', '--json']);
  let upAt = 0;
  while (aborted.child.exitCode === null) {
    const state = await stage.emulator.admin.state();
    const targets = (state.balancers[0]?.targets ?? []).filter(({ dropletId }) =>
      old.includes(dropletId),
    );
    if (upAt === 0 && targets.length > 0 && targets.every((target) => target.state === 'UP'))
      upAt = Math.max(...targets.map((target) => target.since));
    await pause(50);
  }
  await must(aborted, 0);
  await bgctl.ended;
  const lines = stage.journal().slice(before);
  const asked = timeOf(lines, (line) => line.type === 'asked');
  const attached = timeOf(
    lines,
    (line) => line.type === 'settled' && kindOf(line) === 'attach-droplets',
  );
  // The first thing done to the other side is done because the old one was seen to serve.
  const seen = timeOf(
    lines,
    (line) => line.type === 'acted' && /fail-health|detach/.test(kindOf(line)),
  );
  return Math.round(attached - asked + (seen - upAt));
}

function kindOf(line: JournalLine): string {
  return (line.effect as { kind?: string } | undefined)?.kind ?? '';
}

function timeOf(lines: readonly JournalLine[], wanted: (line: JournalLine) => boolean): number {
  return Number(lines.find(wanted)?.at ?? Number.NaN);
}

function lastTimeOf(lines: readonly JournalLine[], wanted: (line: JournalLine) => boolean): number {
  return Number(lines.findLast(wanted)?.at ?? Number.NaN);
}

/** CPU seconds and peak memory of a process, read while it lives. */
function watchUsage(bgctl: Bgctl): () => { cpuSeconds: number; peakRssMb: number } {
  const { pid } = bgctl.child;
  const used = { cpuSeconds: 0, peakRssMb: 0 };
  const timer = setInterval(() => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      used.cpuSeconds = (Number(fields[11]) + Number(fields[12])) / ticksASecond;
      const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      // A process that has just ended has none.
      used.peakRssMb = Math.max(used.peakRssMb, Math.round(Number(peak ?? 0) / 1024));
    } catch {
      // It has ended: what was read last counts.
    }
  }, 100);
  return () => {
    clearInterval(timer);
    return used;
  };
}

const ticksASecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** `bgctl --version` against `node -e 0`: medians of runs that take turns. */
function startupRatio(): number {
  const program = join(root, 'dist', 'main.js');
  const ours: number[] = [];
  const nothing: number[] = [];
  for (let n = 0; n < 15; n += 1) {
    nothing.push(timed(['-e', '0']));
    ours.push(timed([program, '--version']));
  }
  return ratio(median(ours), median(nothing));
}

function timed(words: readonly string[]): number {
  const began = performance.now();
  spawnSync(process.execPath, [...words]);
  return performance.now() - began;
}

function median(times: readonly number[]): number {
  return [...times].sort((one, other) => one - other)[Math.floor(times.length / 2)] ?? Number.NaN;
}

function ratio(one: number | null | undefined, other: number | null | undefined): number {
  return Number(((one ?? Number.NaN) / (other ?? Number.NaN)).toFixed(2));
}

async function must(bgctl: Bgctl, code: number) {
  const ended = await bgctl.ended;
  if (ended.code !== code)
    throw new Error(`bgctl ended with ${ended.code}, not ${code}:\n${ended.stderr}${ended.stdout}`);
  return ended;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

await bench();
