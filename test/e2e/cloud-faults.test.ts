// DigitalOcean on its bad days, and somebody else's hand in the balancer, while traffic moves; and what is refused beforehand.
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Stage, StageOptions } from '../../compose/lab/stage.ts';
import { foreign } from '../../compose/lab/stage.ts';
import type { Fault } from '../../src/emulator/faults.ts';
import { changes } from './cloud.ts';
import { expectEnd, expectExit, given, on, onStage, type Pool, pools, underLoad } from './kit.ts';
import { commits, enters, type Moment, settled, startedUntil } from './moments.ts';
import { quickPolicy } from './quick.ts';

/** The limit of the switch includes the time in which the API does not do its part. */
const patient = quickPolicy({ switchLimit: '150s' });
const gating: Moment = { when: 'gating', is: enters('gating') };
const quiet = { removal: 'drain' } as const;

test.each<{ title: string; faults: readonly (readonly Fault[])[] }>([
  {
    title: 'busy for 30 s (403), then many 429, with and without a time to wait',
    faults: [
      [{ kind: 'busy', on: 'writes', forMs: 30_000 }],
      [{ kind: 'rate-limited', retryAfterSeconds: 4, forMs: 20_000 }],
      [{ kind: 'rate-limited', forMs: 20_000, resetInPast: true }],
    ],
  },
  {
    title:
      'a 502 in HTML for some seconds, and writes whose answers are lost after they were applied',
    faults: [
      [{ kind: 'html', forMs: 8_000 }],
      [
        { kind: 'reset-after-applying', method: 'POST', times: 1 },
        { kind: 'reset-after-applying', method: 'DELETE', times: 1 },
      ],
      [
        { kind: 'reset', method: 'POST', times: 2 },
        { kind: 'truncated', on: 'reads', times: 2 },
        { kind: 'html', applied: true, method: 'DELETE', times: 1 },
      ],
    ],
  },
  {
    title: 'a 204 that was a lie, at the attach and at the detach',
    faults: [
      [
        { kind: 'accept-not-apply', method: 'POST', times: 1 },
        { kind: 'accept-not-apply', method: 'DELETE', times: 1 },
      ],
    ],
  },
])('the API while switching: $title: the promotion ends and nobody noticed', ({ faults }) =>
  onStage({ policy: patient, attached: [foreign.id] }, async (stage) => {
    await given(stage, 'v1');
    let pool: Pool = 'a';
    for (const [index, ordered] of faults.entries()) {
      pool = pool === 'a' ? 'b' : 'a';
      const said: string[] = [];
      const load = await underLoad(stage, async () => {
        const promotion = await startedUntil(
          stage,
          ['promote', index % 2 === 0 ? 'v2' : 'v5'],
          gating,
        );
        for (const fault of ordered) await stage.emulator.admin.fault(fault);
        const promoted = await promotion.ended;
        said.push(promoted.stderr);
        expectExit(promoted, 0);
      });
      expect(await met(stage), said.join()).toEqual(
        expect.arrayContaining([...new Set(ordered.map(({ kind }) => kind))]),
      );
      await stage.emulator.admin.clearFaults();
      await expectEnd(stage, {
        load,
        attached: [...pools[pool], foreign.id],
        projects: on(stage, `r${index + 2}`, pool),
        last: 'promoted',
      });
    }
  }),
);

test('the API shows a change only seconds later: the promotion waits for what is shown, and nobody noticed', () =>
  onStage({ knobs: { getLagMs: 3_000 } }, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      expectExit(await stage.run('promote', 'v2'), 0);
    });
    await expectEnd(stage, {
      load,
      attached: pools.b,
      projects: on(stage, 'r2', 'b'),
      last: 'promoted',
    });
  }));

test('I7: a promotion and an abort leave a foreign droplet in the balancer, send no PUT, and take at most 60 calls', () =>
  onStage({ attached: [foreign.id] }, async (stage) => {
    await given(stage, 'v1');
    const load = await underLoad(stage, async () => {
      const before = (await stage.emulator.admin.requests()).length;
      await given(stage, 'v2');
      const calls = (await stage.emulator.admin.requests()).slice(before);
      expect(calls.length).toBeLessThanOrEqual(60);
      expect(await stage.attached()).toEqual([...pools.b, foreign.id]);
      const attached = { when: 'attached', is: settled('attach-droplets') };
      const promotion = await startedUntil(stage, ['promote', 'v5'], attached);
      expectExit(await stage.run('abort'), 0);
      expectExit(await promotion.ended, 12);
    });
    await expectEnd(stage, {
      load,
      attached: [...pools.b, foreign.id],
      projects: on(stage, 'r2', 'b'),
      last: 'aborted',
    });
  }));

type Drift = {
  readonly during: string;
  readonly is: Moment['is'];
  readonly edit: number[];
  readonly shows: string;
  readonly choice: '--restore' | '--adopt';
  readonly ends: { readonly release: string; readonly pool: Pool; readonly attached?: number[] };
};

const r1 = { release: 'r1', pool: 'a' } as const;
const r2 = { release: 'r2', pool: 'b' } as const;

test.each<Drift>([
  {
    during: 'gating, a droplet of blue taken out',
    is: enters('gating'),
    edit: [1],
    shows: 'droplet 2 should be in it and is not',
    choice: '--restore',
    ends: r1,
  },
  {
    during: 'gating, a droplet of the other pool put in',
    is: enters('gating'),
    edit: [1, 2, 3],
    shows: 'droplet 3 is in it and should not be',
    choice: '--restore',
    ends: r1,
  },
  {
    during: 'gating, a droplet of blue taken out',
    is: enters('gating'),
    edit: [1],
    shows: 'droplet 2 should be in it and is not',
    choice: '--adopt',
    ends: { ...r1, attached: [1] },
  },
  {
    during: 'switching, a droplet of green taken out again',
    is: settled('attach-droplets'),
    edit: [1, 2, 3],
    shows: 'droplet 4 should be in it and is not',
    choice: '--restore',
    ends: r1,
  },
  {
    during: 'verifying, a droplet of the new blue taken out',
    is: enters('verifying'),
    edit: [3],
    shows: 'droplet 4 should be in it and is not',
    choice: '--restore',
    ends: r2,
  },
  {
    during: 'verifying, a droplet of the old environment put back in',
    is: enters('verifying'),
    edit: [1, 3, 4],
    shows: 'droplet 1 is in it and should not be',
    choice: '--restore',
    ends: r2,
  },
  {
    during: 'verifying, a droplet of the new blue taken out',
    is: enters('verifying'),
    edit: [3],
    shows: 'droplet 4 should be in it and is not',
    choice: '--adopt',
    ends: { ...r2, attached: [3] },
  },
])(
  'a foreign edit in $during is drift: all stops and is told (exit 15), and `resolve $choice` ends it well',
  ({ is, edit, shows, choice, ends }) =>
    onStage({ knobs: quiet }, async (stage) => {
      await given(stage, 'v1');
      const { balancers } = await stage.emulator.admin.state();
      const balancer = balancers[0]?.id ?? '';
      const load = await underLoad(stage, async () => {
        const moment = { when: 'the moment', is };
        const promotion = await startedUntil(stage, ['promote', 'v2'], moment);
        await stage.emulator.admin.edit({ balancer, dropletIds: edit });
        const held = await promotion.ended;
        expectExit(held, 15);
        expect(held.stderr).toContain(shows);
        expect(held.stderr).toContain('bgctl resolve --adopt or bgctl resolve --restore');
        expect(await stage.attached(), held.stderr).toEqual(edit);
        expect(await stage.projects()).toEqual([...on(stage, 'r1', 'a'), ...on(stage, 'r2', 'b')]);
        expectExit(await stage.run('resolve', choice), 0);
      });
      await expectEnd(stage, {
        load,
        attached: ends.attached ?? pools[ends.pool],
        projects: on(stage, ends.release, ends.pool),
      });
    }),
);

test('with droplets of both pools in the balancer adopting is refused: it is not clear what is live', () =>
  onStage({ knobs: quiet }, async (stage) => {
    await given(stage, 'v1');
    const promotion = await startedUntil(stage, ['promote', 'v2'], gating);
    await stage.emulator.admin.edit({ balancer: stage.app, dropletIds: [1, 2, 3] });
    expectExit(await promotion.ended, 15);
    const refused = await stage.run('resolve', '--adopt');
    expectExit(refused, 2);
    expect(refused.stderr).toContain('droplets of both pools are in the load balancer');
    await expectEnd(stage, {
      attached: [1, 2, 3],
      projects: [...on(stage, 'r1', 'a'), ...on(stage, 'r2', 'b')],
      phase: 'held',
    });
  }));

test('a droplet of blue that is destroyed while green is gated is a loss, not an edit: the promotion goes on', () =>
  onStage({ knobs: quiet }, async (stage) => {
    await given(stage, 'v1');
    let destroyedAt = 0;
    const load = await underLoad(stage, async () => {
      const promotion = await startedUntil(stage, ['promote', 'v2'], gating);
      destroyedAt = Date.now();
      await stage.emulator.admin.destroyDroplet(2);
      expectExit(await promotion.ended, 0);
    });
    // What the droplet was answering when it was destroyed went with it; nothing after that.
    for (const { t, kind } of load.failures) {
      // HAProxy says nothing to a client on a connection that it was keeping, and expects it to ask again.
      expect(kind).toMatch(/^(http-502|reset)$/);
      expect(t - destroyedAt).toBeLessThan(1_000);
    }
    expect(await stage.attached()).toEqual(pools.b);
    const running = await stage.projects();
    expect(running).toEqual(expect.arrayContaining([...on(stage, 'r2', 'b')]));
    expect(running).not.toContain(`${stage.app}-r1@1`);
    await expectEnd(stage, {
      load,
      failed: 'may be',
      attached: pools.b,
      projects: running,
      last: 'promoted',
    });
  }));

test.each<{ how: string; fault: Fault; says: string }>([
  { how: 'gone', fault: { kind: 'reset' }, says: 'could not be reached' },
  { how: 'refusing the token', fault: { kind: 'unauthorized' }, says: 'does not accept the token' },
])(
  'after the commit point the API is $how for too long: exit 16, both run on, and resume ends it',
  ({ fault, says }) =>
    onStage({}, async (stage) => {
      await given(stage, 'v1');
      const load = await underLoad(stage, async () => {
        const point = { when: 'the commit point', is: commits };
        const promotion = await startedUntil(stage, ['promote', 'v2'], point);
        await stage.emulator.admin.fault(fault);
        const ended = await promotion.ended;
        expectExit(ended, 16);
        expect(ended.stderr).toContain(says);
        expect(ended.stderr).toContain('bgctl resume');
        expect(ended.ms).toBeLessThan(90_000);
        expect(await stage.projects()).toEqual([...on(stage, 'r1', 'a'), ...on(stage, 'r2', 'b')]);
        await stage.emulator.admin.clearFaults();
        expectExit(await stage.run('resume'), 0);
      });
      await expectEnd(stage, {
        load,
        attached: pools.b,
        projects: on(stage, 'r2', 'b'),
        last: 'promoted',
      });
    }),
);

test('a wrong token is told and never shown; a token without the scope to write fails before the commit point', () =>
  onStage({}, async (stage) => {
    const wrong = `dop_v1_${'5e'.repeat(32)}`;
    const refused = await stage.start(['promote', 'v1'], { DIGITALOCEAN_TOKEN: wrong }).ended;
    expectExit(refused, 2);
    expect(refused.stderr).toContain('does not accept the token');
    expect(refused.stdout + refused.stderr).not.toContain(wrong);
    await stage.emulator.admin.setKnobs({ scopes: ['load_balancer:read'] });
    const blind = await stage.run('promote', 'v1');
    expectExit(blind, 2);
    expect(blind.stderr).toContain('droplet:read');
    expect(await changes(stage)).toEqual([]);
    expect(await stage.projects()).toEqual([]);
    const scopes = ['load_balancer:read', 'droplet:read', 'tag:read'];
    await stage.emulator.admin.setKnobs({ scopes });
    const denied = await stage.run('promote', 'v1');
    expectExit(denied, 10);
    expect(denied.stderr).toContain('load_balancer:update');
    await expectEnd(stage, { attached: [], projects: [], last: 'failed' });
  }));

const elsewhere = 'b5a0b0b6-0e4e-4b51-9d06-8f8e3f1f3a11';

test.each<{
  what: string;
  balancer: NonNullable<StageOptions['balancer']>;
  /** Of bgctl.yml. */
  pools?: (app: string) => string;
  says: readonly string[];
}>([
  {
    what: 'a balancer that takes droplets by tag',
    balancer: { tag: 'web' },
    says: ['the tag web'],
  },
  { what: 'a global balancer', balancer: { type: 'GLOBAL' }, says: ['is a global load balancer'] },
  {
    what: 'a network balancer',
    balancer: { type: 'REGIONAL_NETWORK' },
    says: ['is a network load balancer'],
  },
  {
    what: 'droplets of another region',
    balancer: { region: 'ams3' },
    says: [1, 2, 3, 4].map((id) => `lab-${id} (${id}) of pool`).concat('the load balancer in ams3'),
  },
  {
    what: 'droplets of another VPC',
    balancer: { vpcUuid: elsewhere },
    says: [1, 2, 3, 4].map((id) => `lab-${id} (${id}) of pool`).concat('is in another VPC'),
  },
  {
    what: 'pools that overlap',
    balancer: {},
    pools: (app) => `pools: { a: { tag: ${app}-a }, b: { droplets: [2, 3] } }`,
    says: ['lab-2 (2) would be in both pools'],
  },
  {
    what: 'all of these at once',
    balancer: { type: 'REGIONAL_NETWORK', tag: 'web', region: 'ams3' },
    pools: (app) => `pools: { a: { tag: ${app}-a }, b: { droplets: [2, 3, 77] } }`,
    says: [
      'is a network load balancer',
      'the tag web',
      'lab-1 (1) of pool a is in fra1',
      'lab-3 (3) of pool b is in fra1',
      'lab-2 (2) would be in both pools',
      'names droplet 77, which does not exist',
    ],
  },
])('$what: refused with every reason (exit 2), and nothing is touched', (row) =>
  onStage({ balancer: row.balancer }, async (stage) => {
    if (row.pools !== undefined) rewrite(stage, /^pools: .*$/m, row.pools(stage.app));
    const before = await stage.attached();
    for (const command of ['promote', 'plan']) {
      const refused = await stage.run(...(command === 'plan' ? ['plan'] : ['promote', 'v1']));
      expectExit(refused, 2);
      for (const text of row.says) expect(refused.stderr).toContain(text);
      expect(refused.stderr).toContain('Nothing was');
    }
    expect(await changes(stage)).toEqual([]);
    await expectEnd(stage, { attached: before, projects: [], last: null });
  }),
);

/** Kinds of the faults that requests met. */
async function met(stage: Stage): Promise<readonly string[]> {
  const all = await stage.emulator.admin.requests();
  return [...new Set(all.map(({ fault }) => fault).filter((fault) => fault !== null))];
}

function rewrite(stage: Stage, what: RegExp, by: string): void {
  const text = readFileSync(stage.config, 'utf8');
  expect(text).toMatch(what);
  writeFileSync(stage.config, text.replace(what, by));
}
