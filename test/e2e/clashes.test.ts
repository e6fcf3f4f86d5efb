// What would clash or be doubled is found before anything starts, by `promote` as by `plan`, with the line and the mend.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { exec } from '../../compose/lab/faults.ts';
import type { Ended, Stage } from '../../compose/lab/stage.ts';
import { changes } from './cloud.ts';
import { expectEnd, expectExit, given, on, onStage, pools } from './kit.ts';

test('plan prints every call and command of the promotion and how long it takes, and changes nothing', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const before = { journal: stage.written().length, changes: await changes(stage) };
    const plan = await stage.run('plan');
    expectExit(plan, 0);
    const project = `docker compose -p ${stage.app}-r2 `;
    for (const droplet of pools.b) {
      expect(plan.stdout).toMatch(new RegExp(`droplet ${droplet} .*${project}.* pull --quiet`));
      expect(plan.stdout).toMatch(new RegExp(`droplet ${droplet} .*${project}.* up --detach`));
    }
    expect(plan.stdout).toMatch(/POST \/v2\/load_balancers\/\S+\/droplets {"droplet_ids":\[3,4\]}/);
    expect(plan.stdout).toMatch(
      /DELETE \/v2\/load_balancers\/\S+\/droplets {"droplet_ids":\[1,2\]}/,
    );
    for (const droplet of pools.a) {
      expect(plan.stdout).toContain(`${stage.app}-r1 fails its health check: {"signal":"SIGUSR1"}`);
      expect(plan.stdout).toMatch(new RegExp(`droplet ${droplet} .*-p ${stage.app}-r1 .* down`));
    }
    expect(plan.stdout).toMatch(/The switch takes about .*s/);
    expect(plan.stdout).toMatch(/Going back takes about 2 ?s/);
    expect(plan.stdout).toContain('web: switched');
    expect(await changes(stage)).toEqual(before.changes);
    await expectEnd(stage, {
      attached: pools.a,
      projects: on(stage, 'r1', 'a'),
      last: 'promoted',
    });
  }));

test.each([
  {
    who: 'somebody else’s container',
    named: () => [],
    by: (stage: Stage) => `container ${stage.app}-stranger`,
  },
  {
    who: 'a container under the name of the next release, which bgctl never began,',
    named: (stage: Stage) => ['--label', `com.docker.compose.project=${stage.app}-r2`],
    by: (stage: Stage) => `project ${stage.app}-r2`,
  },
])(
  'a port of the droplet that $who holds is named with its line, by promote and by plan',
  ({ named, by }) =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      const name = `${stage.app}-stranger`;
      const lab = inject('lab');
      const image = `${lab.registry.host}/${lab.app.repository}:v1`;
      const port = `${stage.port}:8000`;
      const words = ['docker', 'run', '-d', '--name', name, ...named(stage), '-p', port, image];
      const started = await onDroplet(4, words);
      expect(started.code, started.stderr).toBe(0);
      try {
        const text = `compose.yml:${lineOf(stage, port)}: host port ${stage.port} is taken on droplet 4 by ${by(stage)}`;
        for (const ended of await promoteAndPlan(stage)) expect(ended.stderr).toContain(text);
        expect((await onDroplet(4, ['docker', 'inspect', name])).code).toBe(0);
      } finally {
        await onDroplet(4, ['docker', 'rm', '-f', name]);
      }
      await expectEnd(stage, {
        attached: pools.a,
        projects: on(stage, 'r1', 'a'),
        last: 'promoted',
      });
    }),
);

type Refused = {
  readonly what: string;
  /** Lines added to the compose file: under `web`, under `services`, at its end. */
  readonly web?: string;
  readonly service?: string;
  readonly end?: string;
  /** A text of the line that is to be named. */
  readonly at: string;
  readonly says: readonly string[];
};

const refusedFiles: readonly Refused[] = [
  {
    what: 'a database',
    service: 'db:\n    image: postgres:16',
    at: 'image: postgres:16',
    says: ['runs postgres, which keeps data', '`db: shared` under compose.services of bgctl.yml'],
  },
  {
    what: 'a cache',
    service: 'cache:\n    image: redis:7',
    at: 'image: redis:7',
    says: ['runs redis, which keeps data', '`cache: shared`'],
  },
  {
    what: 'a named volume',
    web: 'volumes: [uploads:/data]',
    end: 'volumes: { uploads: {} }',
    at: 'uploads:/data',
    says: ['the volume "uploads" is new and empty in every release', 'ephemeralVolumes: [uploads]'],
  },
  {
    what: 'a scheduler',
    service: 'scheduler:\n    image: registry.lab:5000/shop/web:v1',
    at: 'scheduler:',
    says: ['is a singleton', 'one may run at a time', '`scheduler: shared`'],
  },
  {
    what: 'a fixed container name',
    web: 'container_name: shop-web',
    at: 'container_name: shop-web',
    says: ['fixes the name of the container', 'remove it'],
  },
];

test('what would be doubled is refused with its line and its mend, each alone and all at once; nothing is touched', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const path = join(stage.directory, 'compose.yml');
    const good = readFileSync(path, 'utf8');
    const all = [...refusedFiles.map((row) => [row]), refusedFiles];
    for (const rows of all) {
      writeFileSync(path, written(good, rows));
      for (const ended of await promoteAndPlan(stage))
        for (const { what, at, says } of rows) {
          const named = new RegExp(`compose\\.yml:${lineOf(stage, at)}(:\\d+)? [^\\n]*`).exec(
            ended.stderr,
          );
          expect(named?.[0], `${what} (line ${lineOf(stage, at)})\n${ended.stderr}`).toBeDefined();
          for (const text of says) expect(ended.stderr).toContain(text);
        }
    }
    await expectEnd(stage, {
      attached: pools.a,
      projects: on(stage, 'r1', 'a'),
      last: 'promoted',
    });
  }));

test('env files that are missing on a droplet, or not the same, are told by path and droplet, never by what is in them', () =>
  onStage({}, async (stage) => {
    await given(stage, 'v1');
    const path = `/opt/${stage.app}/shared.env`;
    const config = readFileSync(stage.config, 'utf8');
    const directory = `directory: /opt/${stage.app}`;
    expect(config).toContain(directory);
    writeFileSync(stage.config, config.replace(directory, `${directory}, envFiles: [${path}]`));
    const secret = inject('lab').canaries[0] ?? '';
    await put(3, path, `KEY=${secret}\n`);
    const missing = await stage.run('promote', 'v2');
    expectExit(missing, 2);
    expect(missing.stderr).toContain(`${path} is missing on droplet 4: put it there`);
    await put(4, path, `KEY=${secret} \n`);
    const different = await stage.run('promote', 'v2');
    expectExit(different, 2);
    expect(different.stderr).toContain(`${path} is not the same on droplets 3, 4`);
    expect(await stage.projects()).toEqual(on(stage, 'r1', 'a'));
    await put(4, path, `KEY=${secret}\n`);
    await given(stage, 'v2');
    for (const id of pools.b) await onDroplet(id, ['rm', path]);
    await expectEnd(stage, {
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
  }));

/** Both are refused, and change nothing in the cloud or on the droplets. */
async function promoteAndPlan(stage: Stage): Promise<readonly Ended[]> {
  const before = { changes: await changes(stage), projects: await stage.projects() };
  const all = [await stage.run('promote', 'v2'), await stage.run('plan')];
  for (const ended of all) {
    expectExit(ended, 2);
    expect(ended.stderr).toMatch(/Nothing was (touched|changed)/);
  }
  expect({ changes: await changes(stage), projects: await stage.projects() }).toEqual(before);
  return all;
}

function written(good: string, rows: readonly Refused[]): string {
  const web = rows.map((row) => (row.web === undefined ? '' : `    ${row.web}\n`)).join('');
  const services = rows.map((row) => (row.service === undefined ? '' : `  ${row.service}\n`));
  const ends = rows.map((row) => (row.end === undefined ? '' : `${row.end}\n`)).join('');
  return good
    .replace('services:\n', `services:\n${services.join('')}`)
    .replace('  web:\n', `  web:\n${web}`)
    .concat(ends);
}

/** Line of the compose file as it lies there now. */
function lineOf(stage: Stage, text: string): number {
  const lines = readFileSync(join(stage.directory, 'compose.yml'), 'utf8').split('\n');
  const index = lines.findIndex((line) => line.includes(text));
  expect(index, `${text} in the compose file`).toBeGreaterThanOrEqual(0);
  return index + 1;
}

async function put(id: number, path: string, text: string): Promise<void> {
  const words = ['sh', '-c', 'mkdir -p "$(dirname "$1")" && umask 077 && cat >"$1"', 'sh', path];
  const done = await onDroplet(id, words, text);
  expect(done.code, done.stderr).toBe(0);
}

function onDroplet(id: number, words: readonly string[], input?: string) {
  const droplet = inject('lab').droplets.find((one) => one.id === id);
  if (droplet === undefined) throw new Error(`there is no droplet ${id}`);
  return exec(droplet, words, input);
}
