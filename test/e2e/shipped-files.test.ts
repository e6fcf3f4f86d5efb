// Compose itself, on a droplet, takes every shipped file and each way in which they are put together. Nothing is started.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { exec } from '../../compose/lab/faults.ts';
import type { LabDroplet } from '../../compose/lab/lab.ts';
import { type Compose, oneDroplet, production, read, standing, yaml } from '../shipped/files.ts';
import { joinOthers } from './turns.ts';

/** Its own folder, where the files lie as in the repository. */
const folder = '/opt/bgctl-shipped';
const digest = `sha256:${'a'.repeat(64)}`;
const variables = [
  `BACKEND_IMAGE=ghcr.io/acme/vulcan/backend@${digest}`,
  `FRONTEND_IMAGE=ghcr.io/acme/vulcan/frontend@${digest}`,
  'DOCKER_GROUP=999',
];
const [data = ''] = standing;
const files = [production, ...standing, oneDroplet];

let droplet: LabDroplet;
let leave = () => {};

beforeAll(async () => {
  leave = await joinOthers();
  const [first] = inject('lab').droplets;
  if (first === undefined) throw new Error('the lab has no droplet');
  droplet = first;
  for (const file of files) await put(`${folder}/${file}`, read(file));
  for (const file of envFiles()) await put(file, 'NAME=value\n');
}, 400_000);

afterAll(async () => {
  await exec(droplet, ['rm', '-rf', folder, ...envFiles()]);
  leave();
});

function envFiles(): readonly string[] {
  const services = [production, ...standing].flatMap((file) =>
    Object.values(yaml<Compose>(file).services),
  );
  return [...new Set(services.flatMap((service) => service.env_file ?? []))];
}

async function put(path: string, text: string): Promise<void> {
  const script = 'mkdir -p -- "$(dirname -- "$1")" && cat >"$1"';
  const ran = await exec(droplet, ['sh', '-c', script, 'sh', path], text);
  expect(ran.code, ran.stderr).toBe(0);
}

function compose(some: readonly string[], words: readonly string[]) {
  const named = some.flatMap((file) => ['-f', `${folder}/${file}`]);
  return exec(droplet, ['env', ...variables, 'docker', 'compose', ...named, ...words]);
}

const ways = [
  [production],
  ...standing.map((file) => [file]),
  ...standing.map((file) => [production, file]),
  [production, data, oneDroplet],
  files,
].map((some) => ({ some, names: some.map((file) => basename(file)).join(', ') }));

test.each(ways)('docker compose takes $names', async ({ some }) => {
  const ran = await compose(some, ['config', '--quiet']);
  expect(ran.code, ran.stderr).toBe(0);
});

test('without an image by digest nothing is started', async () => {
  const named = ['-f', `${folder}/${production}`];
  const ran = await exec(droplet, ['docker', 'compose', ...named, 'config', '--quiet']);
  expect(ran.code).not.toBe(0);
  expect(ran.stderr).toContain('BACKEND_IMAGE');
});

test('every overlay is among them', () => {
  const shipped = readdirSync(join(import.meta.dirname, '../../compose/overlays'));
  const overlays = shipped.filter((name) => name.endsWith('.yml'));
  expect(overlays.map((name) => `compose/overlays/${name}`).sort()).toEqual(
    [...standing, oneDroplet].sort(),
  );
});
