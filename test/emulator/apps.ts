// The sample app as droplets: one process an address, all on the same port, each an environment of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../sources.ts';

export interface AppDroplet {
  address: string;
  environment: string;
  /** SIGUSR1: it fails its health check and serves on. */
  child: ChildProcess;
}

/** Rejects when a process cannot start. */
export async function startApps(
  addresses: readonly string[],
): Promise<{ port: number; apps: AppDroplet[]; stop: () => Promise<void> }> {
  const apps: AppDroplet[] = [];
  const stop = async () => {
    for (const { child } of apps) {
      const gone = child.exitCode === null && child.signalCode === null && once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
  };
  let port = 0;
  try {
    for (const [i, address] of addresses.entries()) {
      const environment = `shop-r${i + 1}`;
      const child = spawn(process.execPath, [join(root, 'compose', 'app', 'app.js')], {
        env: {
          ...process.env,
          APP_VERSION: `v${i + 1}`,
          BGCTL_ENVIRONMENT: environment,
          BGCTL_DROPLET: String(i + 1),
          HOST: address,
          PORT: String(port),
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      apps.push({ address, environment, child });
      port = await portOf(child);
    }
    return { port, apps, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function portOf(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new Error('the app has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /listening on (\d+)/.exec(line)?.[1];
    if (port === undefined) continue;
    child.stdout.resume();
    return Number(port);
  }
  throw new Error('the app ended before it listened');
}
