// The catalogue of mistakes in a probe, and what an operator is told about each.
import { expect, test } from 'vitest';
import { parsePolicy } from '../../src/policy/parse.ts';
import { formatProblems } from '../../src/policy/problem.ts';

/** A phase with one gate; what is given is its probe. */
type More = {
  readonly phase?: string;
  readonly limit?: string;
  readonly minimum?: string;
  readonly judge?: string;
};

function of(probe: string, more: More = {}): string {
  const { phase = 'gate', limit = '10m', minimum, judge } = more;
  return `${phase}:${minimum === undefined ? '' : `\n  minimum: ${minimum}`}
  limit: ${limit}
  gates:
    - name: g
      probe: ${probe}
      every: 1s
      judge: ${judge ?? '{ consecutive: { passes: 3, failures: 3 } }'}
      dryRun: false
`;
}

const mistakes: [title: string, text: string, ...says: string[]][] = [
  [
    'two sources in one probe',
    of('{ http: {}, exec: { command: [x], on: controller } }'),
    'p.yml:5:7  gate.gates[0].probe: must have exactly one key',
    '    write exactly one of: http, container, prometheus, balancer, logs, exec',
  ],
  [
    'a misspelt source',
    of('{ promtheus: { query: up } }'),
    'p.yml:5:16  gate.gates[0].probe.promtheus: is not a known key',
    '    did you mean `prometheus`?',
  ],
  [
    'a secret in a header',
    of('{ http: { headers: { authorization: Bearer hunter2 } } }'),
    'p.yml:5:50  gate.gates[0].probe.http.headers.authorization: may be a secret, so it must be a reference; what stands here is not shown',
    `    write \${PROBE_TOKEN} in its place and set that variable where bgctl runs`,
  ],
  [
    'a token in any header',
    of('{ http: { headers: { x-any: dop_v1_0123456789abcdef } } }'),
    'p.yml:5:42  gate.gates[0].probe.http.headers.x-any: may be a secret, so it must be a reference; what stands here is not shown',
    `    write \${PROBE_TOKEN} in its place and set that variable where bgctl runs`,
  ],
  [
    'a key in a header to Prometheus',
    of(
      '{ prometheus: { url: "http://p:9090", query: "up{release=\\"{release}\\"}", max: 1, headers: { x-api-key: abc } } }',
    ),
    'p.yml:5:118  gate.gates[0].probe.prometheus.headers.x-api-key: may be a secret, so it must be a reference; what stands here is not shown',
    `    write \${PROBE_TOKEN} in its place and set that variable where bgctl runs`,
  ],
  [
    "bgctl's own header",
    of('{ http: { headers: { bgctl-probe: mine } } }'),
    'p.yml:5:48  gate.gates[0].probe.http.headers.bgctl-probe: is set by bgctl itself',
    '    leave it out',
  ],
  [
    'a method in small letters',
    of('{ http: { method: get } }'),
    'p.yml:5:32  gate.gates[0].probe.http.method: "get" is not a method',
    '    write one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
  ],
  [
    'a status that is none',
    of('{ http: { status: [20] } }'),
    'p.yml:5:33  gate.gates[0].probe.http.status[0]: 20 is not a status',
    '    write one such as 204, or a range such as 200-399',
  ],
  [
    'a range of statuses backwards',
    of('{ http: { status: [399-200] } }'),
    'p.yml:5:33  gate.gates[0].probe.http.status[0]: 399-200 goes backwards',
    '    write 200-399',
  ],
  [
    'a JSON path without its beginning',
    of('{ http: { json: [{ path: checks.0 }] } }'),
    'p.yml:5:39  gate.gates[0].probe.http.json[0].path: "checks.0" is not a JSON path',
    "    write a path such as $.checks[0].status or $['a b']",
  ],
  [
    'a condition that says two things',
    of('{ http: { json: [{ path: $.a, equals: 1, exists: true }] } }'),
    'p.yml:5:63  gate.gates[0].probe.http.json[0].exists: is said by equals already',
    '    write either equals or exists',
  ],
  [
    'a path beside endpoints',
    of('{ http: { path: /a, endpoints: [{ path: /b }] } }'),
    'p.yml:5:30  gate.gates[0].probe.http.path: is not asked where there are endpoints',
    '    leave it out, or write it as an endpoint',
  ],
  [
    'an endpoint without a path',
    of('{ http: { endpoints: [{ weight: 2 }] } }'),
    'p.yml:5:36  gate.gates[0].probe.http.endpoints[0].path: is missing',
    '    write a path that begins with a slash, such as /health',
  ],
  [
    'an endpoint of no weight',
    of('{ http: { endpoints: [{ path: /b, weight: 0 }] } }'),
    'p.yml:5:56  gate.gates[0].probe.http.endpoints[0].weight: 0 is not a whole number from 1 to 1000',
    '    write a whole number from 1 to 1000',
  ],
  [
    'a rate without its unit',
    of('{ http: { rate: 20 } }'),
    'p.yml:5:30  gate.gates[0].probe.http.rate: 20 is not a rate',
    '    write a number a second or a minute: 20/s, 0.5/s or 300/m',
  ],
  [
    'a rate of nothing',
    of('{ http: { rate: 0/s } }'),
    'p.yml:5:30  gate.gates[0].probe.http.rate: "0/s" is not a rate',
    '    write a number a second or a minute: 20/s, 0.5/s or 300/m',
  ],
  [
    'a warm-up as long as the phase',
    of('{ http: { warmUp: 10m } }'),
    'p.yml:5:32  gate.gates[0].probe.http.warmUp: 10m of warm-up leave nothing of the limit of 10m',
    '    write less, or a longer limit',
  ],
  [
    'a CA for certificates that nobody checks',
    of('{ http: { tls: { insecure: true, ca: /a.pem } } }'),
    'p.yml:5:51  gate.gates[0].probe.http.tls.ca: with insecure no certificate is checked, so a ca means nothing',
    '    write one of the two',
  ],
  [
    'a word that is none for insecure',
    of('{ http: { tls: { insecure: false } } }'),
    'p.yml:5:41  gate.gates[0].probe.http.tls.insecure: false is not the word for it',
    '    write true, or leave it out',
  ],
  [
    "a port of the balancer's",
    of('{ http: { of: balancer, port: 80 } }', { phase: 'verify' }),
    "p.yml:5:44  verify.gates[0].probe.http.port: the balancer's address has its own port",
    '    leave it out; traffic.address in bgctl.yml says where people come in',
  ],
  [
    'a floor without a source of traffic',
    of('{ http: { floor: { rate: 5/s, traffic: {} } } }', { phase: 'verify' }),
    'p.yml:5:44  verify.gates[0].probe.http.floor.traffic: must have exactly one key',
    '    write exactly one of: prometheus, logs',
  ],
  [
    'no query',
    of('{ prometheus: { url: "http://p:9090", max: 1 } }'),
    'p.yml:5:16  gate.gates[0].probe.prometheus: must have one query, or a numerator and a denominator',
    '    write query, or both numerator and denominator',
  ],
  [
    'half a ratio',
    of('{ prometheus: { url: "http://p:9090", numerator: "a{x=\\"{release}\\"}", max: 1 } }'),
    'p.yml:5:16  gate.gates[0].probe.prometheus: must have one query, or a numerator and a denominator',
    '    write query, or both numerator and denominator',
  ],
  [
    'a misspelt placeholder',
    of('{ prometheus: { url: "http://p:9090", query: "up{r=\\"{relaese}\\"}", max: 1 } }'),
    'p.yml:5:59  gate.gates[0].probe.prometheus.query: {relaese} is nothing that bgctl fills in',
    '    did you mean {release}?',
  ],
  [
    'a password in an address',
    of('{ prometheus: { url: "http://ann:pw@p:9090", query: "up{r=\\"{release}\\"}", max: 1 } }'),
    'p.yml:5:35  gate.gates[0].probe.prometheus.url: must hold no password; what stands here is not shown',
    `    write headers: { authorization: "Basic \${PROMETHEUS_LOGIN}" } instead`,
  ],
  [
    'a number that nothing judges',
    of('{ prometheus: { url: "http://p:9090", query: "up{r=\\"{release}\\"}" } }'),
    'p.yml:5:16  gate.gates[0].probe.prometheus: without a bound no number is an error, so this judge would pass whatever is measured',
    '    write max or min here, or judge a threshold of the value',
  ],
  [
    'bounds that leave no room',
    of('{ prometheus: { url: "http://p:9090", query: "up{r=\\"{release}\\"}", min: 2, max: 1 } }'),
    'p.yml:5:87  gate.gates[0].probe.prometheus.min: 2 is more than max, 1',
    '    write less',
  ],
  [
    'TLS without https',
    of('{ prometheus: { url: "http://p:9090", query: "up{r=\\"{release}\\"}", max: 1, tls: {} } }'),
    'p.yml:5:90  gate.gates[0].probe.prometheus.tls: the address is not https',
    '    write https:// in url',
  ],
  [
    'a query for green and blue together',
    of('{ prometheus: { url: "http://p:9090", query: "sum(up)", max: 1 } }'),
    'p.yml:5:59  gate.gates[0].probe.prometheus.query: nothing in it tells green from blue',
    '    select by a label, as with {release="{release}"}',
  ],
  [
    'a timeout as long as the phase',
    of(
      '{ prometheus: { url: "http://p:9090", query: "up{r=\\"{release}\\"}", max: 1, timeout: 1m } }',
      { limit: '1m' },
    ),
    'p.yml:5:99  gate.gates[0].probe.prometheus.timeout: 1m is not shorter than the limit of 1m',
    '    write a shorter timeout, such as 2s',
  ],
  [
    'logs without anything to match',
    of('{ logs: { max: 0 } }'),
    'p.yml:5:16  gate.gates[0].probe.logs: must say once what a line must match',
    '    write either match (a regular expression) or text',
  ],
  [
    'logs with two things to match',
    of('{ logs: { match: a, text: b, max: 0 } }'),
    'p.yml:5:16  gate.gates[0].probe.logs: must say once what a line must match',
    '    write either match (a regular expression) or text',
  ],
  [
    'a regular expression that is none',
    of('{ logs: { match: "a(", max: 0 } }'),
    'p.yml:5:31  gate.gates[0].probe.logs.match: "a(" is not a regular expression',
    '    write one such as panic|FATAL; for plain text use `text`',
  ],
  [
    'lines that nothing judges',
    of('{ logs: { text: a } }'),
    'p.yml:5:16  gate.gates[0].probe.logs: without a bound no number is an error, so this judge would pass whatever is measured',
    '    write max or min here, or judge a threshold of the value',
  ],
  [
    'a command without a place',
    of('{ exec: { command: [x] } }'),
    'p.yml:5:16  gate.gates[0].probe.exec: needs a service in whose container the command runs',
    '    write service: web, or on: controller',
  ],
  [
    'a service on the controller',
    of('{ exec: { command: [x], on: controller, service: web } }'),
    'p.yml:5:63  gate.gates[0].probe.exec.service: on the controller there is no service',
    '    leave it out, or write on: container',
  ],
  [
    'a bound of an exit code',
    of('{ exec: { command: [x], service: web, max: 1 } }'),
    'p.yml:5:57  gate.gates[0].probe.exec.max: an exit code is not measured',
    '    write number: true if the command prints a number',
  ],
  [
    'a word that is a number',
    of('{ exec: { command: [x, 1], service: web } }'),
    'p.yml:5:37  gate.gates[0].probe.exec.command[1]: 1 is not a word',
    '    write a text; quote numbers',
  ],
  [
    "the balancer's metrics before the switch",
    of('{ balancer: { quantity: health } }'),
    "p.yml:5:16  gate.gates[0].probe.balancer: before the switch the balancer's metrics tell of blue, not of green",
    '    move this gate to verify',
  ],
  [
    'a quantile of errors',
    of('{ balancer: { quantity: errors, quantile: p95, max: 1% } }', { phase: 'verify' }),
    'p.yml:5:56  verify.gates[0].probe.balancer.quantile: errors has no quantiles',
    '    leave it out, or write quantity: responseTime',
  ],
  [
    'a bound of another quantity',
    of('{ balancer: { quantity: errors, max: 800ms } }', { phase: 'verify' }),
    'p.yml:5:51  verify.gates[0].probe.balancer.max: is no bound of errors',
    '    write a share such as 1%',
  ],
  [
    'a bound of health',
    of('{ balancer: { quantity: health, max: 1% } }', { phase: 'verify' }),
    'p.yml:5:51  verify.gates[0].probe.balancer.max: is no bound of health',
    '    leave it out: a droplet is healthy or not',
  ],
  [
    'a phase too short for a point',
    of('{ balancer: { quantity: health } }', { phase: 'verify', minimum: '1m', limit: '5m' }),
    'p.yml:6:16  verify.gates[0].probe.balancer: DigitalOcean shows a point every 2 min, and late: within 5m there may be none',
    '    write a limit of more than 5m',
  ],
  [
    'a share that is no share',
    of('{ container: { memory: 90 } }'),
    'p.yml:5:37  gate.gates[0].probe.container.memory: 90 is not a share',
    '    write a percentage such as 1%, or a number such as 0.01',
  ],
  [
    "a floor's logs without anything to match",
    of('{ http: { of: balancer, floor: { rate: 5/s, traffic: { logs: { service: web } } } } }', {
      phase: 'verify',
    }),
    'p.yml:5:69  verify.gates[0].probe.http.floor.traffic.logs: must say once what a line must match',
    '    write either match (a regular expression) or text',
  ],
  [
    "an unknown placeholder in a floor's query",
    of(
      '{ http: { of: balancer, floor: { rate: 5/s, traffic: { prometheus: { url: "http://p:9090", query: "sum(up{r=\\"{foo}\\"})" } } } } }',
      { phase: 'verify' },
    ),
    'p.yml:5:112  verify.gates[0].probe.http.floor.traffic.prometheus.query: {foo} is nothing that bgctl fills in',
    '    write one of {environment}, {release}, {app}, {pool}, {droplet}',
  ],
  [
    'durations of logs',
    of('{ logs: { text: a, max: 0 } }', {
      judge: '{ threshold: { quantity: meanDuration, max: 1s, window: 1m, samples: 1 } }',
    }),
    'p.yml:5:7  gate.gates[0].probe: the logs probe has no durations to judge',
    '    use an http probe, or judge consecutive or errorRate',
  ],
];

/** Problems of what is refused, warnings of what is not. */
function said(text: string): readonly string[] {
  const parsed = parsePolicy(text, 'p.yml');
  return formatProblems(parsed.ok ? parsed.warnings : parsed.problems).split('\n');
}

test.each(mistakes)('%s is told with its place and its mend', (_, text, ...says) => {
  expect(said(text)).toEqual(says);
});

test.each([
  [
    'a header that refers to the environment',
    `{ http: { headers: { authorization: "Bearer \${PROBE_TOKEN}" } } }`,
  ],
  ['an empty header', '{ http: { headers: { x-token: "" } } }'],
  ['statuses and ranges', '{ http: { status: [204, 300-399] } }'],
  ['a container without bounds', '{ container: {} }'],
  ['a command here', '{ exec: { command: [check], on: controller } }'],
  [
    'a query by release',
    '{ prometheus: { url: "http://p:9090", query: "up{r=\\"{release}\\"}", min: 1 } }',
  ],
])('%s is accepted', (_, probe) => {
  expect(parsePolicy(of(probe), 'p.yml')).toMatchObject({ ok: true, warnings: [] });
});

test('what must not be written is not repeated (I8)', () => {
  const secrets = ['hunter2', 'dop_v1_0123456789abcdef', 'ann:pw'];
  for (const secret of secrets) {
    const told = mistakes.filter(([, text]) => text.includes(secret));
    expect(told.length).toBeGreaterThan(0);
    for (const [, text] of told) expect(said(text).join()).not.toContain(secret);
  }
});

test('what is written comes out as data, with nothing that was not written', () => {
  const probe = `
        http:
          headers: { x-a: b }
          status: [200, 300-302]
          expect: fine
          endpoints:
            - { path: /a, weight: 2 }
            - { path: /b, method: POST, expect: other, status: [201] }
          rate: 30/m
          warmUp: 5s
          floor: { rate: 5/s, traffic: { logs: { match: GET } }, countsProbes: false }`;
  const parsed = parsePolicy(of(probe), 'p.yml');
  const usual = { headers: { 'x-a': 'b' }, expect: 'fine' };
  const status = [
    { from: 200, to: 200 },
    { from: 300, to: 302 },
  ];
  expect(parsed.ok && JSON.parse(JSON.stringify(parsed.value.gate.gates[0]?.probe))).toStrictEqual({
    kind: 'http',
    of: 'droplets',
    path: null,
    ...usual,
    status,
    timeoutMs: 2_000,
    rate: 0.5,
    warmUpMs: 5_000,
    endpoints: [
      { path: '/a', ...usual, status, weight: 2 },
      {
        path: '/b',
        ...usual,
        method: 'POST',
        expect: 'other',
        status: [{ from: 201, to: 201 }],
        weight: 1,
      },
    ],
    floor: { rate: 5, countsProbes: false, traffic: { kind: 'logs', match: { pattern: 'GET' } } },
  });
});

test.each([
  ['', true],
  ['dryRun: true', true],
  ['dryRun: false', false],
])("the balancer's metrics decide nothing unless the policy says so: %s", (written, dryRun) => {
  const text = `verify:
  gates:
    - { name: up, probe: container, judge: { consecutive: { passes: 1, failures: 1 } } }
    - { name: seen, probe: { balancer: { quantity: health } }, judge: { consecutive: { passes: 1, failures: 1 } }, ${written} }
`;
  const parsed = parsePolicy(text, 'p.yml');
  expect(parsed.ok && parsed.value.verify.gates.map((gate) => gate.dryRun)).toEqual([
    false,
    dryRun,
  ]);
});
