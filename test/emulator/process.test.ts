// The emulator runs as a process of its own: started, steered over HTTP, and gone with its parent.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { spawnEmulator } from '../../src/emulator/spawn.ts';
import { anAccount, balancerId } from './account.ts';
import { apiClient } from './client.ts';

const program = fileURLToPath(new URL('../../src/emulator/main.ts', import.meta.url));
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  while (undo.length > 0) await undo.pop()?.();
});

const start = async () => {
  const emulator = await spawnEmulator(anAccount());
  undo.push(() => emulator.close());
  return emulator;
};

describe('spawnEmulator', () => {
  it('gives an API and fronts that answer, and ends when told', async () => {
    const emulator = await start();
    expect(emulator.balancers).toMatchObject([{ id: balancerId, name: 'vulcan-lb' }]);
    expect((await apiClient(emulator.endpoint)('GET', '/account')).status).toBe(200);
    expect((await fetch(emulator.balancers[0]?.front ?? '')).status).toBe(503);
    await emulator.close();
    await expect(fetch(emulator.endpoint)).rejects.toThrow('fetch failed');
  });

  it('is steered and seen through its admin client', async () => {
    const { admin, endpoint } = await start();
    const call = apiClient(endpoint);
    const add = () => call('POST', `/load_balancers/${balancerId}/droplets`, { droplet_ids: [2] });
    await admin.fault({ kind: 'busy' });
    expect((await add()).status).toBe(403);
    await admin.clearFaults();
    await admin.setKnobs({ emptyList: 204, busyMs: 60_000 });
    expect((await add()).status).toBe(204);
    expect((await add()).status).toBe(403);
    await admin.edit({ balancer: 'vulcan-lb', dropletIds: [3], status: 'errored' });
    expect((await admin.state()).balancers[0]).toMatchObject({
      dropletIds: [3],
      status: 'errored',
    });
    await admin.destroyDroplet(3);
    expect((await admin.state()).dropletIds).not.toContain(3);
    const statuses = (await admin.requests()).map(({ status }) => status);
    expect(statuses).toEqual([403, 204, 403]);
    await expect(admin.destroyDroplet(3)).rejects.toThrow('refused');
    await expect(admin.setKnobs({ bogus: 1 } as object)).rejects.toThrow('bogus');
  });

  it('tells its process id before it does anything, so that what is set for it is inherited', async () => {
    const begun: number[] = [];
    const emulator = await spawnEmulator(anAccount(), (pid) => begun.push(pid));
    undo.push(() => emulator.close());
    expect(begun).toEqual([emulator.pid]);
  });

  it('says why it does not start', async () => {
    const { balancers, ...rest } = anAccount();
    const wrong = { ...rest, balancers: balancers.map((one) => ({ ...one, dropletIds: [1234] })) };
    await expect(spawnEmulator(wrong)).rejects.toThrow('no droplet 1234');
    await expect(spawnEmulator({ ...wrong, token: '' })).rejects.toThrow('token');
  });
});

describe('main', () => {
  it('reads its options from a file, prints one line, and ends on SIGTERM', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'emulator-'));
    undo.push(() => rm(folder, { recursive: true }));
    const file = join(folder, 'options.json');
    await writeFile(file, JSON.stringify(anAccount()));
    const child = spawn(process.execPath, [program, '--options', file]);
    const exited = once(child, 'exit');
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    expect(Object.keys(JSON.parse(line))).toEqual(['endpoint', 'balancers']);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  it('ends with its parent, when its standard input closes', async () => {
    const child = spawn(process.execPath, [program, '--with-parent']);
    const exited = once(child, 'exit');
    child.stdin.write(`${JSON.stringify(anAccount())}\n`);
    await once(createInterface({ input: child.stdout }), 'line');
    child.stdin.end();
    expect(await exited).toEqual([0, null]);
  });
});
