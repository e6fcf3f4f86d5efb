// What an operator is told about judges that could never decide, would decide too soon, or compare with nothing.
import { expect, test } from 'vitest';
import { parsePolicy } from '../../src/policy/parse.ts';
import { complaints } from './texts.ts';

/** A phase with one gate in one line. */
function withJudge(judge: string, { phase = 'gate', probe = '{ http: {} }', more = '' } = {}) {
  return `${phase}: { limit: 5m, minimum: 1m, gates: [{ name: g, probe: ${probe}, every: 1s${more}, judge: ${judge} }] }\n`;
}

const shares = (text: string) => `{ errorRate: { ${text} } }`;
const threshold = (text: string) => `{ threshold: { ${text}, window: 1m, samples: 10 } }`;
const againstBlue = shares('acceptable: 1%, unacceptable: 5%, against: blue');
const inVerify = (probe: string) => withJudge(againstBlue, { phase: 'verify', probe });

const told = (text: string) =>
  complaints(parsePolicy(text, 'p.yml')).map((line) =>
    line.replace(/^p\.yml:\d+:\d+ {2}|^ {4}/, ''),
  );

const judge = 'gate.gates[0].judge';

test.each([
  [
    'an unacceptable share below the acceptable one',
    withJudge(shares('acceptable: 5%, unacceptable: 1%')),
    `${judge}.errorRate.unacceptable: 1% is not more than the acceptable 5%`,
    'write more than 5%: what lies between the two takes the longest to tell',
  ],
  [
    'two shares that are the same, of latency',
    withJudge('{ latency: { objective: 1s, acceptable: 5%, unacceptable: 5% } }'),
    `${judge}.latency.unacceptable: 5% is not more than the acceptable 5%`,
    'write more than 5%: what lies between the two takes the longest to tell',
  ],
  [
    'no error at all',
    withJudge(shares('acceptable: 0%, unacceptable: 5%')),
    `${judge}.errorRate.acceptable: 0% is more than can be shown: one failed answer of millions would decide`,
    'write what you would put up with, such as 0.1%, or use outOf or consecutive',
  ],
  [
    'all errors',
    withJudge(shares('acceptable: 5%, unacceptable: 100%')),
    `${judge}.errorRate.unacceptable: 100% would let a release pass after one good answer`,
    'write less, such as 50%',
  ],
  [
    'certainty',
    withJudge(shares('acceptable: 1%, unacceptable: 50%, confidence: 100%')),
    `${judge}.errorRate.confidence: 100% is not a confidence from 80% to 99.99%`,
    'write 99%: one wrong verdict in a hundred releases, at most',
  ],
  [
    'a coin',
    withJudge(shares('acceptable: 1%, unacceptable: 5%, confidence: 50%')),
    `${judge}.errorRate.confidence: 50% is not a confidence from 80% to 99.99%`,
    'write 99%: one wrong verdict in a hundred releases, at most',
  ],
  [
    'shares too close to be told apart within the limit',
    withJudge(shares('acceptable: 1%, unacceptable: 2%')),
    `${judge}.errorRate.unacceptable: to tell 1% from 2% at 99% takes about 1477 answers; one droplet asked every 1s gives 300 in the limit of 5m`,
    'write a limit of at least 1477s, ask more often, or set the two further apart',
  ],
  [
    'something else than blue to compare with',
    withJudge(shares('acceptable: 1%, unacceptable: 5%, against: green')),
    `${judge}.errorRate.against: "green" is not something to compare with`,
    'write limit or blue',
  ],
  [
    'a tripwire that cannot trip',
    withJudge('{ outOf: { failures: 6, of: 5 } }'),
    `${judge}.outOf.failures: 6 of 5 can never fail`,
    'write at most 5',
  ],
  [
    'a tripwire longer than the limit',
    withJudge('{ outOf: { failures: 6, of: 300 } }'),
    `${judge}.outOf.of: 300, one every 1s, need 5m: longer than the limit of 5m`,
    'write fewer, ask more often, or write a longer limit',
  ],
  [
    'a threshold without a limit',
    withJudge(threshold('quantity: errors')),
    `${judge}.threshold: has no limit`,
    'write max, or min, or both',
  ],
  [
    'a threshold that nothing can meet',
    withJudge(threshold('quantity: p90, max: 100ms, min: 200ms')),
    `${judge}.threshold.min: is more than max, so nothing can pass`,
    'write at most what max says',
  ],
  [
    'an error rate that is a time',
    withJudge(threshold('quantity: errorRate, max: 100ms')),
    `${judge}.threshold.max: an error rate is a share`,
    'write a percentage such as 1%, or a number such as 0.01',
  ],
  [
    'half an error',
    withJudge(threshold('quantity: errors, max: 0.5')),
    `${judge}.threshold.max: errors are counted`,
    'write a whole number such as 5',
  ],
  [
    'a number of answers, which are not numbers',
    withJudge(threshold('quantity: value, max: 0.8')),
    'gate.gates[0].probe: the http probe, as it is written, measures no number to judge',
    'judge errors, or use a probe that yields numbers',
  ],
  [
    'a quantile of containers',
    withJudge(threshold('quantity: p50, max: 1s'), { probe: 'container' }),
    'gate.gates[0].probe: the container probe has no durations to judge',
    'use an http probe, or judge consecutive or errorRate',
  ],
  [
    'a phase of dry runs',
    withJudge('{ outOf: { failures: 1, of: 5 } }', { more: ', dryRun: true' }),
    'gate.gates: every gate is a dry run, so nothing is ever proven',
    'let at least one gate decide: write dryRun: false',
  ],
  [
    'a dry run that is neither',
    withJudge('{ outOf: { failures: 1, of: 5 } }', { more: ', dryRun: 3' }),
    'gate.gates[0].dryRun: 3 is not yes or no',
    'write true or false',
  ],
  [
    'blue by its health check, which fails on purpose after the switch',
    inVerify('{ http: {} }'),
    'verify.gates[0].probe: the old environment may fail its health check on purpose by then, so it is nothing to compare with',
    'write http: with a path that people ask for, such as path: /',
  ],
  [
    'blue at the balancer, which it has left',
    inVerify('{ http: { of: balancer, path: / } }'),
    'verify.gates[0].probe.http.of: after the switch the balancer answers from the new environment only: there is no blue to compare with',
    'write droplets here, with a path that people ask for',
  ],
  [
    'an answer to inconclusive that is a pass',
    'verify: { inconclusive: pass, unknown: never }',
    'verify.inconclusive: "pass" is not an answer',
    'write abort or hold',
    'verify.unknown: "never" is not an answer',
    'write abort, hold or wait',
  ],
])('%s is told with its mend', (_, text, ...says) => {
  expect(told(text)).toEqual(says);
});

test.each([
  ['blue asked for what people ask for', inVerify('{ http: { path: / } }')],
  ['a share in numbers', withJudge(shares('acceptable: 0.01, unacceptable: 0.05'))],
  [
    'the least and the most confidence',
    withJudge(shares('acceptable: 1%, unacceptable: 10%, confidence: 80%')),
  ],
  ['a tripwire that only all can trip', withJudge('{ outOf: { failures: 5, of: 5 } }')],
  ['a lower limit alone', withJudge(threshold('quantity: meanDuration, min: 5ms'))],
])('%s is accepted', (_, text) => {
  expect(parsePolicy(text, 'p.yml')).toMatchObject({ ok: true, warnings: [] });
});
