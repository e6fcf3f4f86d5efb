import { describe, expect, it } from 'vitest';
import { type CloudFailure, failureOf, type Trouble } from '../../src/cloud/failure.ts';
import { busyText } from './fixtures.ts';

const write = {
  does: 'add droplets 3 to the load balancer',
  scope: 'load_balancer:update',
  writes: true,
};
const read = { does: 'read the load balancer', scope: 'load_balancer:read', writes: false };
const now = 1_800_000_000_000;

function answer(status: number, message = '', changes: object = {}): Trouble {
  return { status, message, requestId: null, retryAfter: null, reset: null, ...changes };
}

function silence(code: string, unsent = false): Trouble {
  return { status: null, code, unsent };
}

describe('what DigitalOcean answers', () => {
  type Row = [Trouble, kind: string, retry: unknown, ambiguous: boolean, says: string];
  const rows: Row[] = [
    [answer(400, 'no JSON'), 'refused', 'never', false, 'no JSON'],
    [answer(401, 'Unable'), 'denied', 'never', false, 'does not accept the token'],
    [answer(403, busyText), 'busy', 'soon', false, 'earlier change'],
    [answer(403, 'no permission'), 'denied', 'never', false, 'load_balancer:update'],
    [answer(404, 'gone'), 'absent', 'never', false, 'no such thing'],
    [answer(409, 'conflict'), 'busy', 'soon', false, 'earlier change'],
    [answer(423, ''), 'busy', 'soon', false, 'earlier change'],
    [answer(422, 'a tag'), 'refused', 'never', false, 'Nothing was changed'],
    [answer(422, 'Droplet already has a pending event.'), 'busy', 'soon', false, 'earlier change'],
    [answer(429, 'limit'), 'rate-limited', 'soon', false, 'too many requests'],
    [answer(500, 'error'), 'transient', 'soon', true, 'look before repeating'],
    [answer(502), 'transient', 'soon', true, 'trouble of its own'],
    [answer(503), 'transient', 'soon', true, 'trouble of its own'],
    [answer(504), 'transient', 'soon', true, 'trouble of its own'],
    [answer(302), 'odd', 'never', false, 'cloud.endpoint'],
    [silence('ECONNRESET'), 'transient', 'soon', true, 'ECONNRESET'],
    [silence('ECONNABORTED'), 'transient', 'soon', true, 'look before repeating'],
    [silence('ECONNREFUSED', true), 'transient', 'soon', false, 'cannot be reached'],
    [silence('ENOTFOUND', true), 'transient', 'soon', false, 'Nothing was sent'],
    [silence('CERT_HAS_EXPIRED'), 'odd', 'never', false, 'no safe connection'],
    [silence('ERR_INVALID_URL'), 'odd', 'never', false, 'cloud.endpoint'],
    [silence('ERR_CANCELED'), 'stopped', 'soon', true, 'was over'],
  ];
  it.each(rows)('%o to a write is %s', (trouble, kind, retry, ambiguous, says) => {
    const failure: CloudFailure = failureOf(trouble, write, now);
    expect(failure).toMatchObject({ from: 'cloud', kind, retry, ambiguous });
    expect(failure.message).toContain('Could not add droplets 3 to the load balancer');
    expect(failure.message).toContain(says);
  });

  it.each(rows)('%o to a read is never ambiguous', (trouble) => {
    expect(failureOf(trouble, read, now).ambiguous).toBe(false);
  });

  it('is told with the request that DigitalOcean can find', () => {
    const failure = failureOf(answer(500, 'error', { requestId: 'abc-1' }), read, now);
    expect(failure.message).toContain('request abc-1');
  });
});

describe('how long to wait after 429', () => {
  const inS = (seconds: number) => String(now / 1000 + seconds);
  it.each([
    ['retry-after counts first', { retryAfter: '7', reset: inS(40) }, { afterMs: 7000 }],
    ['retry-after may be zero', { retryAfter: '0' }, { afterMs: 0 }],
    ['an absurd retry-after is cut to an hour', { retryAfter: '999999' }, { afterMs: 3_600_000 }],
    ['else until the reset', { reset: inS(40) }, { afterMs: 40_000 }],
    ['at most a minute', { reset: inS(3000) }, { afterMs: 60_000 }],
    ['at least a second', { reset: inS(0.1) }, { afterMs: 1000 }],
    ['a reset in the past says nothing', { reset: inS(-90) }, 'soon'],
    ['nor does nothing', {}, 'soon'],
    ['nor does an empty header', { retryAfter: '', reset: '' }, 'soon'],
    ['nor do words', { retryAfter: 'later', reset: 'soon' }, 'soon'],
  ])('%s', (_claim, headers, retry) => {
    expect(failureOf(answer(429, '', headers), read, now).retry).toEqual(retry);
  });
});
