// An operator's commands in a process of their own: what is left of one must not keep it, and too few descriptors not end it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const at = (path: string) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

const ways = {
  'a hook': `
    const { operatorsHooks } = await import('${at('hooks/hooks.ts')}');
    const hooks = operatorsHooks({ clock: systemClock, environment: process.env, withheld: [], directory: '/', onLine() {} });
    const hook = { name: 'x', timeoutMs, retries: 0, required: false };
    const run = (words) => hooks.run({ ...hook, does: { kind: 'command', words } }, {}, new AbortController().signal);`,
  'a probe': `
    const { runHere } = await import('${at('hosts/local.ts')}');
    const here = runHere({ environment: process.env, withheld: [], clock: systemClock });
    const run = (words) => here(words, { timeoutMs, variables: {} });`,
};

describe.each(Object.entries(ways))('a command of %s', (_, way) => {
  test('whose child went away into a session of its own does not keep the process', async () => {
    const began = Date.now();
    await script(`${way}
      await run(['sh', '-c', 'setsid sleep 20 &']).catch(() => {});`);
    expect(Date.now() - began).toBeLessThan(15_000);
  });

  test('that cannot be run for want of descriptors is a failure, not the end of the process', async () => {
    const said = await script(`${way}
      const open = [];
      try { for (;;) open.push(openSync('/dev/null')); } catch {}
      const trouble = await run(['true']).then(() => 'ran', (error) => error.message);
      for (const one of open) closeSync(one);
      console.log(trouble);`);
    expect(said).toContain('EMFILE');
    expect(said).toMatch(/^(it cannot be run|true could not be run here)/);
  });
});

/** What it prints; it has few descriptors, and half a second for each command. */
async function script(text: string): Promise<string> {
  const whole = `import { closeSync, openSync } from 'node:fs';
    const { systemClock } = await import('${at('lib/clock.ts')}');
    const timeoutMs = 2_000;
    process.stdout.write('');
    ${text}`;
  const words = ['ulimit -n 100; exec "$0" --input-type=module -e "$1"', process.execPath, whole];
  const child = spawn('sh', ['-c', ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString('utf8');
  });
  await once(child, 'exit');
  child.stdout.destroy();
  return out;
}
