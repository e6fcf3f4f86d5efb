// Steps, effects and entries in plain English: one line, nothing left out.
import { expect, test } from 'vitest';
import { describeEffect, describeEntry, describeStep } from '../../src/promotion/describe.ts';
import type { Effect } from '../../src/promotion/effect.ts';
import type { Fact } from '../../src/promotion/entry.ts';
import type { Step } from '../../src/promotion/rules.ts';
import {
  advanced,
  approved,
  attach,
  detach,
  done,
  entered,
  failed,
  requested,
} from '../builders/app.ts';
import { abort, adopt, extend, hold, keep, letGo, promote, restore } from '../builders/command.ts';
import { anEnvironment } from '../builders/release.ts';

const on = { project: 'shop-r42', droplet: 3 };

test.each<[Effect, string]>([
  [{ kind: 'start-project', ...on }, 'start shop-r42 on droplet 3'],
  [{ kind: 'remove-project', ...on }, 'remove shop-r42 on droplet 3'],
  [{ kind: 'fail-health', ...on }, 'make shop-r42 on droplet 3 fail its health check'],
  [{ kind: 'restore-health', ...on }, 'restore the health check of shop-r42 on droplet 3'],
  [
    {
      kind: 'run-hook',
      id: 'shop/r42/gate/notify/9',
      phase: 'gate',
      name: 'notify',
      release: 'r42',
      reason: 'so',
      timeoutMs: 9,
    },
    'run the hook notify of gate',
  ],
  [attach(3), 'attach droplet 3 to the load balancer'],
  [detach(1, 2), 'detach droplets 1, 2 from the load balancer'],
])('effect: %o', (effect, line) => {
  expect(describeEffect(effect)).toBe(line);
});

test.each<[Step, string]>([
  [{ is: 'wait', because: 'green starts', until: 1 }, 'waiting: green starts'],
  [
    { is: 'act', effects: [attach(3), { kind: 'start-project', ...on }], because: 'so' },
    'attach droplet 3 to the load balancer; start shop-r42 on droplet 3: so',
  ],
  [{ is: 'enter', phase: 'gating', because: 'it runs' }, 'gating: it runs'],
  [{ is: 'commit', because: 'it serves' }, 'commit point: it serves'],
  [
    { is: 'request', because: 'the gates passed', until: 9, evidence: {} },
    'approval awaited: the gates passed',
  ],
  [
    { is: 'advance', to: 'judging', because: 'it serves' },
    'green is judged beside blue: it serves',
  ],
  [{ is: 'yield', because: 'no answer' }, 'stopping here: no answer'],
])('step: %o', (step, line) => {
  expect(describeStep(step)).toBe(line);
});

const by = 'anna';

test.each<[Fact, string]>([
  [{ type: 'asked', by, command: promote('r42') }, 'asked by anna: promote r42 on pool b'],
  [{ type: 'asked', by, command: abort('a typo') }, 'asked by anna: abort: a typo'],
  [{ type: 'asked', by, command: keep('shop-r41') }, 'asked by anna: keep shop-r41'],
  [{ type: 'asked', by, command: restore }, 'asked by anna: restore the load balancer'],
  [
    { type: 'asked', by, command: adopt(anEnvironment('r41', 'blue')) },
    'asked by anna: adopt shop-r41',
  ],
  [{ type: 'asked', by, command: adopt(null) }, 'asked by anna: adopt nothing'],
  [approved(), 'asked by ben: approve r42'],
  [requested(), 'approval awaited: the gates passed'],
  [advanced('rest'), 'the rest of green joins: it serves'],
  [
    { type: 'asked', by, command: hold },
    'asked by anna: keep the old environment warm: to compare',
  ],
  [{ type: 'asked', by, command: letGo }, 'asked by anna: the old environment need not be kept'],
  [
    { type: 'asked', by, command: extend(9) },
    'asked by anna: keep the old environment warm for 1m from now',
  ],
  [entered('gating'), 'gating: into gating'],
  [{ type: 'committed', because: 'it serves' }, 'commit point: it serves'],
  [
    { type: 'acted', effect: attach(3), until: 1, because: 'green joins' },
    'attach droplet 3 to the load balancer: green joins',
  ],
  [done(attach(3)), 'done: attach droplet 3 to the load balancer'],
  [
    { type: 'settled', effect: attach(3), ok: false },
    'failed: attach droplet 3 to the load balancer: no reason given',
  ],
  [failed(attach(3), 'busy'), 'failed: attach droplet 3 to the load balancer: busy'],
  [{ type: 'leased', by, epoch: 2 }, 'driven by anna'],
])('entry: %o', (fact, line) => {
  expect(describeEntry(fact)).toBe(line);
});
