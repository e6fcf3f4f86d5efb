// bgctl check on real droplets: env files are judged there and mended on demand; what they hold is never told.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, inject, test } from 'vitest';
import { exec } from '../../compose/lab/faults.ts';
import { expectExit, onStage, pools } from './kit.ts';

test('an env file that others may read, with a debug flag on and a key missing, is told and mended; its values are not', () =>
  onStage({ login: { user: 'deploy', sudo: true } }, async (stage) => {
    const path = `/opt/${stage.app}/check.env`;
    const directory = `directory: /opt/${stage.app}`;
    const config = readFileSync(stage.config, 'utf8');
    expect(config).toContain(directory);
    writeFileSync(stage.config, config.replace(directory, `${directory}, envFiles: [${path}]`));
    writeFileSync(`${stage.directory}/.env.schema`, 'SECRET_KEY=\nNOT_THERE=\n');
    const secret = inject('lab').canaries[0] ?? '';
    const all = [...pools.a, ...pools.b];
    const write = (text: string, mode: string) =>
      Promise.all(
        all.map(async (id) => {
          const words = 'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"';
          await onDroplet(id, ['sh', '-c', words, 'write', path, mode], text);
        }),
      );
    try {
      await write(`SECRET_KEY=${secret}\nDEBUG=true\n`, '644');
      const first = await stage.run('check');
      expectExit(first, 2);
      for (const id of all) {
        expect(first.stdout).toContain(`! droplet ${id}: ${path}: mode 644`);
        expect(first.stdout).toContain(`✗ droplet ${id}: ${path}: DEBUG: a debug flag is on`);
        expect(first.stdout).toContain(`✗ droplet ${id}: key NOT_THERE: is missing`);
      }
      await write(`SECRET_KEY=${secret}\nNOT_THERE=now\n`, '644');
      const fixed = await stage.run('check', '--fix');
      expectExit(fixed, 0);
      for (const id of all) {
        expect(fixed.stdout).toContain(
          `✓ droplet ${id}: ${path}: mended: it was root's with mode 644`,
        );
        const { stdout } = await onDroplet(id, ['stat', '-c', '%a %U', path]);
        expect(stdout.trim()).toBe('600 root');
      }
      expect(`${first.stdout}${first.stderr}${fixed.stdout}${fixed.stderr}`).not.toContain(secret);
    } finally {
      for (const id of all) await onDroplet(id, ['rm', '-f', path]);
    }
  }));

async function onDroplet(id: number, words: string[], stdin?: string) {
  const droplet = inject('lab').droplets.find((one) => one.id === id);
  if (droplet === undefined) throw new Error(`no droplet ${id}`);
  return exec(droplet, words, stdin);
}
