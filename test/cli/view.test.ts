// A promotion as it is shown while it goes: plain lines, JSON objects, or a list that is redrawn.
import { describe, expect, test } from 'vitest';
import type { Output } from '../../src/cli/output.ts';
import { View } from '../../src/cli/view.ts';
import type { Entry, Fact } from '../../src/promotion/entry.ts';
import type { Step } from '../../src/promotion/rules.ts';
import { acted, anApp, attach, entered, failed, storyOf } from '../builders/app.ts';

const noonMs = 12 * 3_600_000;

describe('plain lines', () => {
  test('say when and what, an entry a line; who drives is no news', () => {
    const scene = aScene();
    scene.wrote({ type: 'leased', by: 'anna', epoch: 1 });
    scene.wrote(entered('gating'));
    scene.wrote(acted(attach(3, 4)));
    scene.wrote(failed(attach(3, 4), 'HTTP 503'));
    expect(scene.texts).toEqual([
      '12:00:00 gating: into gating',
      '12:00:00 attach droplets 3, 4 to the load balancer: in a test',
      '12:00:00 failed: attach droplets 3, 4 to the load balancer: HTTP 503',
    ]);
  });

  test('say once what is being waited for, although its numbers change every turn', () => {
    const scene = aScene();
    scene.waits('healthy: 1 of 3', 2_000);
    scene.waits('healthy: 2 of 3', 2_250);
    scene.waits('healthy: 3 of 3', 2_500);
    expect(scene.texts).toEqual(['12:00:02 waiting: healthy: 1 of 3']);
  });

  test('say it again every ten seconds, so that a log does not look dead', () => {
    const scene = aScene();
    for (let atMs = 2_000; atMs <= 23_000; atMs += 500) scene.waits(`after ${atMs}`, atMs);
    expect(scene.texts.map((text) => text.slice(0, 8))).toEqual([
      '12:00:02',
      '12:00:12',
      '12:00:22',
    ]);
  });

  test('say another reason at once, but not more than one a second', () => {
    const scene = aScene();
    scene.waits('one', 2_000);
    scene.waits('two', 2_500);
    scene.waits('three', 3_000);
    expect(scene.texts).toEqual(['12:00:02 waiting: one', '12:00:03 waiting: three']);
  });
});

describe('JSON objects', () => {
  test('carry what machines decide by: the event, its place, its time, the reason', () => {
    const scene = aScene();
    const evidence = { rule: 'consecutive' } as never;
    scene.wrote(entered('switching', { evidence }));
    scene.wrote(failed(attach(3), 'HTTP 503'));
    expect(scene.data).toMatchObject([
      {
        event: 'entered',
        seq: 1,
        at: noonMs,
        phase: 'switching',
        because: 'into switching',
        evidence,
      },
      { event: 'settled', seq: 2, ok: false, because: 'HTTP 503', effect: { droplets: [3] } },
    ]);
  });

  test('carry no whole releases and policies', () => {
    const scene = aScene();
    const asked = storyOf('starting', {}).find(
      (fact) => fact.type === 'asked' && fact.command.kind === 'promote',
    );
    if (asked === undefined) throw new Error('nothing was asked');
    scene.wrote(asked);
    expect(scene.data).toEqual([
      { event: 'asked', seq: 1, at: noonMs, command: 'promote', by: 'anna' },
    ]);
  });

  test('tell the phase and the reason of waiting', () => {
    const scene = aScene();
    scene.waits('healthy: 1 of 3', 2_000);
    expect(scene.data).toEqual([{ event: 'waiting', phase: 'gating', because: 'healthy: 1 of 3' }]);
  });
});

describe('the live list', () => {
  test('is redrawn at most five times a second, says nothing besides, and stays at the end', () => {
    const scene = aScene(true);
    scene.wrote(entered('gating'));
    for (let atMs = 0; atMs < 1_000; atMs += 50) scene.waits('healthy: 1 of 3', atMs);
    expect(scene.texts).toEqual([]);
    expect(scene.drawn).toHaveLength(5);
    scene.view.end(scene.status('the end', 1_000));
    expect(scene.drawn.at(-1)?.join('\n')).toContain('the end');
    expect(scene.settled).toBe(1);
  });
});

function aScene(live = false) {
  const output: Output = {
    json: false,
    live,
    width: 80,
    result: () => undefined,
    event: (data, text) => {
      scene.data.push(data);
      scene.texts.push(text);
    },
    note: () => undefined,
    draw: (lines) => {
      scene.drawn.push(lines);
    },
    group: (title) => {
      scene.groups.push(title);
    },
    annotate: () => undefined,
    settle: () => {
      scene.settled += 1;
    },
  };
  const view = new View(output, []);
  const scene = {
    view,
    data: [] as unknown[],
    texts: [] as string[],
    drawn: [] as (readonly string[])[],
    groups: [] as (string | null)[],
    settled: 0,
    seq: 0,
    wrote(fact: Fact) {
      scene.seq += 1;
      view.wrote({ ...fact, seq: scene.seq, at: noonMs } as Entry);
    },
    status(because: string, atMs: number) {
      const step: Step = { is: 'wait', because, until: null };
      return { app: anApp().in('gating'), observation: null, step, at: noonMs + atMs };
    },
    waits(because: string, atMs: number) {
      view.turned(scene.status(because, atMs));
    },
  };
  return scene;
}
