// A real Prometheus of the tests' own: a throwaway one on 127.0.0.1 that scrapes what it is told; never the system's service.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptInstall } from '../../compose/lab/engine.ts';
import { state } from '../../compose/lab/model.ts';
import { until } from '../../compose/lab/run.ts';

export type PrometheusServer = { readonly url: string; stop(): Promise<void> };

/** Scrapes 127.0.0.1 at `port`, each second. Throws with what to install where it cannot be had. */
export async function startPrometheus(port: number): Promise<PrometheusServer> {
  const program = await binary();
  const directory = await mkdtemp(join(tmpdir(), 'bgctl-prometheus-'));
  const own = await freePort();
  const target = `{ job_name: app, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }`;
  const config = `global: { scrape_interval: 1s }\nscrape_configs: [${target}]\n`;
  await writeFile(join(directory, 'prometheus.yml'), config);
  const child = serve(program, directory, own);
  const server = {
    url: `http://127.0.0.1:${own}`,
    async stop() {
      await stopped(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    await until('the throwaway Prometheus answers', 45_000, async () => {
      if (child.exitCode !== null)
        throw new Error(`it ended: ${readFileSync(join(directory, 'log'), 'utf8').slice(-2000)}`);
      return fetch(`${server.url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

async function binary(): Promise<string> {
  const found = () =>
    [...(process.env.PATH ?? '').split(':'), '/usr/bin']
      .map((folder) => join(folder, 'prometheus'))
      .find(existsSync);
  const there = found();
  if (there !== undefined) return there;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) await install();
  const now = found();
  if (now !== undefined) return now;
  throw new Error(
    'The tests of the Prometheus probe need its program: install the package prometheus, or as root on Debian or Ubuntu let the tests do it.',
  );
}

/** Debian would start a service of its own; while this file says no, it does not. */
async function install(): Promise<void> {
  mkdirSync(state, { recursive: true });
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await aptInstall(['prometheus']);
  } finally {
    if (ours) await rm(policy);
  }
}

/** Ends when this process does. */
function serve(program: string, directory: string, port: number): ChildProcess {
  const words = [
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const log = openSync(join(directory, 'log'), 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...words], {
    stdio: ['ignore', log, log],
    cwd: directory,
  });
  closeSync(log);
  return child;
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
