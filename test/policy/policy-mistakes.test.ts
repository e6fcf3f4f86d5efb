// The catalogue of mistakes in a policy, and what an operator is told about each.
import { expect, test } from 'vitest';
import { parsePolicy } from '../../src/policy/parse.ts';
import { formatProblems } from '../../src/policy/problem.ts';
import { complaints } from './texts.ts';

/** A gate phase with one gate; what is given replaces a line of it. */
function withGate(lines: Partial<Record<'limit' | 'name' | 'probe' | 'every' | 'judge', string>>) {
  const gate = {
    limit: '5m',
    name: 'g',
    probe: '{ http: { timeout: 2s } }',
    every: '1s',
    judge: '{ consecutive: { passes: 3, failures: 3 } }',
    ...lines,
  };
  return `gate:
  limit: ${gate.limit}
  gates:
    - name: ${gate.name}
      probe: ${gate.probe}
      every: ${gate.every}
      judge: ${gate.judge}
`;
}

const errorRate = '{ errorRate: { acceptable: 5%, unacceptable: 20% } }';
const latency = '{ latency: { objective: 1s, acceptable: 5%, unacceptable: 20% } }';
const rate = '{ threshold: { quantity: errorRate, max: 5%, window: 1m, samples: 60 } }';
const p95 = '{ threshold: { quantity: p95, max: 1s, window: 1m, samples: 60 } }';
const againstBlue = '{ errorRate: { acceptable: 1%, unacceptable: 5%, against: blue } }';

const mistakes: [title: string, text: string, ...says: string[]][] = [
  [
    'a bare number for a duration',
    'drain: { warm: 30 }',
    'p.yml:1:16  drain.warm: 30 is not a duration or never',
    '    write a whole number and a unit, from 0s to 24h, or never',
  ],
  [
    'a duration with a blank',
    'drain: { warm: 30 s }',
    'p.yml:1:16  drain.warm: "30 s" is not a duration or never',
    '    write a whole number and a unit, from 0s to 24h, or never',
  ],
  [
    'a limit of no time at all',
    'switch: { limit: 0s }',
    'p.yml:1:18  switch.limit: "0s" is not a duration from 1s to 24h',
    '    write a duration from 1s to 24h',
  ],
  [
    'an approval that lasts no known time',
    'gate: { approval: { ttl: forever } }',
    'p.yml:1:26  gate.approval.ttl: "forever" is not a duration or never',
    '    write a whole number and a unit, from 1s to 720h, or never',
  ],
  [
    'an approval without a time',
    'gate: { approval: {} }',
    'p.yml:1:9  gate.approval.ttl: is missing',
    '    write a whole number and a unit, from 1s to 720h, or never',
  ],
  [
    'an end of an approval that does not exist',
    'gate: { approval: { ttl: 1h, onExpire: promote } }',
    'p.yml:1:40  gate.approval.onExpire: "promote" is not what to do',
    '    write abort or hold',
  ],
  [
    'a first step of no droplet',
    'switch: { first: 0 }',
    'p.yml:1:18  switch.first: 0 is not a whole number from 1 to 1000000',
    '    write a whole number from 1 to 1000000',
  ],
  [
    'a step that leaves no time to judge',
    'switch: { limit: 2m, minimum: 90s }',
    'p.yml:1:18  switch.limit: 2m leaves too little time after the minimum of 90s',
    '    write at least 3m, or a shorter minimum',
  ],
  [
    'a hook that runs nothing, or two things',
    'gate:\n  hooks:\n    - name: a\n    - { name: b, command: [x], webhook: "https://h" }',
    'p.yml:3:7  gate.hooks[0]: "a" has neither a command nor a webhook',
    '    write exactly one of: command, webhook',
    'p.yml:4:7  gate.hooks[1]: "b" has both a command and a webhook',
    '    write exactly one of: command, webhook',
  ],
  [
    'two hooks of one name',
    'drain:\n  hooks:\n    - { name: a, command: [x] }\n    - { name: a, command: [y] }',
    'p.yml:4:15  drain.hooks[1].name: "a" is the name of another hook of this phase',
    '    give each hook its own name',
  ],
  [
    'a hook that going back would wait for',
    'abort: { hooks: [{ name: a, command: [x], required: true }] }',
    'p.yml:1:53  abort.hooks[0].required: true has no place in abort: going back waits for nobody',
    '    write false, or leave it out',
  ],
  [
    'a password in an address',
    'start: { hooks: [{ name: a, webhook: "https://me:pw@h/x" }] }',
    'p.yml:1:38  start.hooks[0].webhook: the address holds a user or a password, and a policy is journaled',
    `    put it into the environment and write ${'$'}{NAME}`,
  ],
  [
    'a command as one text',
    'start: { hooks: [{ name: a, command: make it so }] }',
    'p.yml:1:38  start.hooks[0].command: "make it so" is not a list',
    '    write a list of words: the program, then its arguments',
  ],
  [
    'an unknown key',
    'attempt: 3',
    'p.yml:1:1  attempt: is not a known key',
    '    did you mean `attempts`?',
  ],
  [
    'a key in the wrong place',
    'floor: 2',
    'p.yml:1:1  floor: is not a known key',
    '    did you mean `switch.floor`?',
  ],
  [
    'a floor that lets the balancer run empty',
    'switch: { floor: 0 }',
    'p.yml:1:18  switch.floor: 0 is not a whole number from 1 to 1000000',
    '    write a whole number from 1 to 1000000',
  ],
  [
    'a share that could mean 1 or 100 percent',
    withGate({ judge: errorRate.replace('5%', '1') }),
    'p.yml:7:41  gate.gates[0].judge.errorRate.acceptable: 1 is not a share',
    '    write a percentage such as 1%, or a number such as 0.01',
  ],
  [
    'no gates',
    'verify: { gates: [] }',
    'p.yml:1:18  verify.gates: is an empty list',
    '    write at least one of gates, each with name, probe and judge',
  ],
  [
    'a gate without a judge',
    withGate({ judge: '' }),
    'p.yml:7:7  gate.gates[0].judge: has no value',
    '    write exactly one of: consecutive, outOf, errorRate, latency, threshold',
  ],
  [
    'a gate with two judges',
    withGate({
      judge:
        '{ consecutive: { passes: 1, failures: 1 }, errorRate: { acceptable: 5%, unacceptable: 20% } }',
    }),
    'p.yml:7:7  gate.gates[0].judge: must have exactly one key',
    '    write exactly one of: consecutive, outOf, errorRate, latency, threshold',
  ],
  [
    'a misspelt judge',
    withGate({ judge: '{ errorrates: { acceptable: 5%, unacceptable: 20% } }' }),
    'p.yml:7:16  gate.gates[0].judge.errorrates: is not a known key',
    '    did you mean `errorRate`?',
  ],
  [
    'an unknown probe',
    withGate({ probe: 'containers' }),
    'p.yml:5:14  gate.gates[0].probe: "containers" is not a probe',
    '    write container, or one of http, container, prometheus, balancer, logs and exec with its keys under it',
  ],
  [
    'a misspelt key of a probe',
    withGate({ probe: '{ http: { time_out: 2s } }' }),
    'p.yml:5:24  gate.gates[0].probe.http.time_out: is not a known key',
    '    did you mean `timeout`?',
  ],
  [
    'a probe that asks for ever',
    withGate({ limit: '1s', probe: '{ http: { timeout: 2s } }', every: '100ms' }).replace(
      'limit',
      'minimum: 0s\n  limit',
    ),
    'p.yml:6:33  gate.gates[0].probe.http.timeout: 2s is not shorter than the limit of 1s',
    '    write a shorter timeout, such as 2s',
  ],
  [
    'two gates of one name',
    `${withGate({})}    - { name: g, probe: container, judge: { consecutive: { passes: 1, failures: 1 } } }`,
    'p.yml:8:15  gate.gates[1].name: "g" is the name of another gate of this phase',
    '    give each gate its own name',
  ],
  [
    'a minimum that leaves no time',
    'gate: { limit: 1m, minimum: 50s }',
    'p.yml:1:16  gate.limit: 1m leaves too little time after the minimum of 50s',
    '    write at least 100s, or a shorter minimum',
  ],
  [
    'more samples than the window can hold',
    withGate({ every: '2s', judge: rate }),
    'p.yml:7:80  gate.gates[0].judge.threshold.samples: 60 samples cannot be reached: one droplet asked every 2s gives 30 in the window of 1m',
    '    write at most 30, or a window of at least 2m, or ask more often',
  ],
  [
    'more samples than the limit leaves time for',
    withGate({ limit: '60s', every: '2s', judge: rate.replace('1m', '5m') }),
    'p.yml:7:80  gate.gates[0].judge.threshold.samples: 60 samples cannot be reached: one droplet asked every 2s gives 30 in the limit of 1m',
    '    write at most 30, or a limit of at least 2m, or ask more often',
  ],
  [
    'a streak longer than the limit',
    withGate({ judge: '{ consecutive: { passes: 300, failures: 3 } }' }),
    'p.yml:7:39  gate.gates[0].judge.consecutive.passes: 300 in a row, one every 1s, need 5m: longer than the limit of 5m',
    '    write fewer, ask more often, or write a longer limit',
  ],
  [
    'latency of containers',
    withGate({ probe: 'container', judge: latency }),
    'p.yml:5:14  gate.gates[0].probe: the container probe has no durations to judge',
    '    use an http probe, or judge consecutive or errorRate',
  ],
  [
    'green asked through the balancer',
    withGate({ probe: '{ http: { of: balancer } }' }),
    'p.yml:5:28  gate.gates[0].probe.http.of: before the switch the balancer answers from blue, not from green',
    '    write droplets here, or move this gate to verify',
  ],
  [
    'too few samples for a quantile',
    withGate({ judge: p95.replace('p95', 'p99') }),
    'p.yml:7:74  gate.gates[0].judge.threshold.samples: 60 samples say nothing of p99',
    '    write at least 100',
  ],
  [
    'a latency limit beyond the timeout',
    withGate({ judge: latency.replace('1s', '2s') }),
    'p.yml:7:38  gate.gates[0].judge.latency.objective: 2s is never exceeded: the probe gives up after 2s',
    '    write less, or a longer timeout for the probe',
  ],
  [
    'errors limited by a duration',
    withGate({ judge: '{ threshold: { quantity: errors, max: 5s, window: 1m, samples: 60 } }' }),
    'p.yml:7:52  gate.gates[0].judge.threshold.max: errors are counted',
    '    write a whole number such as 5',
  ],
  [
    'a mean duration limited by a number',
    withGate({
      judge: '{ threshold: { quantity: meanDuration, max: 5, window: 1m, samples: 60 } }',
    }),
    'p.yml:7:58  gate.gates[0].judge.threshold.max: a duration is a time',
    '    write a duration such as 300ms',
  ],
  [
    'a probe that asks nobody',
    withGate({ probe: '{ http: { of: nobody } }' }),
    'p.yml:5:28  gate.gates[0].probe.http.of: "nobody" is not a place to ask',
    '    write droplets or balancer',
  ],
  [
    'a probe that is no map',
    withGate({ probe: '{ http: 5 }' }),
    'p.yml:5:22  gate.gates[0].probe.http: 5 is not a map',
    '    write keys under it: of, path, method, headers, body, status, json, expect, timeout, port, tls, endpoints, rate, concurrency, warmUp, floor',
  ],
  [
    'a misspelt probe',
    withGate({ probe: '{ htp: {} }' }),
    'p.yml:5:16  gate.gates[0].probe.htp: is not a known key',
    '    did you mean `http`?',
  ],
  [
    'two probes in one',
    withGate({ probe: '{ http: {}, script: x }' }),
    'p.yml:5:26  gate.gates[0].probe.script: is not a known key',
    '    known here: http, container, prometheus, balancer, logs, exec',
  ],
  [
    'what a probe cannot ask for',
    withGate({ probe: '{ http: { path: up, expect: 5, timeout: 20ms } }', every: '1ms' }),
    'p.yml:5:30  gate.gates[0].probe.http.path: "up" is not a path',
    '    write a path that begins with a slash, such as /health',
    'p.yml:5:42  gate.gates[0].probe.http.expect: 5 is not a text',
    '    write the text that the body must contain',
    'p.yml:5:54  gate.gates[0].probe.http.timeout: "20ms" is not a duration from 50ms to 1m',
    '    write a duration from 50ms to 1m',
    'p.yml:6:14  gate.gates[0].every: "1ms" is not a duration from 50ms to 10m',
    '    write a duration from 50ms to 10m',
  ],
  [
    'a probe that asks too seldom, with a name that is none',
    withGate({ name: 'g g', every: '11m' }),
    'p.yml:4:13  gate.gates[0].name: "g g" is not a name',
    '    write a short name of letters, digits and -',
    'p.yml:6:14  gate.gates[0].every: "11m" is not a duration from 50ms to 10m',
    '    write a duration from 50ms to 10m',
  ],
  [
    'a window of no time, a share of nobody, no samples',
    withGate({
      judge: '{ threshold: { quantity: errors, max: [1%], window: 0s, samples: 0 } }',
    }),
    'p.yml:7:52  gate.gates[0].judge.threshold.max: a list is not a limit',
    '    write a number such as 5, a share such as 1%, or a duration such as 300ms',
    'p.yml:7:66  gate.gates[0].judge.threshold.window: "0s" is not a duration from 1s to 1h',
    '    write a duration from 1s to 1h',
    'p.yml:7:79  gate.gates[0].judge.threshold.samples: 0 is not a whole number from 1 to 1000000',
    '    write a whole number from 1 to 1000000',
  ],
  [
    'a threshold of what is not counted, up to what is no number',
    withGate({ judge: '{ threshold: { quantity: warnings, max: 5.5, window: 1m, samples: 1 } }' }),
    'p.yml:7:39  gate.gates[0].judge.threshold.quantity: "warnings" is not a quantity',
    '    write errors, errorRate, meanDuration, p50, p90, p95, p99 or value',
  ],
  [
    'a threshold of no time at all',
    withGate({
      judge: '{ threshold: { quantity: meanDuration, max: 0ms, window: 1m, samples: 1 } }',
    }),
    'p.yml:7:58  gate.gates[0].judge.threshold.max: "0ms" is not a limit',
    '    write a number such as 5, a share such as 1%, or a duration such as 300ms',
  ],
  [
    'a latency of no time at all',
    withGate({ judge: latency.replace('1s', '0ms') }),
    'p.yml:7:38  gate.gates[0].judge.latency.objective: "0ms" is not a duration from 1ms to 1m',
    '    write a duration from 1ms to 1m',
  ],
  [
    'a mean duration of containers',
    withGate({
      probe: 'container',
      judge: '{ threshold: { quantity: meanDuration, max: 5s, window: 1m, samples: 60 } }',
    }),
    'p.yml:5:14  gate.gates[0].probe: the container probe has no durations to judge',
    '    use an http probe, or judge consecutive or errorRate',
  ],
  [
    'a threshold with more samples than its window holds, which is as long as the limit',
    withGate({
      limit: '1m',
      every: '2s',
      judge: '{ threshold: { quantity: errors, max: 5, window: 1m, samples: 31 } }',
    }),
    'p.yml:7:76  gate.gates[0].judge.threshold.samples: 31 samples cannot be reached: one droplet asked every 2s gives 30 in the window of 1m',
    '    write at most 30, or a window of at least 62s, or ask more often',
  ],
  [
    'a timeout as long as the limit',
    withGate({ limit: '1m', probe: '{ http: { timeout: 1m } }' }),
    'p.yml:5:33  gate.gates[0].probe.http.timeout: 1m is not shorter than the limit of 1m',
    '    write a shorter timeout, such as 2s',
  ],
  [
    'a name that is none, limits that are none',
    'name: ""\nunreachable: 0s\nstart: { missing: -1 }\n',
    'p.yml:1:7  name: "" is not a name',
    '    write a name for this policy',
    'p.yml:2:14  unreachable: "0s" is not a duration from 1s to 24h',
    '    write a duration from 1s to 24h',
    'p.yml:3:19  start.missing: -1 is not a whole number from 0 to 1000000',
    '    write a whole number from 0 to 1000000',
  ],
  [
    'more quiet than anybody has',
    'drain: { quiet: 2h, warm: 25h }',
    'p.yml:1:17  drain.quiet: "2h" is not a duration from 0s to 1h',
    '    write a duration from 0s to 1h',
    'p.yml:1:27  drain.warm: "25h" is not a duration or never',
    '    write a whole number and a unit, from 0s to 24h, or never',
  ],
  [
    'a policy that is a list',
    '[1]',
    'p.yml:1:1  a list is not a map',
    '    write keys under it: name, attempts, unreachable, start, gate, switch, verify, drain, abort',
  ],
  [
    'a key that is known in many places',
    'limit: 5m',
    'p.yml:1:1  limit: is not a known key',
    '    did you mean `start.limit` or `gate.limit` or `switch.limit`?',
  ],
  [
    'a key that is known under gates',
    'every: 5m',
    'p.yml:1:1  every: is not a known key',
    '    did you mean `gate.gates[0].every` or `switch.gates[0].every` or `verify.gates[0].every`?',
  ],
  [
    'a wrong value behind an alias, told where it stands',
    `${withGate({ judge: '&j { consecutive: { passes: 0, failures: 1 } }' })}    - { name: h, probe: container, judge: *j }\n`,
    'p.yml:7:42  gate.gates[0].judge.consecutive.passes: 0 is not a whole number from 1 to 1000000',
    '    write a whole number from 1 to 1000000',
    'p.yml:7:42  gate.gates[1].judge.consecutive.passes: 0 is not a whole number from 1 to 1000000',
    '    write a whole number from 1 to 1000000',
  ],
  [
    'more quiet than the drain has time for',
    'drain: { limit: 10s, quiet: 10s }',
    'p.yml:1:29  drain.quiet: 10s of quiet do not fit into the limit of 10s',
    '    write less quiet, or a longer limit',
  ],
];

test.each(mistakes)('%s is told with its place and its mend', (_, text, ...says) => {
  expect(complaints(parsePolicy(text, 'p.yml'))).toEqual(says);
});

test.each([
  ['a limit of just twice the minimum', 'gate: { limit: 1m, minimum: 30s }'],
  [
    'as many samples as a quantile needs',
    withGate({ judge: p95.replace('samples: 60', 'samples: 20') }),
  ],
  ['as many samples as the window holds', withGate({ every: '1s', judge: rate })],
  ['a comparison with blue in a phase where it is live', withGate({ judge: againstBlue })],
  ['quiet that is just shorter than the drain', 'drain: { limit: 10s, quiet: 9s }'],
  ['a day', 'drain: { warm: 24h }'],
  [
    'a number of text',
    withGate({ judge: '{ errorRate: { acceptable: 0.05, unacceptable: 0.2, confidence: 0.9 } }' }),
  ],
])('%s is accepted', (_, text) => {
  expect(parsePolicy(text, 'p.yml')).toMatchObject({ ok: true, warnings: [] });
});

test('rules speak of the sections that are sound although others are not', () => {
  const text = 'start: { limit: 5 }\ndrain: { limit: 10s, quiet: 20s }\n';
  const said = complaints(parsePolicy(text, 'p.yml')).filter((line) => !line.startsWith(' '));
  expect(said).toEqual([
    'p.yml:1:17  start.limit: 5 is not a duration',
    'p.yml:2:29  drain.quiet: 20s of quiet do not fit into the limit of 10s',
  ]);
});

test('a gate that one bad answer fails is allowed with a warning', () => {
  const parsed = parsePolicy(withGate({ judge: rate.replace('5%', '1%') }), 'p.yml');
  expect(parsed.ok && formatProblems(parsed.warnings).split('\n')).toEqual([
    'p.yml:7:80  gate.gates[0].judge.threshold.samples: one bad answer of 60 is already more than 1%',
    '    write at least 100 samples if a single bad answer should not fail the gate',
  ]);
});
