// The data plane of one balancer: its front, its targets, and which of them a request goes to.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Ending } from './exchange.ts';
import { answerPlainly } from './headers.ts';
import { watchHealth } from './health.ts';
import type { Knobs } from './knobs.ts';
import type { Counters, TargetReport } from './report.ts';
import type { Settings } from './settings.ts';
import { Target } from './target.ts';

/** What the data plane follows: the settings, and the addresses of its droplets by their ids. */
export interface Plan {
  settings: Settings;
  addresses: ReadonlyMap<number, string>;
}

export class DataPlane {
  readonly counters: Counters = noCounters();
  connections = 0;
  readonly #server: Server;
  readonly #knobs: () => Knobs;
  #plan: Plan;
  readonly #targets = new Map<number, Target>();
  readonly #stopChecks = new Map<Target, () => void>();
  readonly #leaving = new Set<Target>();
  #up: Target[] = [];
  #turn = 0;

  constructor(plan: Plan, knobs: () => Knobs) {
    this.#plan = plan;
    this.#knobs = knobs;
    this.#server = createServer((request, response) => this.#serve(request, response));
    this.#server.requestTimeout = 0;
    this.#server.on('connection', (socket) => {
      this.connections += 1;
      socket.once('close', () => {
        this.connections -= 1;
      });
    });
  }

  /** Opens the front; returns its port. Rejects when the address cannot be had. */
  listen(address: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, address, 1024, () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  follow(plan: Plan): void {
    this.#plan = plan;
    this.#server.keepAliveTimeout = plan.settings.http_idle_timeout_seconds * 1000;
    for (const id of this.#targets.keys())
      if (!plan.addresses.has(id)) this.remove(id, this.#knobs().removal);
    for (const [id, address] of plan.addresses) if (!this.#targets.has(id)) this.#add(id, address);
  }

  remove(dropletId: number, removal: Knobs['removal']): void {
    const target = this.#targets.get(dropletId);
    if (target === undefined) return;
    this.#targets.delete(dropletId);
    this.#stopChecks.get(target)?.();
    this.#stopChecks.delete(target);
    this.#chooseUp();
    target.leaving = true;
    if (target.active > 0) this.#leaving.add(target);
    if (removal === 'cut') target.cut();
    else target.drain();
  }

  /** The targets, those included that are removed and still finish a request. */
  report(): TargetReport[] {
    return [...this.#targets.values(), ...this.#leaving].map((target) => ({
      dropletId: target.dropletId,
      address: target.address,
      state: target.state,
      since: target.since,
      leaving: target.leaving,
      active: target.active,
      idleConnections: target.idleConnections,
      requests: target.requests,
      passes: target.passes,
      fails: target.fails,
      lastCheck: target.lastCheck,
    }));
  }

  close(): Promise<void> {
    for (const id of this.#targets.keys()) this.remove(id, 'cut');
    for (const target of this.#leaving) target.cut();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #add(dropletId: number, address: string): void {
    const target = new Target(dropletId, address, this.#knobs().poolIdleMs);
    this.#targets.set(dropletId, target);
    const stop = watchHealth(target, {
      check: () => this.#plan.settings.health_check,
      statusMax: () => (this.#knobs().healthyStatuses === '2xx' ? 299 : 399),
      changed: () => this.#chooseUp(),
    });
    this.#stopChecks.set(target, stop);
  }

  #chooseUp(): void {
    this.#up = [...this.#targets.values()].filter((target) => target.state === 'UP');
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.counters.requests += 1;
    this.#turn += 1;
    const target = this.#up[this.#turn % this.#up.length];
    if (target === undefined) {
      this.counters.noTarget += 1;
      answerPlainly(response, 503);
      this.#countClass(503);
      return;
    }
    const { settings } = this.#plan;
    const via = {
      port: settings.forwarding_rules[0]?.target_port ?? 80,
      keepAlive: settings.enable_backend_keepalive,
      idleMs: settings.http_idle_timeout_seconds * 1000,
    };
    target.serve(request, response, via, (ending) => {
      if (target.active === 0) this.#leaving.delete(target);
      if (response.headersSent) this.#countClass(response.statusCode);
      this.#countEnding(ending);
    });
  }

  #countClass(status: number): void {
    const name = `${Math.floor(status / 100)}xx`;
    this.counters.classes[name] = (this.counters.classes[name] ?? 0) + 1;
  }

  #countEnding(ending: Ending): void {
    if (ending === 'timed-out') this.counters.timedOut += 1;
    else if (ending === 'client-gone') this.counters.clientGone += 1;
    else if (ending !== 'answered') this.counters[ending] += 1;
  }
}

function noCounters(): Counters {
  return {
    requests: 0,
    classes: {},
    noTarget: 0,
    refused: 0,
    broken: 0,
    cut: 0,
    timedOut: 0,
    clientGone: 0,
  };
}
