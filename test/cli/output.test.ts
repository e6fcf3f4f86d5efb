// Results to stdout, progress to stderr, secrets to neither: in words and as JSON.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { columnsOf, openOutput, redactor } from '../../src/cli/output.ts';
import { capture } from './streams.ts';

const canary = `dop_v1_${'0c'.repeat(32)}`;

afterEach(() => {
  vi.restoreAllMocks();
});

describe('I8: what is printed', () => {
  test('has no known secret in it, wherever it stands and however often', () => {
    const redact = redactor(['s3cret-canary']);
    expect(redact('a s3cret-canary, b=s3cret-canary')).toBe('a [redacted], b=[redacted]');
  });

  test('has nothing in it that looks like a token of DigitalOcean, known or not', () => {
    expect(redactor([])(`Bearer ${canary}!`)).toBe('Bearer [redacted]!');
  });

  test('leaves nothing over of a secret that begins like another', () => {
    expect(redactor(['hunter', 'hunter-and-more'])('hunter-and-more')).toBe('[redacted]');
  });

  test('hides a secret with quotes or backslashes in JSON too', () => {
    const secret = 'pa"ss\\word';
    const line = JSON.stringify({ message: `login ${secret} failed` });
    expect(JSON.parse(redactor([secret])(line))).toEqual({ message: 'login [redacted] failed' });
  });

  test('is not torn apart by an empty or tiny secret', () => {
    expect(redactor(['', 'a'])('a plain sentence')).toBe('a plain sentence');
  });

  test('passes the redactor on every way out', () => {
    const written = capture();
    for (const json of [false, true]) {
      const output = openOutput({ json, redact: redactor(['s3cret-canary']) });
      output.result({ said: 's3cret-canary' }, 's3cret-canary');
      output.event({ said: 's3cret-canary' }, 's3cret-canary');
      output.note('s3cret-canary');
    }
    const all = [...written.out, ...written.err].join('');
    expect(all).not.toContain('s3cret-canary');
    expect(all.match(/\[redacted\]/g)).toHaveLength(5);
  });
});

describe('in words', () => {
  test('only the result goes to stdout', () => {
    const written = capture();
    const output = openOutput({ json: false, redact: (text) => text });
    output.event({ event: 'entered' }, 'gating: healthy');
    output.note('following');
    output.result({ outcome: 'promoted' }, 'r42 is live');
    expect(written).toEqual({ out: ['r42 is live\n'], err: ['gating: healthy\n', 'following\n'] });
  });

  test('no list is drawn where nobody watches', () => {
    const written = capture();
    const output = openOutput({ json: false, redact: (text) => text });
    output.draw(['a line']);
    expect(output.live).toBe(false);
    expect(written).toEqual({ out: [], err: [] });
  });
});

describe('as JSON', () => {
  test('everything goes to stdout, one object a line, and nothing is said to people', () => {
    const written = capture();
    const output = openOutput({ json: true, redact: (text) => text });
    output.event({ event: 'entered', because: 'two\nlines' }, 'text');
    output.note('following');
    output.result({ event: 'result', exit: 0 }, 'text');
    expect(written.err).toEqual([]);
    expect(
      written.out
        .join('')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { event: 'entered', because: 'two\nlines' },
      { event: 'result', exit: 0 },
    ]);
  });
});

describe('on a terminal', () => {
  test('one that does not know its size counts as 80 columns wide, and what is none as 100', () => {
    expect(columnsOf({ columns: 0 })).toBe(80);
    expect(columnsOf({ columns: 132 })).toBe(132);
    expect(columnsOf({})).toBe(100);
  });

  test('the list is drawn over itself, and a shorter one leaves no old line behind', () => {
    const written = capture();
    const wasTty = process.stderr.isTTY;
    const { TERM } = process.env;
    process.stderr.isTTY = true;
    process.env.TERM = 'xterm';
    try {
      const output = openOutput({ json: false, redact: redactor(['s3cret-canary']) });
      output.draw(['one s3cret-canary', 'two']);
      output.draw(['three']);
      output.settle();
      output.draw(['four']);
    } finally {
      process.stderr.isTTY = wasTty;
      if (TERM === undefined) delete process.env.TERM;
      else process.env.TERM = TERM;
    }
    expect(written.err.join('').replaceAll('\u001b', '^')).toBe(
      '^[2Kone [redacted]\n^[2Ktwo\n^[2A^[2Kthree\n^[J^[2Kfour\n',
    );
  });
});
