// bgctl check on droplets: each is asked for itself, and nothing is mended there unless it was told to.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ofDroplets } from '../../../src/cli/checks/droplets.ts';
import { readExpectedEnv } from '../../../src/cli/checks/env.ts';
import type { HostFinding } from '../../../src/hosts/finding.ts';
import { shopSettings } from '../../hosts/settings.ts';

const path = '/opt/shop/env/web.env';
const env = { files: [{ path, required: true }], from: [], untold: [], keys: [], any: [] };
const found = (what: string): HostFinding => ({ verdict: 'ok', what, detail: '' });

describe('droplets', () => {
  const mended: (readonly [number, readonly string[]])[] = [];
  const wired = {
    examine: async (droplet: number) => {
      if (droplet === 4) throw new Error('it is gone');
      return [found('kernel')];
    },
    envFiles: async (droplet: number) => {
      if (droplet === 3) throw new Error('no awk');
      return [found(path)];
    },
    mend: async (droplet: number, paths: readonly string[]) => {
      mended.push([droplet, paths]);
      return [found('mended')];
    },
  };
  const told = async (fix: boolean) =>
    (await ofDroplets(wired, [1, 3, 4], { env, fix })).map(
      ({ verdict, what, detail }) => `${verdict} ${what}: ${detail}`,
    );

  beforeEach(() => {
    mended.length = 0;
  });

  test('are asked each for itself: what one does not answer hides nothing of it or of another', async () => {
    expect(await told(false)).toEqual([
      'ok droplet 1: kernel: ',
      `ok droplet 1: ${path}: `,
      'ok droplet 3: kernel: ',
      'fail droplet 3: env files: no awk',
      'fail droplet 4: SSH: it is gone',
    ]);
    expect(mended).toEqual([]);
  });

  test('are mended where it was told to, each mend is told, and what is told after it is how things are then', async () => {
    const lines = await told(true);
    expect(mended).toEqual([
      [1, [path]],
      [3, [path]],
    ]);
    expect(lines.slice(0, 3)).toEqual([
      'ok droplet 1: kernel: ',
      'ok droplet 1: mended: ',
      `ok droplet 1: ${path}: `,
    ]);
  });
});

describe('the .env.schema beside the compose file', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'bgctl-schema-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const needs = { files: [], untold: [], variables: [] };
  const read = () => {
    const settings = shopSettings({ compose: { file: join(directory, 'compose.yml') } });
    return readExpectedEnv(settings, { needs });
  };
  const file = () => join(directory, '.env.schema');

  test('need not be there', async () => {
    expect(await read()).toMatchObject({ findings: [], expected: { keys: [] } });
  });

  test('is told, and its keys are asked for, each with its line', async () => {
    writeFileSync(file(), '# The app.\nSECRET_KEY=\n');
    const { expected, findings } = await read();
    expect(findings).toEqual([{ verdict: 'ok', what: file(), detail: 'read; keys: 1' }]);
    expect(expected.keys).toMatchObject([{ name: 'SECRET_KEY', where: `${file()}:2` }]);
  });

  test('is warned of where lines of it are no keys, without telling what they are', async () => {
    writeFileSync(file(), 'KEY\nmy secret word\n');
    const [finding] = (await read()).findings;
    expect(finding).toMatchObject({ verdict: 'warn', detail: 'line 2 is no key' });
    expect(JSON.stringify(finding)).not.toContain('secret word');
  });
});
