// Traffic that breaks tools, open across a switch: each client knows whether it lost anything, and says when.
import { expect, test } from 'vitest';
import type { Stage } from '../../compose/lab/stage.ts';
import { download, openEvents, openSocket, StrictConnection, upload } from '../clients.ts';
import {
  entered,
  expectEnd,
  expectExit,
  given,
  journaled,
  linesOf,
  on,
  onStage,
  pools,
  said,
  underLoad,
  until,
} from './kit.ts';
import { quickPolicy } from './quick.ts';

const removals = [{ removal: 'drain' }, { removal: 'cut' }] as const;
const bytes = 100_000_000;
const patient = quickPolicy({ drainLimit: '90s' });
/** Time to begin something on blue alone after bgctl began to switch. */
const propagationMs = 3_000;
/** From quickPolicy's own. */
const drainLimitMs = 8_000;

test.each(removals)(
  'a request of 30 s and bodies of 100 MB, begun before the switch, are whole where removal means $removal',
  ({ removal }) =>
    onStage({ knobs: { removal, propagationMs }, policy: patient }, async (stage) => {
      await given(stage, 'v1');
      const load = await underLoad(stage, async () => {
        const promotion = stage.start(['promote', 'v2']);
        await entered(stage, 'switching', 2);
        const connection = await StrictConnection.to(stage.front);
        const long = connection.ask('/slow?ms=30000').then(([answer]) => ({
          ...answer,
          at: Date.now(),
        }));
        // It is waited for below; whatever goes wrong before that is told first.
        long.catch(() => {});
        const bodies = [download(stage.front, bytes), upload(stage.front, bytes)];
        await Promise.all(bodies.map(({ half }) => half));
        // Blue is told to leave, and three of its requests have not ended.
        await said(promotion, /requests? (is|are) in flight on/);
        for (const { goOn } of bodies) goOn();
        const wholes = await Promise.all(bodies.map(({ ended }) => ended));
        const answer = await long;
        expect(answer.status).toBe(200);
        for (const one of [...wholes, answer]) expect(one.environment).toBe(`${stage.app}-r1`);
        expect(wholes.map(({ whole }) => whole)).toEqual([true, true]);
        expectExit(await promotion.ended, 0);
        const detachedAt = await detachOf(stage);
        for (const { at } of [...wholes, answer]) expect(at).toBeLessThanOrEqual(detachedAt);
      });
      await expectEnd(stage, { ...promoted(stage), load });
    }),
);

test.each(removals)(
  'a strict client that pipelines, and one that is idle, lose nothing where removal means $removal',
  ({ removal }) =>
    onStage({ knobs: { removal } }, async (stage) => {
      await given(stage, 'v1');
      const idle = await StrictConnection.to(stage.front);
      const [before] = await idle.ask('/');
      expect(before?.environment).toBe(`${stage.app}-r1`);
      let over = false;
      const promotion = given(stage, 'v2').finally(() => {
        over = true;
      });
      promotion.catch(() => {});
      const seen = await pipelined(stage.front, () => over);
      await promotion;
      expect([...seen].sort()).toEqual([`${stage.app}-r1`, `${stage.app}-r2`]);
      // The balancer may close it between two requests, never in one.
      if (idle.ended === 'no') {
        const [after] = await idle.ask('/');
        expect([after?.status, after?.environment]).toEqual([200, `${stage.app}-r2`]);
      } else expect(idle.ended).toBe('cleanly');
      idle.leave();
      await expectEnd(stage, promoted(stage));
    }),
);

test('WebSockets and event streams go on across the switch where removal drains, and hold the removal until they end', () =>
  onStage({ knobs: { removal: 'drain' }, policy: patient }, async (stage) => {
    await given(stage, 'v1');
    const { socket, events } = await opened(stage);
    const promotion = stage.start(['promote', 'v2']);
    await entered(stage, 'verifying', 2);
    expect(await stage.attached()).toEqual(pools.b);
    expect(await socket.ask('still there?')).toBe('still there?');
    const before = events.numbers().length;
    await until('more events come', () => events.numbers().length > before + 1);
    await said(promotion, /connections? to \S+-r1 still open/);
    expect(await stage.projects()).toEqual([...on(stage, 'r1', 'a'), ...on(stage, 'r2', 'b')]);
    expect(await socket.ask('and now?')).toBe('and now?');
    expect(events.isOpen()).toBe(true);
    const leftAt = Date.now();
    socket.close();
    events.leave();
    expect((await socket.closed).code).toBe(1000);
    expect(events.numbers()).toEqual(events.numbers().map((_, i) => i));
    expectExit(await promotion.ended, 0);
    for (const at of removalsOf(stage)) expect(at).toBeGreaterThanOrEqual(leftAt);
    await expectEnd(stage, promoted(stage));
  }));

test('what is still open at the drain limit is ended by its own app, not before, and cleanly', () =>
  onStage({ knobs: { removal: 'drain' } }, async (stage) => {
    await given(stage, 'v1');
    const { socket, events } = await opened(stage);
    expectExit(await stage.run('promote', 'v2'), 0);
    const { code, at } = await socket.closed;
    expect(code).toBe(1001);
    expect(await events.ended).toBe('whole');
    const retiring = await entered(stage, 'retiring', 2);
    expect(at).toBeGreaterThanOrEqual(retiring.at + drainLimitMs);
    await expectEnd(stage, promoted(stage));
  }));

test('where removal cuts, a silent WebSocket goes at the detach, not before; nothing else is lost', () =>
  onStage({ knobs: { removal: 'cut' } }, async (stage) => {
    await given(stage, 'v1');
    const socket = await openSocket(stage.front);
    const load = await underLoad(stage, async () => void (await given(stage, 'v2')));
    const { code, at } = await socket.closed;
    expect(code).toBe(1006);
    expect(at).toBeGreaterThanOrEqual(await detachOf(stage));
    await expectEnd(stage, { ...promoted(stage), load });
  }));

function promoted(stage: Stage) {
  return { attached: pools.b, projects: on(stage, 'r2', 'b'), last: 'promoted' as const };
}

/** Both answered by the first release. */
async function opened(stage: Stage) {
  const socket = await openSocket(stage.front);
  const events = await openEvents(stage.front, 2_000);
  for (const { environment } of [socket, events]) expect(environment).toBe(`${stage.app}-r1`);
  return { socket, events };
}

/** Rounds of five requests at once on one connection, until it is over; the environments that answered. */
async function pipelined(front: string, over: () => boolean): Promise<ReadonlySet<string>> {
  const waits = [40, 1, 25, 3, 10];
  const seen = new Set<string>();
  let connection = await StrictConnection.to(front);
  while (!over()) {
    const answers = await connection.ask(...waits.map((ms) => `/slow?ms=${ms}`));
    expect(answers.map(({ body }) => JSON.parse(body).ms)).toEqual(waits);
    for (const { status, environment } of answers) {
      expect(status).toBe(200);
      seen.add(environment);
    }
    if (connection.ended === 'no') continue;
    expect(connection.ended).toBe('cleanly');
    connection = await StrictConnection.to(front);
  }
  connection.leave();
  return seen;
}

/** When the old release's detach began. */
async function detachOf(stage: Stage): Promise<number> {
  const { at } = await journaled(
    stage,
    'the detach of r1',
    (line) => line.type === 'acted' && line.effect.kind === 'detach-droplets',
  );
  return at;
}

function removalsOf(stage: Stage): readonly number[] {
  const found = linesOf(stage).filter(
    (line) => line.type === 'acted' && line.effect.kind === 'remove-project',
  );
  expect(found).toHaveLength(2);
  return found.map(({ at }) => at);
}
