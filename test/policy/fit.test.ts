// What an operator is told of a policy that is sound by itself and cannot work with this bgctl.yml.
import { expect, test } from 'vitest';
import { misfits, parsePolicy } from '../../src/policy/parse.ts';
import { formatProblems } from '../../src/policy/problem.ts';
import { bgctlYml, changed, settings } from './texts.ts';

const identity = 'identity: { header: x-bgctl-environment, path: / }';
const named = settings();
const nameless = settings(changed(bgctlYml, identity, 'identity: none'));
const byPath = settings(changed(bgctlYml, identity, 'identity: { path: /whoami }'));
const undrained = settings(bgctlYml.replace(/^ {2}drain:.*\n/m, ''));

const policy = (phase: string, probe: string, more = '') => `# a policy
${phase}:
  limit: 5m
  minimum: 1m
  gates:
    - name: g
      probe: ${probe}
      every: 1s${more}
      judge: { errorRate: { acceptable: 1%, unacceptable: 5%${phase === 'verify' ? ', against: blue' : ''} } }
`;
const inVerify = (probe: string) => policy('verify', probe);
const inSwitch = (probe: string, more = '') => policy('switch', probe, more);

function told(text: string, of = named): string[] {
  expect(parsePolicy(text, 'p.yml').ok).toBe(true);
  const problems = misfits(text, 'p.yml', of.traffic);
  return problems.length === 0 ? [] : formatProblems(problems).split('\n');
}

const onPurpose =
  '/health is the health path (traffic.health), which the old environment may fail on purpose by then, so it is nothing to compare with';
const another = '    write a path that people ask for, such as path: /';

test.each([
  ['{ http: { path: /health } }', '7:30', 'path'],
  ['{ http: { path: /health, port: 8000 } }', '7:30', 'path'],
  ['{ http: { endpoints: [{ path: / }, { path: /health }] } }', '7:57', 'endpoints[1].path'],
])('blue is not compared by the path that it fails on purpose: %s', (probe, place, key) => {
  expect(told(inVerify(probe))).toEqual([
    `p.yml:${place}  verify.gates[0].probe.http.${key}: ${onPurpose}`,
    another,
  ]);
});

test('nor by the same path with a query', () => {
  expect(told(inVerify('{ http: { path: "/health?deep=1" } }'))).toHaveLength(2);
});

test('where blue fails nothing on purpose, and by any other path or port, it may be', () => {
  expect(told(inVerify('{ http: { path: /health } }'), undrained)).toEqual([]);
  for (const asked of ['path: /', 'path: /healthy', 'path: /health, port: 9000'])
    expect(told(inVerify(`{ http: { ${asked} } }`))).toEqual([]);
});

test('while both serve, nothing can be judged by answers that name nobody', () => {
  expect(told(inSwitch('{ http: { of: balancer } }'), nameless)).toEqual([
    'p.yml:7:28  switch.gates[0].probe.http.of: this gate could never pass: both environments answer there, and no answer names its own (traffic.identity: none)',
    '    write of: droplets, or let answers name their environment and say how: traffic.identity in bgctl.yml',
  ]);
});

test('nor by another path than the one whose answers name their environment', () => {
  const [first, mend] = told(inSwitch('{ http: { of: balancer, path: / } }'), byPath);
  expect(first).toContain(
    'switch.gates[0].probe.http.path: this gate could never pass: both environments answer there, and only /whoami names its own (traffic.identity.path)',
  );
  expect(mend).toContain('write path: /whoami, or of: droplets, or traffic.identity with a header');
  expect(told(inSwitch('{ http: { of: balancer } }'), byPath)).toHaveLength(2);
  expect(told(inSwitch('{ http: { of: balancer, path: /whoami } }'), byPath)).toEqual([]);
});

test.each([
  ['names in headers', inSwitch('{ http: { of: balancer } }'), named],
  ['the droplets themselves', inSwitch('{ http: { of: droplets } }'), nameless],
  [
    'a dry run, which decides nothing',
    `${inSwitch('{ http: { of: balancer } }', '\n      dryRun: true')}    - { name: h, probe: container, judge: { outOf: { failures: 1, of: 5 } } }\n`,
    nameless,
  ],
  ['after the switch, where only green answers', 'verify: {}', nameless],
])('not refused: %s', (_, text, of) => {
  expect(told(text, of)).toEqual([]);
});
