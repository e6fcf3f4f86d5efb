// The balancer's own health checks: so many passes in a row bring a target up, so many fails down.
import { get } from 'node:http';
import { connect } from 'node:net';
import type { HealthCheck } from './settings.ts';
import type { Target } from './target.ts';

export interface HealthRules {
  check: () => HealthCheck;
  /** Highest status that passes: 299 or 399. */
  statusMax: () => number;
  /** Called when a target came up or went down. */
  changed: () => void;
}

/** Checks `target` now and then at its interval; returns the function that stops it. */
export function watchHealth(target: Target, rules: HealthRules): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const round = async () => {
    const startedAt = Date.now();
    const check = rules.check();
    const { passed, because } = await ask(target.address, check, rules.statusMax());
    if (stopped) return;
    target.lastCheck = { passed, because };
    if (count(target, passed, check)) rules.changed();
    const nextMs = startedAt + check.check_interval_seconds * 1000 - Date.now();
    timer = setTimeout(() => void round(), Math.max(0, nextMs));
  };
  void round();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** Counts one check; returns whether the target's state changed by it. */
export function count(
  target: Pick<Target, 'state' | 'since' | 'passes' | 'fails'>,
  passed: boolean,
  check: Pick<HealthCheck, 'healthy_threshold' | 'unhealthy_threshold'>,
): boolean {
  target.passes = passed ? target.passes + 1 : 0;
  target.fails = passed ? 0 : target.fails + 1;
  const next =
    target.passes >= check.healthy_threshold
      ? 'UP'
      : target.fails >= check.unhealthy_threshold
        ? 'DOWN'
        : target.state;
  if (next === target.state) return false;
  target.state = next;
  target.since = Date.now();
  return true;
}

interface Finding {
  passed: boolean;
  because: string;
}

function ask(address: string, check: HealthCheck, statusMax: number): Promise<Finding> {
  const limitMs = check.response_timeout_seconds * 1000;
  switch (check.protocol) {
    case 'http':
      return askHttp(address, check, statusMax, limitMs);
    case 'tcp':
      return askTcp(address, check.port, limitMs);
    case 'https':
      // The data plane here speaks plain HTTP; an https check that passed would be made up.
      return Promise.resolve({ passed: false, because: 'https checks are not emulated' });
  }
}

function askHttp(
  host: string,
  { port, path }: HealthCheck,
  statusMax: number,
  limitMs: number,
): Promise<Finding> {
  return new Promise((resolve) => {
    const request = get({ host, port, path, agent: false }, (answer) => {
      const status = answer.statusCode ?? 0;
      answer.resume();
      answer.on('error', () => {});
      resolve({ passed: status >= 200 && status <= statusMax, because: String(status) });
    });
    const timer = setTimeout(() => request.destroy(new Error('no answer in time')), limitMs);
    request.on('error', (error) => resolve({ passed: false, because: error.message }));
    request.on('close', () => clearTimeout(timer));
  });
}

function askTcp(host: string, port: number, limitMs: number): Promise<Finding> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: limitMs });
    socket.once('connect', () => {
      resolve({ passed: true, because: 'connected' });
      socket.destroy();
    });
    socket.once('timeout', () => socket.destroy(new Error('no connection in time')));
    socket.once('error', (error) => resolve({ passed: false, because: error.message }));
  });
}
