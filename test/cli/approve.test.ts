// bgctl approve: what it tells is of the release that was approved.
import { expect, test, vi } from 'vitest';
import { approve } from '../../src/cli/commands/approve.ts';
import type { Wanted } from '../../src/cli/exit.ts';

const seen = vi.hoisted(() => ({ wanted: [] as unknown[] }));

vi.mock('../../src/cli/connect.ts', () => ({
  connected: (_: unknown, work: (connection: unknown) => unknown) =>
    work({ wired: { world: { clock: { now: () => 0 } } } }),
}));
vi.mock('../../src/cli/quietly.ts', () => ({
  quietly: () => ({
    read: async () => ({ entries: [] }),
    ask: async (make: (app: object) => unknown) => ({ asked: make({ name: 'shop' }) }),
  }),
}));
vi.mock('../../src/cli/drive.ts', () => ({
  drive: async (_: unknown, wanted: Wanted) => seen.wanted.push(wanted),
}));

test('an approved release that somebody else aborts is told as such: it is driven as that promotion', async () => {
  await approve.run({
    release: 'r42',
    wait: 'verified',
    config: 'bgctl.yml',
    json: false,
  } as never);
  expect(seen.wanted).toEqual([{ kind: 'promote', release: 'r42' }]);
});
