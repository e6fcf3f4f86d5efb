// The parser's errors in an operator's words. Its own texts quote the source, and with it perhaps a secret.
import type { LineCounter, YAMLError } from 'yaml';
import { type Problem, problem } from './problem.ts';

type Source = { readonly text: string; readonly file: string; readonly lines: LineCounter };
type Slip = Pick<Problem, 'message' | 'mend'>;

export function syntaxProblems(errors: readonly YAMLError[], source: Source): Problem[] {
  return oneSlipOneError(errors, source.lines).map((error) => fromYaml(error, source));
}

/** One slip gives several errors on its line, of which a missing character says most; and at most a screenful. */
function oneSlipOneError(errors: readonly YAMLError[], lines: LineCounter): YAMLError[] {
  const kept = new Map<string, YAMLError>();
  for (const error of errors) {
    const twice = error.code === 'DUPLICATE_KEY';
    const slip = twice ? `key ${error.pos[0]}` : `line ${lines.linePos(error.pos[0]).line}`;
    if (!kept.has(slip) || error.code === 'MISSING_CHAR') kept.set(slip, error);
  }
  return [...kept.values()].slice(0, 20);
}

function fromYaml(error: YAMLError, source: Source): Problem {
  const { line, col } = source.lines.linePos(error.pos[0]);
  const place = { line: Math.max(line, 1), column: Math.max(col, 1), path: '' };
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^[^\s:]*/.exec(source.text.slice(error.pos[0]))?.[0] ?? '';
    const message = `\`${key}\` is written twice`;
    return problem(source.file, { ...place, message, mend: 'keep one of the two' });
  }
  return problem(source.file, { ...place, ...slipOf(error, source.text) });
}

function slipOf(error: YAMLError, text: string): Slip {
  const at = error.pos[0];
  const inFlow =
    error.code === 'UNEXPECTED_TOKEN' && text.slice(at - 1, at + 1) === '$'.concat('{');
  return inFlow ? bareReference : (slips[error.code] ?? anySlip);
}

const bareReference: Slip = {
  message: 'a reference to a variable cannot stand bare inside { } or [ ]',
  mend: 'put it in quotes',
};
const anySlip: Slip = {
  message: 'is not valid YAML',
  mend: 'look at this line and the one before it: indentation, quotes, brackets',
};
const slips: Partial<Record<YAMLError['code'], Slip>> = {
  TAB_AS_INDENT: { message: 'a tab indents this line', mend: 'indent with spaces' },
  BAD_INDENT: {
    message: 'is indented wrongly, or a bracket before it is not closed',
    mend: 'close brackets, and give the keys of one map the same indentation',
  },
  MISSING_CHAR: {
    message: 'a character is missing: a quote, a bracket, a comma or a colon',
    mend: 'close what this line opens; put a space after a colon',
  },
  MULTILINE_IMPLICIT_KEY: {
    message: 'a colon is missing, or has no space after it',
    mend: 'write `key: value`',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'a second key begins in the value of another',
    mend: 'put a value with a colon in quotes; give the keys of one map the same indentation',
  },
  UNEXPECTED_TOKEN: {
    message: 'something here is too many',
    mend: 'remove the quote, bracket or word too many, or put the whole value in quotes',
  },
  BAD_ALIAS: {
    message: 'an alias has no anchor',
    mend: 'write the value itself, or quote the `*`',
  },
  MULTIPLE_DOCS: { message: 'a second document begins here', mend: 'remove the `---`' },
  TAG_RESOLVE_FAILED: {
    message: 'a tag is not known',
    mend: 'write the value without the `!` tag',
  },
  BAD_SCALAR_START: { message: 'a value cannot begin so', mend: 'put the value in quotes' },
};
