// Banned calls, each with its reason and what to use instead; a first line in every file.
import { describe, expect, test } from 'vitest';
import { codeOf, type Source, sources } from './sources.ts';

type Ban = {
  readonly call: RegExp;
  readonly why: string;
  readonly instead: string;
  /** Files that start so may call it. */
  readonly but: readonly string[];
};

const time = ['src/lib/clock.ts', 'src/cloud/client.ts', 'src/hosts/ssh.ts', 'src/emulator/'];

const bans: readonly Ban[] = [
  {
    call: /\bupdateLoadBalancer\b/,
    why: 'a PUT resets every attribute that it leaves out',
    instead: 'add and remove droplets (cloud/balancer.ts)',
    but: [],
  },
  {
    call: /\bDate\.now\b|\bnew Date\(\)/,
    why: 'time that is read by the way cannot be simulated',
    instead: 'Clock.now (lib/clock.ts)',
    but: time,
  },
  {
    call: /\bset(?:Timeout|Interval|Immediate)\b/,
    why: 'a timer of its own cannot be simulated',
    instead: 'Clock.sleep (lib/clock.ts)',
    but: time,
  },
  {
    call: /\bMath\.random\b/,
    why: 'chance that is not seeded cannot be replayed',
    instead: 'a value given by the caller',
    but: time,
  },
  {
    call: /\bconsole\.\w/,
    why: 'what is printed must pass the redactor',
    instead: 'Output (cli/output.ts)',
    but: ['src/cli/output.ts'],
  },
  {
    call: /\bshell:\s*true\b|\bexecSync\b|\bexec\(`/,
    why: 'words pasted into a shell string are read by the shell',
    instead: 'words as arrays (hosts/quote.ts)',
    but: [],
  },
  {
    call: /\bTODO\b|\bFIXME\b/,
    why: 'a note to oneself is not done by being written',
    instead: 'an issue',
    but: [],
  },
];

function complaints({ path, text }: Source): readonly string[] {
  const code = codeOf(text);
  const banned = bans
    .filter(({ call, but }) => call.test(code) && !but.some((prefix) => path.startsWith(prefix)))
    .map(({ call, why, instead }) => `${path}: ${call.source}: ${why}; use ${instead}`);
  const first = text.replace(/^#!.*\n/, '');
  return first.startsWith('// ')
    ? banned
    : [...banned, `${path}: no first line says what it is for`];
}

describe('the tree is tidy', () => {
  test('no banned call, and a first line in every file', () => {
    expect(sources('src').flatMap(complaints)).toEqual([]);
  });
});

describe('the tidy test itself', () => {
  test('complains of a bad file, with reason and remedy', () => {
    const bad: Source = {
      path: 'src/gates/bad.ts',
      text: 'const now = Date.now();\nclient.updateLoadBalancer({});\n',
    };
    expect(complaints(bad)).toEqual([
      'src/gates/bad.ts: \\bupdateLoadBalancer\\b: a PUT resets every attribute that it leaves out; use add and remove droplets (cloud/balancer.ts)',
      'src/gates/bad.ts: \\bDate\\.now\\b|\\bnew Date\\(\\): time that is read by the way cannot be simulated; use Clock.now (lib/clock.ts)',
      'src/gates/bad.ts: no first line says what it is for',
    ]);
  });

  test('leaves words in comments and strings alone', () => {
    const fine: Source = {
      path: 'src/gates/fine.ts',
      text: "// Never Date.now() here.\nconst word = 'setTimeout';\n",
    };
    expect(complaints(fine)).toEqual([]);
  });
});
