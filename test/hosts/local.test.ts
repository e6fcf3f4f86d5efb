// A command on the controller: its words, its variables, its limit, and what is kept from it.
import { describe, expect, test } from 'vitest';
import { runHere } from '../../src/hosts/local.ts';
import { systemClock } from '../../src/lib/clock.ts';

const environment = { PATH: process.env.PATH, DO_TOKEN: 'canary-token', API_KEY: 'canary-key' };
const run = runHere({ environment, withheld: ['DO_TOKEN'], clock: systemClock });
const given = { timeoutMs: 20_000, variables: { BGCTL_RELEASE: 'r7' } };
const sh = (script: string, ...words: string[]) => run(['sh', '-c', script, 'x', ...words], given);

describe('a command here', () => {
  test('gives exit code and output', async () => {
    expect(await sh('echo 4; echo oh >&2; exit 3')).toMatchObject({ code: 3, stdout: '4\n' });
  });

  test('gets its words as they are, through no shell', async () => {
    const words = ['$HOME', '; echo no', '`id`'];
    expect((await sh('printf "%s|" "$@"', ...words)).stdout).toBe('$HOME|; echo no|`id`|');
  });

  test("is told its environment, and not bgctl's own secrets (I8)", async () => {
    const { stdout } = await sh('echo "$BGCTL_RELEASE-$DO_TOKEN-$API_KEY"');
    expect(stdout).toBe('r7--canary-key\n');
  });

  test('has what is secret masked in what is told of it (I8)', async () => {
    expect((await sh('echo "key canary-key refused"; exit 1')).said).toBe('key *** refused');
  });

  test('that is late is a failure, and ended with all that it started', async () => {
    const began = Date.now();
    const late = run(['sh', '-c', 'sleep 60 & wait'], { ...given, timeoutMs: 300 });
    await expect(late).rejects.toThrow('did not end here within 300 ms');
    expect(Date.now() - began).toBeLessThan(15_000);
  });

  test('that is not there is a failure', async () => {
    await expect(run(['/nowhere/check'], given)).rejects.toThrow('could not be run here');
  });
});
