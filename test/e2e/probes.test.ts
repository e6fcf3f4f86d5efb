// Every source of samples on real droplets: what is good passes its gate, what is bad is told in words, and blue goes on serving.
import { describe, expect, test } from 'vitest';
import type { Stage } from '../../compose/lab/stage.ts';
import { backOn, orderFault } from './back.ts';
import { expectEnd, expectExit, given, on, onStage, pools, underLoad, usePolicy } from './kit.ts';
import { enters, startedUntil } from './moments.ts';
import { quickPolicy } from './quick.ts';

const good = '{ consecutive: { passes: 3, failures: 3 } }';
const gate = (name: string, probe: string, judge = good, every = '500ms') =>
  `{ name: ${name}, probe: ${probe}, every: ${every}, judge: ${judge} }`;
/** A process in a container costs the droplet's Docker more than the app does; five a second would be the row's own load. */
const seldom = '2s';

const sources = [
  gate(
    'pages',
    `{ http: { endpoints: [
        { path: /, weight: 2, json: [{ path: $.environment, exists: true }] },
        { path: /echo, method: POST, headers: { content-type: text/plain }, body: hello, expect: hello },
        { path: /nowhere, status: [404] } ], rate: 20/s, concurrency: 2, warmUp: 1s } }`,
    '{ consecutive: { passes: 6, failures: 1 } }',
  ),
  gate('room', '{ container: { memory: 99%, cpu: 100% } }'),
  gate('quiet', '{ logs: { match: "panic|FATAL", service: web, max: 0 } }'),
  gate(
    'inside',
    '{ exec: { command: [/bin/bash, -c, "exit 0"], service: web, timeout: 20s } }',
    good,
    seldom,
  ),
  gate(
    'number',
    '{ exec: { command: [/bin/bash, -c, "echo 7"], service: web, timeout: 20s, number: true, min: 7, max: 7 } }',
    good,
    seldom,
  ),
  gate('here', "{ exec: { command: [test, -n, '{release}'], on: controller } }"),
];

const patient = (gates: readonly string[]) =>
  quickPolicy({ gates: `[${gates.join(', ')}]`, gateLimit: '60s', gateMinimum: '4s' });

describe('sources of samples on droplets', () => {
  test('a good release passes gates over http, containers, logs and commands', () =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      usePolicy(stage, patient(sources));
      const load = await underLoad(stage, async () => {
        await given(stage, 'v2');
      });
      await expectEnd(stage, {
        load,
        attached: pools.b,
        projects: on(stage, 'r2', 'b'),
        last: 'promoted',
      });
    }));

  const spoilt = async (stage: Stage) => {
    await orderFault(stage, 3, { errorRate: 1 });
    const answer = await fetch(`http://127.0.1.3:${stage.port}/`);
    await answer.arrayBuffer();
  };
  const request = 'GET / HTTP/1.1\\r\\nhost: web\\r\\nconnection: close\\r\\n\\r\\n';
  const ask = `exec 3<>/dev/tcp/127.0.0.1/8000; printf '${request}' >&3; read -r status <&3; [[ $status == *' 200 '* ]]`;

  test.each([
    {
      what: 'a container that uses too much',
      only: gate(
        'room',
        '{ container: { memory: 0.01% } }',
        '{ consecutive: { passes: 60, failures: 2 } }',
      ),
      spoil: async () => undefined,
      says: 'of its memory, more than 0.01 %',
    },
    {
      what: 'lines in the logs',
      only: gate(
        'quiet',
        '{ logs: { match: "ERROR .* to order", service: web, max: 0 } }',
        '{ consecutive: { passes: 60, failures: 1 } }',
      ),
      spoil: spoilt,
      says: 'lines in',
    },
    {
      what: 'a command that fails',
      only: gate(
        'inside',
        `{ exec: { command: [/bin/bash, -c, ${JSON.stringify(ask)}], service: web, timeout: 20s } }`,
        '{ consecutive: { passes: 20, failures: 2 } }',
        seldom,
      ),
      spoil: spoilt,
      says: 'exit code 1',
    },
  ])('$what stops a release before its switch, in words', ({ only, spoil, says }) =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      usePolicy(stage, patient([only]));
      const load = await underLoad(stage, async () => {
        const promotion = await startedUntil(stage, ['promote', 'v2'], {
          when: 'gating',
          is: enters('gating'),
        });
        await spoil(stage);
        const ended = await promotion.ended;
        expectExit(ended, 10);
        expect(ended.stderr).toContain(says);
      });
      await expectEnd(stage, backOn('r1', stage, { load, last: 'failed' }));
    }),
  );
});
