// Workflow commands of GitHub Actions: what is written as one, and that nothing else can be taken for one.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  actionsOf,
  outputLines,
  problemCommand,
  tame,
  workflowCommand,
} from '../../src/cli/workflow.ts';

const problem = {
  file: 'bgctl.yml',
  line: 3,
  column: 7,
  path: 'pools.a',
  message: '50% is no pool',
  mend: 'write a tag',
};

describe('a workflow command', () => {
  test('is escaped as the runner unescapes it: in its message %, CR and LF, in its properties : and , too', () => {
    expect(workflowCommand('error', '50%: a,\r\nb', { file: 'a:b,c%.yml', line: 3 })).toBe(
      '::error file=a%3Ab%2Cc%25.yml,line=3::50%25: a,%0D%0Ab',
    );
  });

  test('is one line whatever is told', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (told, file) => {
        expect(workflowCommand('error', told, { file })).not.toMatch(/[\r\n]/);
      }),
    );
  });

  test('of a problem has its place, its mend, and the file as the repository knows it', () => {
    expect(problemCommand(problem, '/work/repo')).toBe(
      '::error file=bgctl.yml,line=3,col=7::pools.a: 50%25 is no pool%0Awrite a tag',
    );
    const inside = problemCommand(
      { ...problem, file: '/work/repo/deploy/compose.yml' },
      '/work/repo',
    );
    expect(inside).toContain('file=deploy/compose.yml,');
    const outside = problemCommand({ ...problem, file: '/etc/compose.yml' }, '/work/repo');
    expect(outside).toContain('file=/etc/compose.yml,');
  });
});

describe('what others wrote', () => {
  test.each([
    '::set-output name=x::y',
    '  ::error::no',
    'fine\n::stop-commands::x',
    'fine\r\t::debug::x',
    'see ##[error]this',
    '\u2028::add-mask::x',
  ])('%j is no command once it is tamed', (text) => {
    expect(isCommand(tame(text))).toBe(false);
  });

  test('is never one, and stays as it is where it looked like none', () => {
    const piece = fc.constantFrom(
      '::',
      ' ',
      '\n',
      '\r',
      '##[',
      '#',
      '[',
      'error',
      '\t',
      ':',
      '\u00a0',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        expect(isCommand(tame(text))).toBe(false);
        if (!isCommand(text) && !text.includes('\r')) expect(tame(text)).toBe(text);
      }),
    );
  });
});

describe('outputs and the environment', () => {
  test('an output is one line: none can bring in another', () => {
    expect(outputLines({ release: 'r42', result: 'failed\nrelease=r1' })).toBe(
      'release=r42\nresult=failed release=r1\n',
    );
  });

  test('only in GitHub Actions there is somebody to tell', () => {
    expect(actionsOf({ GITHUB_STEP_SUMMARY: '/x' })).toBe(null);
    expect(actionsOf({ GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: '/o' })).toEqual({
      summaryFile: '',
      outputFile: '/o',
      workspace: '',
    });
  });
});

/** As the runner reads lines: blanks before `::` do not count, `##[` may be anywhere. */
function isCommand(text: string): boolean {
  return text
    .split(/\r\n|[\r\n]/)
    .some((line) => line.trimStart().startsWith('::') || line.includes('##['));
}
