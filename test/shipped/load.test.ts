// The load example is Python that compiles, and tells releases apart by the header that bgctl.yml names.
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../sources.ts';
import { read, yaml } from './files.ts';

const path = 'examples/load/locustfile.py';
const python = spawnSync('python3', ['--version']).status === 0;

test('the locustfile compiles', ({ skip }) => {
  skip(!python, 'python3 is not on this machine: the locustfile was not compiled');
  // Beside it nothing is written.
  const env = { ...process.env, PYTHONPYCACHEPREFIX: join(tmpdir(), 'bgctl-pycache') };
  const compiled = spawnSync('python3', ['-m', 'py_compile', join(root, path)], { env });
  expect(String(compiled.stderr)).toBe('');
  expect(compiled.status).toBe(0);
});

test('the locustfile asks for the health path and reads the header of bgctl.yml', () => {
  const { traffic } = yaml<{ traffic: { health: string; identity: { header: string } } }>(
    'compose/bgctl.yml',
  );
  expect(read(path)).toContain(`"${traffic.health}"`);
  expect(read(path)).toContain(`"${traffic.identity.header}"`);
});
