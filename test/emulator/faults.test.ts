// Faults happen as ordered: to the requests meant, as often as meant, before or after the write is applied.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import type { Fault } from '../../src/emulator/faults.ts';
import { anAccount, balancerId, token } from './account.ts';
import { apiClient, type Call } from './client.ts';
import { until } from './droplet.ts';

const path = `/load_balancers/${balancerId}/droplets`;
let emulator: Emulator;
let call: Call;

beforeEach(async () => {
  emulator = await startEmulator(anAccount());
  call = apiClient(emulator.endpoint);
});
afterEach(() => emulator.close());

const add = () => call('POST', path, { droplet_ids: [2] });
const members = async () => (await emulator.state()).balancers[0]?.dropletIds;

describe('a refusal', () => {
  it.each<[Fault, number, string]>([
    [{ kind: 'unauthorized' }, 401, 'Unable to authenticate you.'],
    [{ kind: 'scope' }, 403, 'You do not have permission to perform this action.'],
    [{ kind: 'busy' }, 403, "Load Balancer can't be updated while it processes previous actions"],
    [{ kind: 'not-found' }, 404, 'could not be found'],
    [{ kind: 'unprocessable', about: 'tag' }, 422, 'tag'],
    [{ kind: 'unprocessable', about: 'region' }, 422, 'region'],
    [{ kind: 'unprocessable', about: 'vpc' }, 422, 'VPC'],
    [{ kind: 'unprocessable', about: 'pending-event' }, 422, 'pending event'],
    [{ kind: 'rate-limited' }, 429, 'API rate limit exceeded.'],
    [{ kind: 'server-error' }, 500, 'Unexpected server-side error'],
  ])('%o applies nothing', async (fault, status, message) => {
    emulator.fault({ ...fault, times: 1 });
    const refused = await add();
    expect(refused.status).toBe(status);
    expect(refused.body.message).toContain(message);
    expect(await members()).toEqual([1]);
    expect((await add()).status).toBe(204);
  });

  it('429 says when to come back, or not, or tells of a reset in the past', async () => {
    const tell = async (fault: Partial<Fault>) => {
      emulator.fault({ kind: 'rate-limited', times: 1, ...fault } as Fault);
      const { headers } = await add();
      const resetInS = Number(headers.get('ratelimit-reset')) - Date.now() / 1000;
      return { after: headers.get('retry-after'), resetInS };
    };
    expect((await tell({ retryAfterSeconds: 7 })).after).toBe('7');
    const silent = await tell({});
    expect(silent.after).toBeNull();
    expect(silent.resetInS).toBeGreaterThan(0);
    expect((await tell({ resetInPast: true })).resetInS).toBeLessThan(-60);
  });
});

describe('a spoilt answer', () => {
  it('a gateway answers in HTML, with or without the write applied', async () => {
    emulator.fault({ kind: 'html', status: 503, times: 1 });
    const refused = await add();
    expect(refused.status).toBe(503);
    expect(refused.body).toContain('<html>');
    expect(await members()).toEqual([1]);
    emulator.fault({ kind: 'html', applied: true, times: 1 });
    expect((await add()).status).toBe(502);
    expect(await members()).toEqual([1, 2]);
  });

  it('a connection is reset before or after the write is applied', async () => {
    emulator.fault({ kind: 'reset', times: 1 });
    await expect(add()).rejects.toThrow('fetch failed');
    expect(await members()).toEqual([1]);
    emulator.fault({ kind: 'reset-after-applying', times: 1 });
    await expect(add()).rejects.toThrow('fetch failed');
    expect(await members()).toEqual([1, 2]);
    expect(emulator.requests().map(({ status, fault }) => [fault, status])).toEqual([
      ['reset', null],
      ['reset-after-applying', null],
    ]);
  });

  it('an answer never comes, or comes late', async () => {
    emulator.fault({ kind: 'hang', applied: true, times: 1 });
    const patience = AbortSignal.timeout(200);
    const authorization = `Bearer ${token}`;
    const hung = fetch(`${emulator.endpoint}${path}`, {
      method: 'POST',
      headers: { authorization },
      body: '{"droplet_ids":[2]}',
      signal: patience,
    });
    await expect(hung).rejects.toThrow('timeout');
    expect(await members()).toEqual([1, 2]);
    emulator.fault({ kind: 'slow', delayMs: 120, times: 1 });
    const startedAt = Date.now();
    expect((await add()).status).toBe(204);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(119);
  });

  it('JSON ends in the middle', async () => {
    emulator.fault({ kind: 'truncated', times: 1 });
    await expect(call('GET', '/account')).rejects.toThrow('JSON');
    expect((await call('GET', '/account')).status).toBe(200);
  });

  it('a write is accepted and never applied', async () => {
    emulator.fault({ kind: 'accept-not-apply', times: 1 });
    expect((await call('GET', '/account')).status).toBe(200);
    expect((await add()).status).toBe(204);
    expect(await members()).toEqual([1]);
  });
});

describe('which requests a fault happens to', () => {
  it('reads or writes, by method and part of the path', async () => {
    emulator.fault({ kind: 'server-error', on: 'writes' });
    expect((await call('GET', '/account')).status).toBe(200);
    expect((await add()).status).toBe(500);
    emulator.clearFaults();
    emulator.fault({ kind: 'server-error', on: 'reads', path: '/droplets' });
    expect((await add()).status).toBe(204);
    expect((await call('GET', '/account')).status).toBe(200);
    expect((await call('GET', '/droplets/1')).status).toBe(500);
    emulator.clearFaults();
    emulator.fault({ kind: 'server-error', method: 'DELETE' });
    expect((await add()).status).toBe(204);
    expect((await call('DELETE', path, { droplet_ids: [2] })).status).toBe(500);
  });

  it('so many, after letting some through, or for so long', async () => {
    emulator.fault({ kind: 'busy', skip: 1, times: 2 });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i += 1) statuses.push((await add()).status);
    expect(statuses).toEqual([204, 403, 403, 204]);
    emulator.fault({ kind: 'busy', forMs: 100 });
    expect((await add()).status).toBe(403);
    await until('the fault is over', async () => (await add()).status === 204);
  });

  it('none that the emulator does not know', () => {
    expect(() => emulator.fault({ kind: 'gremlins' } as unknown as Fault)).toThrow();
    expect(() => emulator.setKnobs({ busyMS: 3 } as object)).toThrow('busyMS');
  });
});
