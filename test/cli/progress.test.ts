// The live list as a person sees it, 80 columns wide.
import { describe, expect, test } from 'vitest';
import { progressLines } from '../../src/cli/progress.ts';
import type { Phase } from '../../src/promotion/app.ts';
import type { Entry } from '../../src/promotion/entry.ts';
import type { Step } from '../../src/promotion/rules.ts';
import { anApp, storyOf } from '../builders/app.ts';

describe('the live list', () => {
  test('gating: what is done, what is being waited for and for how long at most, what comes', () => {
    const step: Step = { is: 'wait', because: 'healthy: 2 of 3 good answers', until: 31_500 };
    expect(screen('gating', step)).toBe(`
shop: r41 blue on pool a (1, 2); r42 green on pool b (3, 4)
  ✓ starting      5 s
  ● gating       10 s  healthy: 2 of 3 good answers (at most 12 s)
  ○ switching
  ○ verifying
  ○ retiring`);
  });

  test('verifying: past the switch the old environment is said to drain', () => {
    expect(screen('verifying', null)).toBe(`
shop: r42 blue on pool b (3, 4); r41 draining on pool a (1, 2)
  ✓ starting      5 s
  ✓ gating        1 s
  ✓ switching     6 s
  ● verifying    10 s  into verifying
  ○ retiring`);
  });

  test('aborting: the way that was not gone is not promised any more', () => {
    const step: Step = { is: 'wait', because: 'shop-r41 is not yet seen to serve', until: null };
    expect(screen('aborting', step)).toBe(`
shop: r41 blue on pool a (1, 2); r42 draining on pool b (3, 4)
  ✓ starting      5 s
  ✓ gating        1 s
  ✓ switching     6 s
  ✓ verifying     1 s
  ● aborting     10 s  shop-r41 is not yet seen to serve`);
  });

  test('held: marked, with its reason', () => {
    const lines = screen('held', null).split('\n');
    expect(lines.at(-1)).toBe('  ! held         10 s  into held');
  });

  test('a promotion that has only been asked for shows the whole way', () => {
    const asked = storyOf('starting', {}).slice(0, -1);
    expect(screen('idle', null, asked.length).split('\n').slice(2)).toEqual([
      '  ○ starting',
      '  ○ gating',
      '  ○ switching',
      '  ○ verifying',
      '  ○ retiring',
    ]);
  });

  test('nothing is wider than the screen, and a reason of several lines stays on one', () => {
    const because = `exited on droplet 3\n  container web: exit code 1\n  ${'x'.repeat(100)}`;
    const lines = screen('gating', { is: 'wait', because, until: null }).split('\n');
    const line = lines.find((one) => one.includes('●')) ?? '';
    expect(line).toHaveLength(80);
    expect(line).toMatch(/exited on droplet 3 \| container web: exit code 1 \| x+…$/);
    expect(Math.max(...lines.map((one) => one.length))).toBe(80);
  });
});

/** Ten seconds after the last entry; entries are a second apart. With a leading line break. */
function screen(phase: Phase, step: Step | null, count?: number): string {
  const story = storyOf(count === undefined ? phase : 'starting', {}).slice(0, count);
  const entries = story.map((fact, index): Entry => {
    return { ...fact, seq: index + 1, at: (index + 1) * 1_000 };
  });
  const status = { app: anApp().in(phase), observation: null, step, at: entries.length * 1_000 };
  const later = { ...status, at: status.at + 10_000 };
  return `\n${progressLines(later, entries, 80).join('\n')}`;
}
