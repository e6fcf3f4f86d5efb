// The rate limit slides: each request counts until exactly its own hour, or minute, is over.
import { describe, expect, it } from 'vitest';
import { turnKnobs } from '../../src/emulator/knobs.ts';
import { RateLimit } from '../../src/emulator/limits.ts';

const limitOf = (requestsPerHour: number, requestsPerMinute: number) =>
  new RateLimit(() => turnKnobs({}, { requestsPerHour, requestsPerMinute }));

describe('RateLimit', () => {
  it('has room again when the oldest request of the minute expires, not before', () => {
    const limit = limitOf(100, 2);
    expect([limit.admit(1_000_000), limit.admit(1_030_000), limit.admit(1_059_999)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(limit.refusalHeaders(1_059_999)['retry-after']).toBe('1');
    expect([limit.admit(1_060_000), limit.admit(1_060_001)]).toEqual([true, false]);
  });

  it('counts an hour the same way, and says when the oldest request expires', () => {
    const limit = limitOf(2, 100);
    limit.admit(0);
    limit.admit(1000);
    expect(limit.admit(3_599_999)).toBe(false);
    expect(limit.headers(3_599_999)).toEqual({
      'ratelimit-limit': '2',
      'ratelimit-remaining': '0',
      'ratelimit-reset': '3600',
    });
    expect(limit.refusalHeaders(3_599_999)).toEqual({});
    expect(limit.admit(3_600_000)).toBe(true);
  });
});
