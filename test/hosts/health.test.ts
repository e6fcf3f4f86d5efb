// How a compose project stands, judged from its containers, and what is said of it.
import { describe, expect, test } from 'vitest';
import type { Container } from '../../src/hosts/container.ts';
import { detail, judge, standing } from '../../src/hosts/health.ts';

const now = 1_700_000_000_000;

function container(changes: Partial<Container> = {}): Container {
  return {
    id: 'c0ffee',
    name: 'shop-r42-web-1',
    service: 'web',
    oneOff: false,
    status: 'running',
    exitCode: 0,
    error: '',
    oomKilled: false,
    pid: 4711,
    startedAt: now - 60_000,
    restarts: 0,
    restartPolicy: 'unless-stopped',
    health: { status: 'healthy', output: '' },
    graceS: null,
    tty: false,
    hostNetwork: false,
    cpus: null,
    ports: [],
    env: [],
    ...changes,
  };
}

const checked = (status: string) => container({ health: { status, output: '' } });
const is = (...all: Container[]) => judge(all, now).is;

describe('a container', () => {
  test('stands as Docker and its health check say', () => {
    expect(standing(checked('healthy'), now)).toBe('healthy');
    expect(standing(checked('unhealthy'), now)).toBe('unhealthy');
    expect(standing(checked('starting'), now)).toBe('starting');
    expect(standing(container({ status: 'exited', exitCode: 1 }), now)).toBe('exited');
    expect(standing(container({ status: 'dead' }), now)).toBe('exited');
    expect(standing(container({ status: 'restarting' }), now)).toBe('restarting');
    expect(standing(container({ status: 'paused' }), now)).toBe('unhealthy');
    expect(standing(container({ status: 'created' }), now)).toBe('starting');
  });

  test('whose status is none that Docker is known to say is not healthy (I5)', () => {
    expect(standing(container({ status: 'runn', health: null }), now)).toBe('unhealthy');
    expect(standing({ ...checked('healthy'), status: '' }, now)).toBe('unhealthy');
  });

  test('that Docker could not start is not starting any more', () => {
    const stuck = container({ status: 'created', error: 'port is already allocated' });
    expect(standing(stuck, now)).toBe('exited');
  });

  test('without a health check is healthy once it ran for a second by the droplet’s clock', () => {
    const since = (ms: number) => container({ health: null, startedAt: now - ms });
    expect(standing(since(999), now)).toBe('starting');
    expect(standing(since(1000), now)).toBe('healthy');
    expect(standing(since(-500), now)).toBe('starting');
  });
});

describe('a project', () => {
  test('without containers is absent', () => {
    expect(judge([], now)).toEqual({ is: 'absent', restarts: 0, worst: [] });
  });

  test('is as its worst container', () => {
    expect(is(checked('healthy'), checked('healthy'))).toBe('healthy');
    expect(is(checked('healthy'), checked('starting'))).toBe('starting');
    expect(is(checked('starting'), checked('unhealthy'))).toBe('unhealthy');
    expect(is(checked('unhealthy'), container({ status: 'restarting' }))).toBe('restarting');
    expect(is(container({ status: 'restarting' }), container({ status: 'exited' }))).toBe('exited');
  });

  test('counts the restarts of the container that restarts most', () => {
    expect(judge([container({ restarts: 2 }), container({ restarts: 5 })], now).restarts).toBe(5);
  });

  test('leaves out one-off containers', () => {
    expect(is(container(), container({ oneOff: true, status: 'exited', exitCode: 1 }))).toBe(
      'healthy',
    );
    expect(is(container({ oneOff: true }))).toBe('absent');
  });

  test('is not spoilt by an init container that did its work, but is by one that failed', () => {
    const init = { status: 'exited', restartPolicy: 'no', health: null };
    expect(is(container(), container({ ...init, exitCode: 0 }))).toBe('healthy');
    expect(is(container(), container({ ...init, exitCode: 1 }))).toBe('exited');
  });

  test('all of which has ended is exited, whatever the exit code', () => {
    expect(is(container({ status: 'exited', restartPolicy: 'no', exitCode: 0 }))).toBe('exited');
  });

  test('a web server that ended by itself is exited, whatever the exit code', () => {
    expect(is(container(), container({ status: 'exited', exitCode: 0 }))).toBe('exited');
  });
});

describe('what is said', () => {
  test('names container, state, exit code, health answer and log lines', () => {
    const ended = container({
      status: 'exited',
      exitCode: 3,
      restarts: 2,
      health: { status: 'unhealthy', output: 'HTTP 503: schema 41 is older than 42\n' },
    });
    expect(detail(ended, 'exited', 'starting\ncannot reach the database\n')).toBe(
      'shop-r42-web-1 is exited (exit code 3, restarted 2 times); ' +
        'health check said: HTTP 503: schema 41 is older than 42; ' +
        'last log lines:\nstarting\ncannot reach the database',
    );
  });

  test('tells of memory, and of what Docker could not do', () => {
    const killed = container({ status: 'exited', exitCode: 137, oomKilled: true, health: null });
    expect(detail(killed, 'exited', '')).toContain('(exit code 137, out of memory)');
    const stuck = container({
      status: 'created',
      error: 'port is already allocated',
      health: null,
    });
    expect(detail(stuck, 'exited', '')).toBe('shop-r42-web-1 is exited: port is already allocated');
  });

  test('never holds a value of the environment', () => {
    const secret = container({ env: ['DATABASE_URL=postgres://shop:hunter2222@db/shop'] });
    const said = detail(
      secret,
      'unhealthy',
      'cannot connect to postgres://shop:hunter2222@db/shop',
    );
    expect(said).toContain('cannot connect to ***');
    expect(said).not.toContain('hunter2222');
    const part = detail(secret, 'unhealthy', 'wrong password hunter2222 for shop');
    expect(part).toContain('wrong password *** for shop');
  });

  test('never holds the half of a value that a cut would leave', () => {
    const output = `canary-3b1f${'x'.repeat(395)}`;
    const health = { status: 'unhealthy', output };
    expect(detail(container({ health, env: ['KEY=canary-3b1f'] }), 'unhealthy', '')).not.toMatch(
      /ary-3b1f/,
    );
  });

  test('is at most 1500 characters, and keeps the end of the log', () => {
    const said = detail(container(), 'unhealthy', `${'x'.repeat(5000)} the reason`);
    expect(said.length).toBeLessThanOrEqual(1500);
    expect(said).toMatch(/^shop-r42-web-1 is unhealthy/);
    expect(said).toMatch(/the reason$/);
  });
});
