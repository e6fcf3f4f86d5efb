// Health is earned by passes in a row and lost by fails in a row.
import { describe, expect, it } from 'vitest';
import { count } from '../../src/emulator/health.ts';
import type { TargetState } from '../../src/emulator/report.ts';

const thresholds = { healthy_threshold: 3, unhealthy_threshold: 2 };

/** States after each check of a line such as `++-`, beginning with a new target. */
function statesAfter(checks: string): string {
  const target = { state: 'DOWN' as TargetState, since: 0, passes: 0, fails: 0 };
  return [...checks]
    .map((check) => {
      count(target, check === '+', thresholds);
      return target.state === 'UP' ? 'U' : 'd';
    })
    .join('');
}

describe('count', () => {
  it.each([
    ['+++', 'ddU'],
    ['++-+++', 'dddddU'],
    ['+++-+-+', 'ddUUUUU'],
    ['+++--+', 'ddUUdd'],
    ['+++--+++', 'ddUUdddU'],
    ['----', 'dddd'],
  ])('%s gives %s', (checks, states) => {
    expect(statesAfter(checks)).toBe(states);
  });
});
