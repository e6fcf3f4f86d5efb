// The data plane that is always there: a front in this process, and its targets in turn.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Ending } from './exchange.ts';
import { answerPlainly } from './headers.ts';
import { watchHealth } from './health.ts';
import type { Knobs } from './knobs.ts';
import { countClass, type DataPlane, noCounters, type Plan, type PlaneReport } from './plane.ts';
import { Target, type Via } from './target.ts';
import { refuse } from './tunnel.ts';

export class OwnPlane implements DataPlane {
  readonly #counters = noCounters();
  #connections = 0;
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
    // Other protocols that a client offers to change to (h2c) are no more than a header.
    const shouldUpgradeCallback = ({ headers }: IncomingMessage) =>
      headers.upgrade?.toLowerCase() === 'websocket';
    this.#server = createServer({ shouldUpgradeCallback }, (request, response) =>
      this.#serve(request, response),
    );
    this.#server.requestTimeout = 0;
    this.#server.on('upgrade', (request, socket, head) =>
      this.#open(request, socket as Socket, head),
    );
    this.#server.on('connection', (socket) => {
      this.#connections += 1;
      socket.once('close', () => {
        this.#connections -= 1;
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

  report(): Promise<PlaneReport> {
    const targets = [...this.#targets.values(), ...this.#leaving].map((target) => ({
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
    return Promise.resolve({
      targets,
      connections: this.#connections,
      counters: structuredClone(this.#counters),
    });
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
    const target = this.#choose();
    if (target === undefined) {
      answerPlainly(response, 503);
      countClass(this.#counters, 503);
      return;
    }
    target.serve(request, response, this.#via(), (ending) => {
      if (response.headersSent) countClass(this.#counters, response.statusCode);
      this.#end(target, ending);
    });
  }

  #open(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const target = this.#choose();
    if (target === undefined) {
      refuse(socket, 503);
      countClass(this.#counters, 503);
      return;
    }
    target.tunnel({ request, socket, head }, this.#via(), (ending, status) => {
      if (status > 0) countClass(this.#counters, status);
      this.#end(target, ending);
    });
  }

  #choose(): Target | undefined {
    this.#counters.requests += 1;
    this.#turn += 1;
    const target = this.#up[this.#turn % this.#up.length];
    if (target === undefined) this.#counters.noTarget += 1;
    return target;
  }

  #via(): Via {
    const { settings } = this.#plan;
    return {
      port: settings.forwarding_rules[0]?.target_port ?? 80,
      keepAlive: settings.enable_backend_keepalive,
      idleMs: settings.http_idle_timeout_seconds * 1000,
      tunnelIdleMs: this.#knobs().tunnelIdleMs,
    };
  }

  #end(target: Target, ending: Ending): void {
    if (target.active === 0) this.#leaving.delete(target);
    if (ending === 'timed-out') this.#counters.timedOut += 1;
    else if (ending === 'client-gone') this.#counters.clientGone += 1;
    else if (ending !== 'answered') this.#counters[ending] += 1;
  }
}
