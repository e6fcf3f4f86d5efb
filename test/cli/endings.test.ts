// How driving a promotion ends on the command line: what its time limit says, and when a report is worth naming.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { drive } from '../../src/cli/drive.ts';
import type { DriveOptions } from '../../src/controller/controller.ts';
import { anApp } from '../builders/app.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a promotion that is driven', () => {
  test('stops at --timeout with words of its own, and names no report of what is not over', async () => {
    const app = { ...anApp().in('gating'), released: 42 };
    const { message, hint } = await driven(5, async ({ stop }) => {
      await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
      return { is: 'interrupted', app, because: (stop.reason as Error).message };
    });
    expect(message).toBe(
      'Stopped watching (the time of --timeout is over). shop is gating; nothing new was begun. Go on with bgctl abort or bgctl resume.',
    );
    expect(hint).toBeUndefined();
  });

  test('names its report once it is over', async () => {
    const app = { ...anApp().in('idle'), released: 42 };
    const { hint } = await driven(undefined, async () => ({ is: 'rest', app }));
    expect(hint).toBe('bgctl report r42 shows all of it.');
  });
});

function driven(timeout: number | undefined, work: (options: DriveOptions) => Promise<unknown>) {
  vi.stubEnv('GITHUB_ACTIONS', '');
  const connection = {
    output: { live: false, note() {}, settle() {}, group() {} },
    controller: () => ({ drive: work }),
    wired: { counters: () => ({}) },
  };
  // Only what driving reads of a connection.
  return drive(connection as never, { kind: 'promote', release: 'r42' }, { timeout }, []);
}
