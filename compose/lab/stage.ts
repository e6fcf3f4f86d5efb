// A stage: one app on the lab's droplets with its own emulated balancer, configuration and journal.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmulatorOptions } from '../../src/emulator/options.ts';
import { type EmulatorProcess, spawnEmulator } from '../../src/emulator/spawn.ts';
import { exec, resetDroplets } from './faults.ts';
import type { Lab, LabDroplet } from './lab.ts';
import { type Load, startLoad } from './load.ts';
import { root } from './model.ts';
import { labPlane } from './plane.ts';
import { goFirst } from './priority.ts';

export type StageOptions = {
  /** Also the prefix of its compose projects and its directory on the droplets. */
  readonly app: string;
  /** No app of this name was ever on the lab: there is nothing to clear away before. */
  readonly isNew?: boolean;
  /** Of the range that droplets publish. */
  readonly port: number;
  /** Text of a policy file; the demo's without it. */
  readonly policy?: string;
  readonly balancer?: Partial<EmulatorOptions['balancers'][number]>;
  readonly healthCheck?: Partial<EmulatorOptions['balancers'][number]['healthCheck']>;
  readonly knobs?: EmulatorOptions['knobs'];
  /** Lines for bgctl.yml's `traffic`, in place of the usual ones. */
  readonly identity?: string;
  readonly drains?: boolean;
  readonly journal?: 'file' | 'ssh';
  /** Who logs in on droplets; root without it. `deploy` may do nothing there but by sudo. */
  readonly login?: { readonly user: 'deploy'; readonly sudo: boolean };
  /** Droplets in the balancer at the beginning. */
  readonly attached?: readonly number[];
};

/** How one bgctl ended. */
export type Ended = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
};

export type Bgctl = {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has printed so far, both streams. */
  said(): string;
};

export type Stage = Awaited<ReturnType<typeof openStage>>;

const region = 'fra1';
const vpcUuid = '5a4981aa-9653-4bd1-bef5-d6bff52042e4';
/** A foreign droplet: in the account, in no pool. */
export const foreign = { id: 99, address: '127.0.1.99' };

export async function openStage(lab: Lab, options: StageOptions) {
  const { app, port } = options;
  const token = `dop_v1_${randomBytes(32).toString('hex')}`;
  const directory = mkdtempSync(join(tmpdir(), `${app}-`));
  const emulator = await spawnEmulator(emulatorOptions(lab, options, token), goFirst);
  const front = emulator.balancers[0]?.front ?? '';
  const config = writeConfig(lab, options, emulator, directory);
  const outputs: string[] = [];
  const children = new Set<ChildProcess>();
  if (options.isNew !== true) await resetDroplets({ app });

  function start(words: readonly string[], env: Readonly<Record<string, string>> = {}): Bgctl {
    const began = performance.now();
    const program = join(root, 'dist', 'main.js');
    if (!existsSync(program)) throw new Error('dist/ is missing: `npm run build` first');
    const child = spawn(process.execPath, [program, ...words, '--config', config], {
      env: { ...process.env, DIGITALOCEAN_TOKEN: token, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code, signal) => {
        children.delete(child);
        outputs.push(stdout, stderr);
        resolve({ code, signal, stdout, stderr, ms: performance.now() - began });
      });
    });
    return { child, ended, said: () => stdout + stderr };
  }

  return {
    app,
    port,
    token,
    directory,
    config,
    emulator,
    front,
    start,
    /** Runs bgctl to its end. */
    run: (...words: string[]): Promise<Ended> => start(words).ended,
    load: (rate = 100): Promise<Load> => startLoad({ url: front, rate }),
    /** Droplets in the balancer's record, ascending. */
    attached: async (): Promise<readonly number[]> => {
      const state = await emulator.admin.state();
      return [...(state.balancers[0]?.dropletIds ?? [])].sort((one, other) => one - other);
    },
    /** `app-r2@3` of every compose project of the app that has a container, running or not. */
    projects: async (): Promise<readonly string[]> => {
      const all = await Promise.all(lab.droplets.map((droplet) => projectsOn(droplet, app)));
      return all.flat().sort();
    },
    /** Lines of the journal. */
    journal: (): readonly JournalLine[] => readJournal(join(directory, 'journal', `${app}.jsonl`)),
    /** Everything that bgctl printed, and its journal. */
    written: (): string => {
      const path = join(directory, 'journal', `${app}.jsonl`);
      return [...outputs, existsSync(path) ? readFileSync(path, 'utf8') : ''].join('\n');
    },
    async close(): Promise<void> {
      for (const child of children) child.kill('SIGKILL');
      await emulator.close();
      await resetDroplets({ app });
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export type JournalLine = { readonly type: string; readonly seq: number } & Readonly<
  Record<string, unknown>
>;

function readJournal(path: string): readonly JournalLine[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as JournalLine);
}

function emulatorOptions(lab: Lab, options: StageOptions, token: string): EmulatorOptions {
  const { app, port, attached = [] } = options;
  const droplets = lab.droplets.map(({ id, name, address, pool }) => ({
    id,
    name,
    region,
    vpcUuid,
    privateAddress: address,
    tags: [`${app}-${pool}`],
  }));
  const other = {
    id: foreign.id,
    name: 'foreign',
    region,
    vpcUuid,
    privateAddress: foreign.address,
  };
  return {
    token,
    plane: labPlane(),
    droplets: [...droplets, { ...other, tags: [] }],
    balancers: [
      {
        name: app,
        region,
        vpcUuid,
        targetPort: port,
        dropletIds: [...attached],
        healthCheck: {
          port,
          path: '/healthz',
          checkIntervalSeconds: 3,
          responseTimeoutSeconds: 3,
          healthyThreshold: 2,
          unhealthyThreshold: 2,
          ...options.healthCheck,
        },
        ...options.balancer,
      },
    ],
    knobs: options.knobs ?? {},
  };
}

function writeConfig(
  lab: Lab,
  options: StageOptions,
  emulator: EmulatorProcess,
  directory: string,
): string {
  const { app, port, drains = true, journal = 'file' } = options;
  const { user, sudo } = options.login ?? { user: lab.ssh.user, sudo: false };
  const compose = readFileSync(lab.app.composeFile, 'utf8').replace(
    /\$\{PORT:-8000\}/g,
    String(port),
  );
  writeFileSync(join(directory, 'compose.yml'), compose);
  if (options.policy !== undefined) writeFileSync(join(directory, 'policy.yml'), options.policy);
  const identity =
    options.identity ??
    'identity: { header: x-bgctl-environment, droplet: x-bgctl-droplet, path: / }';
  const drain =
    '  drain: { service: web, fail: { signal: SIGUSR1 }, restore: { signal: SIGUSR2 } }\n';
  const text = `app: ${app}
cloud: { token: "\${DIGITALOCEAN_TOKEN}", balancer: ${app}, endpoint: "${emulator.endpoint}" }
pools: { a: { tag: ${app}-a }, b: { tag: ${app}-b } }
hosts: { user: ${user}, sudo: ${sudo}, key: ${lab.ssh.key}, knownHosts: ${lab.ssh.knownHosts}, port: ${lab.ssh.port} }
compose: { file: ./compose.yml, directory: /opt/${app} }
images: { web: "${lab.registry.host}/${lab.app.repository}" }
traffic:
  ports: [${port}]
  health: /healthz
  ${identity}
${drains ? drain : ''}journal: ${journal === 'file' ? '{ file: ./journal }' : `{ ssh: { droplet: 1, path: /opt/${app}/bgctl } }`}
policy: ${options.policy === undefined ? 'demo' : './policy.yml'}
`;
  const path = join(directory, 'bgctl.yml');
  writeFileSync(path, text);
  return path;
}

async function projectsOn(droplet: LabDroplet, app: string): Promise<readonly string[]> {
  const format = '{{.Label "com.docker.compose.project"}}';
  const listed = await exec(droplet, ['docker', 'ps', '-a', '--format', format]);
  const names = new Set(listed.stdout.split('\n').filter((name) => name.startsWith(app)));
  return [...names].map((name) => `${name}@${droplet.id}`);
}
