// Every named mutant of the core, the loop and the cloud's client is caught by a checker, in a process of its own.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { mutants } from './mutants.ts';

const run = promisify(execFile);
const here = import.meta.dirname;

/** Which checker saw it and after how many stories; null: it survived. */
async function hunted(
  mutant: string,
): Promise<{ after: number; checker: string; what: string } | null> {
  const words = ['--import', `${here}/mutate.ts`, `${here}/hunt.ts`, '1500'];
  const env = { ...process.env, MUTANT: mutant };
  const { stdout } = await run(process.execPath, words, { env, cwd: `${here}/../..` });
  return JSON.parse(stdout);
}

describe('the simulator catches', () => {
  test('thirty mutants and more, each with a name of its own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
    expect(mutants.length).toBeGreaterThanOrEqual(30);
  });

  test.each(mutants)('$name', async ({ name }) => {
    const caught = await hunted(name);
    expect(caught, 'it survived: a checker is missing').not.toBeNull();
    expect(caught?.checker).toMatch(/^(I\d+ |no bug|nothing half-done|idle finds|what lands late)/);
  });
});
