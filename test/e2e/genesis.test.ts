// An empty or lost journal proves nothing: what is there is held until a person says what it is, and nothing is swept.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { exec } from '../../compose/lab/faults.ts';
import type { Stage } from '../../compose/lab/stage.ts';
import { changes, healthy } from './cloud.ts';
import { expectEnd, expectExit, given, on, onStage, pools, underLoad } from './kit.ts';

test('a compose app of the operator is held, adopted, replaced on the other pool, and what is not switched stays', () =>
  onStage({ attached: pools.a }, async (stage) => {
    await byHand(stage, stage.app, pools.a, { keeper: true });
    await healthy(stage, pools.a);
    const load = await underLoad(stage, async () => {
      const held = await stage.run('promote', 'v2');
      expectExit(held, 13);
      expect(held.stderr).toContain('droplets 1, 2 serve in the load balancer');
      expect(held.stderr).toContain('bgctl resolve --adopt');
      await untouched(stage, [1, 2], [`${stage.app}@1`, `${stage.app}@2`]);
      const adopted = await stage.run('resolve', '--adopt');
      expectExit(adopted, 0);
      await untouched(stage, [1, 2], [`${stage.app}@1`, `${stage.app}@2`]);
      expectExit(await stage.run('promote', 'v2'), 0);
    });
    const app = await expectEnd(stage, {
      load,
      attached: pools.b,
      projects: [`${stage.app}@1`, `${stage.app}@2`, ...on(stage, 'r2', 'b')],
      last: 'promoted',
    });
    expect(Object.keys(load.byVersion).sort()).toEqual(['v1', 'v2']);
    expect(app.present.map(({ project }) => project)).not.toContain(stage.app);
    for (const droplet of pools.a) {
      expect(await servicesOn(stage, droplet, stage.app)).toEqual(['keeper']);
      expect(await networksOn(stage, droplet, stage.app)).toEqual([`${stage.app}_default`]);
    }
    await given(stage, 'v5');
    await expectEnd(stage, {
      attached: pools.a,
      projects: [`${stage.app}@1`, `${stage.app}@2`, ...on(stage, 'r3', 'a')],
      last: 'promoted',
    });
  }));

test('a release that fails beside an adopted app goes, the adopted one never lost traffic', () =>
  onStage({ attached: pools.b }, async (stage) => {
    await byHand(stage, stage.app, pools.b, { keeper: true });
    await healthy(stage, pools.b);
    expectExit(await stage.run('promote', 'v2'), 13);
    expectExit(await stage.run('resolve', '--adopt'), 0);
    const load = await underLoad(stage, async () => {
      expectExit(await stage.run('promote', 'crash'), 10);
    });
    await expectEnd(stage, {
      load,
      attached: pools.b,
      projects: [`${stage.app}@3`, `${stage.app}@4`],
      last: 'failed',
    });
    for (const droplet of pools.b)
      expect(await servicesOn(stage, droplet, stage.app)).toEqual(['keeper', 'web']);
  }));

test('a release that goes bad after the switch is rolled back to the adopted app, which cannot say its name', () =>
  onStage({ attached: pools.a }, async (stage) => {
    await byHand(stage, stage.app, pools.a, { keeper: true });
    await healthy(stage, pools.a);
    expectExit(await stage.run('promote', 'v4'), 13);
    expectExit(await stage.run('resolve', '--adopt'), 0);
    const load = await underLoad(stage, async () => {
      expectExit(await stage.run('promote', 'v4'), 11);
    });
    await expectEnd(stage, {
      load,
      bad: 'some',
      attached: pools.a,
      projects: [`${stage.app}@1`, `${stage.app}@2`],
      last: 'rolled-back',
    });
    for (const droplet of pools.a)
      expect(await servicesOn(stage, droplet, stage.app)).toEqual(['keeper', 'web']);
  }));

test('a journal that was lost is held; once adopted, releases go on with the next number', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    await given(stage, 'v2');
    const before = (await changes(stage)).length;
    const load = await underLoad(stage, async () => {
      rmSync(join(stage.directory, 'journal', `${stage.app}.jsonl`));
      const held = await stage.run('promote', 'v5');
      expectExit(held, 13);
      expect(held.stderr).toContain('bgctl resolve --adopt');
      await untouched(stage, pools.b, on(stage, 'r2', 'b'), before);
      expectExit(await stage.run('resolve', '--adopt'), 0);
      await untouched(stage, pools.b, on(stage, 'r2', 'b'), before);
      expectExit(await stage.run('promote', 'v5'), 0);
    });
    await expectEnd(stage, {
      load,
      attached: pools.a,
      projects: on(stage, 'r3', 'a'),
      last: 'promoted',
    });
  }));

test('a journal that was lost with all its files is adopted too; a droplet that knows a higher epoch refuses, and says what to do', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      rmSync(join(stage.directory, 'journal'), { recursive: true });
      expectExit(await stage.run('promote', 'v2'), 13);
      expectExit(await stage.run('resolve', '--adopt'), 0);
      await strangeEpochs(stage, 9_999_999_999);
      const refused = await stage.run('promote', 'v2');
      expectExit(refused, 14);
      expect(refused.stderr).toContain('a controller with epoch 9999999999 has written');
      expect(refused.stderr).toContain('An app has one journal');
      expect(refused.stderr).toContain(`remove /opt/${stage.app}/.bgctl/${stage.app}.epoch there`);
      await strangeEpochs(stage, null);
      expectExit(await stage.run('promote', 'v2'), 0);
    });
    await expectEnd(stage, {
      load,
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
  }));

test.each([
  { where: 'on the pool that the first release would take', pool: 'a', suffix: '' },
  { where: 'on the other pool, under the name of a release', pool: 'b', suffix: '-r7' },
] as const)(
  'an empty journal with a project running $where and nothing attached is held',
  ({ pool, suffix }) =>
    onStage({}, async (stage) => {
      const project = `${stage.app}${suffix}`;
      await byHand(stage, project, pools[pool].slice(0, 1));
      const held = await stage.run('promote', 'v1');
      expectExit(held, 13);
      expect(held.stderr).toContain(`${project} runs on the pools`);
      expect(held.stderr).toContain('bgctl resolve --adopt');
      const again = await stage.run('promote', 'v1');
      expectExit(again, 13);
      const left = [`${project}@${pools[pool][0]}`];
      await untouched(stage, [], left);
      await expectEnd(stage, { attached: [], projects: left, phase: 'held', last: null });
    }),
);

test('droplets of both pools attached: held, and adopting is refused until it is clear what is live', () =>
  onStage({ attached: [1, 2, 3] }, async (stage) => {
    expectExit(await stage.run('promote', 'v1'), 13);
    const refused = await stage.run('resolve', '--adopt');
    expectExit(refused, 2);
    expect(refused.stderr).toContain('droplets of both pools are in the load balancer (1, 2, 3)');
    await untouched(stage, [1, 2, 3], []);
    await expectEnd(stage, { attached: [1, 2, 3], projects: [], phase: 'held', last: null });
  }));

/** Nothing was written to the balancer, but for so many changes of before, and everything runs on. */
async function untouched(
  stage: Stage,
  attached: readonly number[],
  projects: readonly string[],
  before = 0,
): Promise<void> {
  expect((await changes(stage)).length).toBe(before);
  expect(await stage.attached()).toEqual(attached);
  expect(await stage.projects()).toEqual([...projects].sort());
}

/** What an operator runs without bgctl: `docker compose up`, in a directory of the app. */
async function byHand(
  stage: Stage,
  project: string,
  droplets: readonly number[],
  { keeper = false } = {},
): Promise<void> {
  const lab = inject('lab');
  const image = `${lab.registry.host}/${lab.app.repository}:v1`;
  const health =
    'healthcheck: { test: [CMD, /app/health], interval: 3s, start_period: 10s, start_interval: 500ms }';
  const compose = `services:
  web:
    image: ${image}
    restart: always
    ports: ["${stage.port}:8000"]
    env_file: ${lab.app.envFile}
    ${health}
${keeper ? `  keeper:\n    image: ${image}\n    restart: always\n    ${health}\n` : ''}`;
  const script = `mkdir -p "/opt/$1/hand" && cat >"/opt/$1/hand/compose.yml" &&
docker compose -p "$2" -f "/opt/$1/hand/compose.yml" up -d --wait`;
  const words = ['sh', '-c', script, 'sh', stage.app, project];
  const chosen = lab.droplets.filter(({ id }) => droplets.includes(id));
  const started = await Promise.all(chosen.map((droplet) => exec(droplet, words, compose)));
  for (const { code, stderr } of started) expect(code, stderr).toBe(0);
}

async function servicesOn(stage: Stage, id: number, project: string): Promise<readonly string[]> {
  const format = '{{.Label "com.docker.compose.service"}}';
  const filter = `label=com.docker.compose.project=${project}`;
  return listed(stage, id, ['docker', 'ps', '--filter', filter, '--format', format]);
}

async function networksOn(stage: Stage, id: number, project: string): Promise<readonly string[]> {
  const filter = `label=com.docker.compose.project=${project}`;
  return listed(stage, id, [
    'docker',
    'network',
    'ls',
    '--filter',
    filter,
    '--format',
    '{{.Name}}',
  ]);
}

async function listed(_: Stage, id: number, words: readonly string[]): Promise<readonly string[]> {
  const droplet = inject('lab').droplets.find((one) => one.id === id);
  if (droplet === undefined) throw new Error(`there is no droplet ${id}`);
  return (await exec(droplet, words)).stdout.split('\n').filter(Boolean).sort();
}

/** As if controllers of a lost journal had written on the droplets; null takes it away. */
async function strangeEpochs(stage: Stage, epoch: number | null): Promise<void> {
  const script = `file="/opt/$1/.bgctl/$1.epoch"; mkdir -p "/opt/$1/.bgctl"
if [ -n "$2" ]; then echo "$2" >"$file"; else rm -f "$file"; fi`;
  const words = ['sh', '-c', script, 'sh', stage.app, epoch === null ? '' : String(epoch)];
  await Promise.all(inject('lab').droplets.map((droplet) => exec(droplet, words)));
}
