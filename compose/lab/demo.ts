// `npm run demo`: four releases under steady load in the lab: one promoted, one stopped by its gate, one rolled back, one aborted.
import { parseArgs } from 'node:util';
import { labUp } from './lab.ts';
import type { Load } from './load.ts';
import { LabError } from './run.ts';
import { type Bgctl, type Ended, openStage, type Stage } from './stage.ts';

const rate = 300;
const requestsMin = 20_000;

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });

/** For the person who watches; stdout belongs to the result. */
function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function demo(): Promise<boolean> {
  const began = performance.now();
  tell(
    '# The lab: four droplets, a registry, a load balancer. The first time this takes a minute or two.',
  );
  const lab = await labUp((line) => tell(`  ${line}`));
  const stage = await openStage(lab, { app: 'shop', port: 8000 });
  let load: Load | null = null;
  try {
    tell('\n# The first release. Pool a: droplets 1, 2.');
    await narrated(stage, ['promote', 'v1'], 0);
    tell(
      `\n# From here on ${rate} requests a second through the load balancer: GET and POST, some of two seconds.`,
    );
    load = await stage.load(rate);
    const outcomes = await scenes(stage);
    await enough(load);
    const { requests, failed, bad } = await load.stop();
    const seconds = Math.round((performance.now() - began) / 1000);
    const result = { requests, failed, bad, ...outcomes, seconds };
    summarise(result);
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : '');
    return failed === 0 && Object.values(outcomes).every((times) => times === 1);
  } finally {
    await load?.stop().catch(() => undefined);
    await stage.close();
  }
}

type Outcomes = { promoted: number; gateFailed: number; rolledBack: number; aborted: number };

async function scenes(stage: Stage): Promise<Outcomes> {
  tell(
    '\n# 1. v2 is a good release: it is proven, gets the traffic, is verified; then v1 is retired.',
  );
  const promoted = await narrated(stage, ['promote', 'v2'], 0);
  tell('\n# 2. v3 answers every request with an error. Its gate sees it before anybody else does.');
  const gateFailed = await narrated(stage, ['promote', 'v3'], 10);
  tell(
    '\n# 3. v4 is good until real traffic arrives, then a third of its answers are errors. bgctl goes back.',
  );
  const rolledBack = await narrated(stage, ['promote', 'v4'], 11);
  tell(
    '\n# 4. v5 is good, but somebody changes their mind while it is being switched to: `bgctl abort`.',
  );
  const aborted = await abortedByHand(stage);
  return { promoted, gateFailed, rolledBack, aborted };
}

async function abortedByHand(stage: Stage): Promise<number> {
  const promotion = echoed(stage.start(['promote', 'v5']));
  await said(promotion, /attach droplets/);
  const abort = await stage.run('abort', '--reason', 'second thoughts');
  tell(`    $ bgctl abort   → exit ${abort.code}: ${abort.stdout.trim()}`);
  const { code } = await promotion.ended;
  tell(`    the promotion that was waiting ended with exit ${code} (aborted by somebody else)`);
  return abort.code === 0 && code === 12 ? 1 : 0;
}

/** Runs bgctl, shows what it says; 1 when it ended as the scene wants. */
async function narrated(stage: Stage, words: readonly string[], wanted: number): Promise<number> {
  tell(`    $ bgctl ${words.join(' ')}`);
  const { code, stdout, ms } = await echoed(stage.start(words)).ended;
  if (stdout.trim() !== '') tell(`    ${stdout.trim()}`);
  tell(`    → exit ${code} after ${Math.round(ms / 1000)} s`);
  return code === wanted ? 1 : 0;
}

function echoed(bgctl: Bgctl): Bgctl {
  bgctl.child.stderr?.on('data', (text: string) => {
    for (const line of text.split('\n')) if (line !== '') tell(`    | ${line}`);
  });
  return bgctl;
}

async function said(bgctl: Bgctl, text: RegExp): Promise<void> {
  const ended = bgctl.ended.then((end: Ended) => {
    if (!text.test(bgctl.said()))
      throw new Error(`bgctl ended with ${end.code} before it said ${text}`);
  });
  const heard = new Promise<void>((resolve) => {
    const look = () => {
      if (text.test(bgctl.said())) resolve();
    };
    bgctl.child.stdout?.on('data', look);
    bgctl.child.stderr?.on('data', look);
    look();
  });
  await Promise.race([heard, ended]);
}

/** So few losses that a short run misses them must not look like none. */
async function enough(load: Load): Promise<void> {
  while ((load.snapshot()?.requests ?? 0) < requestsMin)
    await new Promise((resolve) => setTimeout(resolve, 1000));
}

function summarise(
  result: Outcomes & { requests: number; failed: number; bad: number; seconds: number },
) {
  tell(
    [
      '',
      `${result.requests} requests, ${result.failed} failed, ${result.bad} met v4 while it was bad (errors made to order, exposure to a bad release).`,
      `promoted ${result.promoted}, stopped by the gate ${result.gateFailed}, rolled back ${result.rolledBack}, aborted ${result.aborted}; ${result.seconds} s.`,
      'The lab still stands: `npm run lab -- down` removes it.',
    ].join('\n'),
  );
}

try {
  process.exitCode = (await demo()) ? 0 : 1;
} catch (error) {
  tell(
    error instanceof Error
      ? error instanceof LabError
        ? error.message
        : String(error.stack)
      : String(error),
  );
  process.exitCode = error instanceof LabError ? 2 : 1;
}
