// HAProxy as the data plane: one process a balancer, whose servers come and go over its socket while it runs.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knobs } from '../knobs.ts';
import { type DataPlane, noCounters, type Plan, type PlaneReport } from '../plane.ts';
import type { TargetReport, TargetState } from '../report.ts';
import { backend, configOf, isChecked, type Place, serverWords } from './config.ts';
import { countLine, stateIn } from './log.ts';
import { HaproxyProcess } from './process.ts';
import { findHaproxy } from './program.ts';
import { healthOf, type Row, rowsOf } from './stats.ts';

interface Target {
  /** Never given twice: a droplet may be back before its old connections have ended. */
  name: string;
  dropletId: number;
  address: string;
  state: TargetState;
  since: number;
}

const portTries = 5;

export class HaproxyPlane implements DataPlane {
  readonly #knobs: () => Knobs;
  readonly #counters = noCounters();
  readonly #targets = new Map<number, Target>();
  readonly #leaving = new Set<Target>();
  #settings: Plan['settings'];
  #directory = '';
  #place: Place = { address: '', port: 0, stateFile: '' };
  #haproxy: HaproxyProcess | null = null;
  /** What it runs on, without its servers. */
  #loaded = '';
  #added = 0;
  /** Changes are made one after the other, in the order in which they were asked for. */
  #work: Promise<void> = Promise.resolve();
  #trouble: Error | null = null;
  #closing = false;

  constructor(plan: Plan, knobs: () => Knobs) {
    this.#settings = plan.settings;
    this.#knobs = knobs;
  }

  async listen(address: string, port: number): Promise<number> {
    const program = await findHaproxy();
    this.#directory = await mkdtemp(join(tmpdir(), 'bgctl-haproxy-'));
    for (let tries = 1; ; tries += 1) {
      this.#place = {
        address,
        port: port === 0 ? await freePort(address) : port,
        stateFile: join(this.#directory, 'states'),
      };
      try {
        await this.#write();
        this.#haproxy = await HaproxyProcess.start(program, this.#directory, (line) =>
          this.#hear(line),
        );
        void this.#haproxy.exited.then(() => this.#ended());
        return this.#place.port;
      } catch (error) {
        // A free port may be taken by the time that HAProxy wants it; one that was asked for will not become free.
        if (port === 0 && tries < portTries && String(error).includes('Address already in use'))
          continue;
        await rm(this.#directory, { recursive: true, force: true });
        throw error;
      }
    }
  }

  follow(plan: Plan): void {
    this.#change(async () => {
      this.#settings = plan.settings;
      for (const id of this.#targets.keys())
        if (!plan.addresses.has(id)) await this.#remove(id, this.#knobs().removal);
      await this.#reloadIfNeeded();
      for (const [id, address] of plan.addresses)
        if (!this.#targets.has(id)) await this.#add(id, address);
    });
  }

  remove(dropletId: number, removal: Knobs['removal']): void {
    this.#change(() => this.#remove(dropletId, removal));
  }

  /** In turn with the changes: what leaves may only be forgotten when all of its removal is done. */
  report(): Promise<PlaneReport> {
    const { promise, resolve, reject } = Promise.withResolvers<PlaneReport>();
    this.#work = this.#work.then(() => this.#report().then(resolve, reject));
    return promise;
  }

  async #report(): Promise<PlaneReport> {
    if (this.#trouble !== null) throw this.#trouble;
    const rows = await this.#rows();
    const named = (name: string) => rows.filter(({ svname }) => svname === name);
    for (const target of this.#leaving) {
      if (sum(named(target.name), 'scur') > 0) continue;
      this.#leaving.delete(target);
      await this.#haproxy?.ask(`del server ${backend}/${target.name}`);
    }
    const targets = [...this.#targets.values(), ...this.#leaving];
    return {
      targets: targets.map((one) => this.#reportOf(one, named(one.name))),
      connections: sum(named('FRONTEND'), 'scur'),
      counters: structuredClone(this.#counters),
    };
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#work;
    await this.#haproxy?.stop();
    if (this.#directory !== '') await rm(this.#directory, { recursive: true, force: true });
  }

  #change(make: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#closing || this.#trouble !== null) return;
      await make().catch((error: unknown) => this.#fail(error));
    });
  }

  // Told by every report from now on: a test must not go on with a balancer that is not what it was told to be.
  #fail(error: unknown): void {
    this.#trouble ??= error instanceof Error ? error : new Error(String(error));
  }

  #ended(): void {
    if (this.#closing) return;
    this.#fail(new Error(`HAProxy ended by itself: ${this.#haproxy?.said || 'it said nothing'}`));
  }

  async #add(dropletId: number, address: string): Promise<void> {
    this.#added += 1;
    const name = `droplet-${dropletId}.${this.#added}`;
    const target: Target = { name, dropletId, address, state: 'DOWN', since: Date.now() };
    const words = serverWords(address, this.#settings, this.#knobs());
    // HAProxy takes a new server for healthy until it fails. So it has no weight until it is said to be DOWN.
    await this.#ask(`add server ${backend}/${name} ${words} weight 0`, /registered/);
    if (isChecked(this.#settings)) {
      await this.#ask(`enable server ${backend}/${name}`);
      await this.#ask(`enable health ${backend}/${name}`);
      await this.#ask(`set server ${backend}/${name} health down`);
      await this.#ask(`set weight ${backend}/${name} 1`);
    }
    this.#targets.set(dropletId, target);
  }

  async #remove(dropletId: number, removal: Knobs['removal']): Promise<void> {
    const target = this.#targets.get(dropletId);
    if (target === undefined) return;
    this.#targets.delete(dropletId);
    this.#leaving.add(target);
    const server = `${backend}/${target.name}`;
    await this.#ask(`set server ${server} state maint`);
    if (removal === 'drain') return;
    await this.#ask(`shutdown sessions server ${server}`);
    await this.#haproxy?.cutInOldWorkers(target.name);
  }

  /** Most changes need none: only what is said once for all servers does. */
  async #reloadIfNeeded(): Promise<void> {
    if (this.#configured() === this.#loaded) return;
    await writeFile(this.#place.stateFile, (await this.#ask('show servers state')).trimStart());
    await this.#write();
    await this.#haproxy?.reload();
  }

  async #write(): Promise<void> {
    const servers = [...this.#targets.values()];
    const text = configOf(this.#place, this.#settings, this.#knobs(), servers);
    await writeFile(join(this.#directory, 'haproxy.cfg'), text, { mode: 0o600 });
    this.#loaded = this.#configured();
  }

  #configured(): string {
    const settings = this.#settings;
    const knobs = this.#knobs();
    return configOf(this.#place, settings, knobs, []) + serverWords('', settings, knobs);
  }

  async #rows(): Promise<Row[]> {
    const rows = rowsOf(await this.#ask('show stat', /^# pxname,/));
    for (const worker of (await this.#haproxy?.oldWorkers()) ?? [])
      rows.push(...rowsOf((await this.#haproxy?.ask('show stat', worker)) ?? ''));
    return rows.filter(({ pxname }) => pxname === backend || pxname === 'front');
  }

  #reportOf(target: Target, rows: readonly Row[]): TargetReport {
    const { dropletId, address, since } = target;
    const leaving = this.#leaving.has(target);
    return {
      dropletId,
      address,
      since,
      leaving,
      active: sum(rows, 'scur'),
      idleConnections: sum(rows, 'srv_icur'),
      requests: sum(rows, 'stot'),
      ...healthOf(rows[0] ?? {}),
    };
  }

  #hear(line: string): void {
    countLine(this.#counters, line);
    const said = stateIn(line);
    if (said === null) return;
    const target = [...this.#targets.values()].find(({ name }) => name === said.server);
    if (target === undefined || target.state === said.state) return;
    target.state = said.state;
    target.since = Date.now();
  }

  /** HAProxy says why it did not do something, and mostly nothing when it did. */
  async #ask(command: string, wanted = /^\s*$/): Promise<string> {
    const answer = (await this.#haproxy?.ask(command)) ?? '';
    const free = command.startsWith('show servers');
    if (free || wanted.test(answer)) return answer;
    throw new Error(`HAProxy did not do "${command}": ${answer.trim()}`);
  }
}

function sum(rows: readonly Row[], column: string): number {
  return rows.reduce((total, row) => total + Number(row[column] ?? 0), 0);
}

function freePort(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, address, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
