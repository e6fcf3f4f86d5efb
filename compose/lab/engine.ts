// Docker Engine on this machine: used when it answers, started when it is there, installed when it may be.
import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Say, state } from './model.ts';
import { docker, LabError, run, until } from './run.ts';

const pidFile = join(state, 'dockerd.pid');
const logFile = join(state, 'dockerd.log');

/** Returns when `docker` answers. Throws LabError (exit 2) with what to install when it cannot. */
export async function ensureEngine(say: Say): Promise<void> {
  if (await engineAnswers()) return;
  if (process.getuid?.() !== 0) {
    throw new LabError(
      'Docker does not answer and only root can mend that. Install and start Docker Engine ' +
        '(https://docs.docker.com/engine/install), let this user use it, then run this again.',
      2,
    );
  }
  if (!(await there('dockerd')) || !(await there('docker'))) await install(say);
  if (!(await engineAnswers())) await start(say);
}

export async function engineAnswers(): Promise<boolean> {
  const asked = await docker(['version', '--format', '{{.Server.Version}}'], { mayFail: true });
  return asked.code === 0;
}

/** Ends the engine if, and only if, this lab started it. */
export async function stopEngine(say: Say): Promise<void> {
  const pid = ownEngine();
  if (pid === null) return say('The lab did not start Docker Engine; it is left alone.');
  say('Ending the Docker Engine that the lab started.');
  process.kill(pid, 'SIGTERM');
  await until('Docker Engine has ended', 30_000, async () => ownEngine() === null);
  rmSync(pidFile, { force: true });
}

async function there(program: string): Promise<boolean> {
  return (await run([program, '--version'], { mayFail: true })).code === 0;
}

async function install(say: Say): Promise<void> {
  if (!existsSync('/usr/bin/apt-get')) {
    throw new LabError('Docker Engine is missing. Install it with this system’s packages.', 2);
  }
  say('Installing Docker Engine with apt (docker.io, iptables).');
  const words = ['docker.io', 'iptables'];
  // From Debian 13 on the command line is a package of its own.
  const client = await run(['apt-cache', 'show', 'docker-cli'], { mayFail: true });
  if (client.code === 0 && !(await there('docker'))) words.push('docker-cli');
  if ((await aptInstall(words)) !== 0)
    throw new LabError(`apt-get could not install ${words.join(' ')}. Install them by hand.`, 2);
}

/** Installs Debian packages without asking anything, with fresh lists if need be; returns apt-get's exit code. */
export async function aptInstall(packages: readonly string[]): Promise<number> {
  const code = await aptOnce(packages);
  if (code === 0) return code;
  await run(['apt-get', 'update'], { mayFail: true });
  return aptOnce(packages);
}

async function aptOnce(packages: readonly string[]): Promise<number> {
  const words = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120'];
  const ran = await run(['apt-get', ...words, ...packages], {
    mayFail: true,
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    outputFile: join(state, 'apt.log'),
  });
  return ran.code;
}

async function start(say: Say): Promise<void> {
  say('Starting Docker Engine.');
  if (existsSync('/run/systemd/system')) {
    await run(['systemctl', 'start', 'docker'], { mayFail: true });
  } else {
    startByHand();
  }
  await until(
    `Docker Engine answers (its log, when started by hand: ${logFile})`,
    40_000,
    engineAnswers,
  );
}

function startByHand(): void {
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn('dockerd', [], { detached: true, stdio: ['ignore', log, log] });
  child.on('error', () => {});
  child.unref();
  if (child.pid !== undefined) writeFileSync(pidFile, String(child.pid), { mode: 0o600 });
}

function ownEngine(): number | null {
  if (!existsSync(pidFile)) return null;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  try {
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
    return name === 'dockerd' ? pid : null;
  } catch {
    return null;
  }
}
