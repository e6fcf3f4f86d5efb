// One story of chaos: a promotion under load with kills, freezes and havoc, brought to rest, and judged.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode } from '../../src/journal/codec.ts';
import type { App } from '../../src/promotion/app.ts';
import type { Entry } from '../../src/promotion/entry.ts';
import { projectsOf } from '../../src/promotion/environment.ts';
import { fold } from '../../src/promotion/fold.ts';
import type { Random } from '../../src/simulator/random.ts';
import { cutSsh } from './faults.ts';
import { endured, worldly } from './havoc.ts';
import type { Lab } from './lab.ts';
import { sleep } from './run.ts';
import type { Bgctl, Ended, Stage } from './stage.ts';

export type Told = {
  readonly sentence: string;
  readonly kills: number;
  readonly freezes: number;
  readonly havoc: readonly string[];
  readonly requests: number;
  readonly failed: number;
  readonly breaches: readonly string[];
  /** What bgctl said, for a story that broke something. */
  readonly said: string;
};

/** What befalls the promotion. */
export type Kind =
  /** bgctl is killed and frozen at any instant. */
  | { readonly is: 'killed' }
  /** The world breaks instead of bgctl. */
  | { readonly is: 'broken' }
  /** The job is cancelled at this second, and the next deploy comes. */
  | { readonly is: 'cancelled'; readonly atMs: number }
  /** Every SSH connection is cut at this second; the next deploy comes after it. */
  | { readonly is: 'cut'; readonly atMs: number };

const killsMax = 12;
const storyLimitMs = 240_000;
const good = ['v1', 'v2', 'v5', 'v6', 'v7', 'v8'];

export class Teller {
  readonly #lab: Lab;
  readonly #stage: Stage;
  readonly #random: Random;
  #count = 0;
  #kills = 0;
  #freezes = 0;
  #said: string[] = [];
  #breaches: string[] = [];

  constructor(lab: Lab, stage: Stage, random: Random) {
    this.#lab = lab;
    this.#stage = stage;
    this.#random = random;
  }

  /** The first release, before anybody visits. */
  async begin(): Promise<void> {
    const ended = await this.#stage.run('promote', 'v1');
    if (ended.code !== 0) throw new Error(`v1 could not be promoted: ${ended.stderr}`);
  }

  async tell(kind: Kind): Promise<Told> {
    this.#kills = 0;
    this.#freezes = 0;
    this.#said = [];
    this.#breaches = [];
    const load = await this.#stage.load(40);
    const words = this.#words(kind);
    const havoc = await this.#befall(kind, words);
    const app = await this.#rest();
    const summary = await load.stop();
    await this.#judge(app);
    if (summary.failed > 0)
      this.#breaches.push(`${summary.failed} requests failed: ${JSON.stringify(summary.failures)}`);
    return {
      sentence: `${words.join(' ')}; killed ${this.#kills} times, frozen ${this.#freezes} times${
        havoc.length > 0 ? `; ${havoc.join('; ')}` : ''
      }; ended ${app.phase}, last ${app.last?.is}; ${summary.requests} requests, ${summary.failed} failed`,
      kills: this.#kills,
      freezes: this.#freezes,
      havoc,
      requests: summary.requests,
      failed: summary.failed,
      breaches: this.#breaches,
      said: this.#said.join('\n'),
    };
  }

  #befall(kind: Kind, words: readonly string[]): Promise<readonly string[]> {
    switch (kind.is) {
      case 'killed':
        return this.#killed(words);
      case 'broken':
        return this.#amidHavoc(words);
      case 'cancelled':
        return this.#cancelled(words, kind.atMs);
      case 'cut':
        return this.#cut(words, kind.atMs);
    }
  }

  /** Mostly releases that are good; some that must be removed or rolled back. */
  #words({ is }: Kind): readonly string[] {
    const onlyGood = is === 'cancelled' || is === 'cut';
    if (onlyGood || this.#random.chance(0.75)) return ['promote', this.#nextGood()];
    return ['promote', this.#random.pick(['v3', 'sick', 'crash'])];
  }

  /** Never the one that is live. */
  #nextGood(): string {
    this.#count += 1;
    return good[this.#count % good.length] ?? 'v2';
  }

  /** As CI cancels a job, gently or not. */
  async #cancelled(words: readonly string[], atMs: number): Promise<readonly string[]> {
    const bgctl = this.#start(words);
    const signal = this.#random.pick(['SIGINT', 'SIGTERM', 'SIGKILL'] as const);
    const over = await this.#endsWithin(bgctl, atMs);
    bgctl.child.kill(signal);
    await bgctl.ended;
    await this.#nextDeploy();
    return [over ? `ended before ${atMs} ms` : `${signal} after ${atMs} ms, then the next deploy`];
  }

  async #cut(words: readonly string[], atMs: number): Promise<readonly string[]> {
    const bgctl = this.#start(words);
    const over = await this.#endsWithin(bgctl, atMs);
    await Promise.all(this.#lab.droplets.map(cutSsh));
    const { code } = await bgctl.ended;
    if (code !== 0) this.#breaches.push(`with SSH cut after ${atMs} ms it ended with ${code}`);
    await this.#nextDeploy();
    return [over ? `ended before ${atMs} ms` : `SSH cut after ${atMs} ms, then the next deploy`];
  }

  async #nextDeploy(): Promise<void> {
    const next = this.#start(['promote', this.#nextGood(), '--on-busy=wait']);
    const { code } = await next.ended;
    if (code !== 0) this.#breaches.push(`the next deploy ended with ${code}`);
  }

  /** Killed or frozen at any instant, again and again, by whatever goes on with it. */
  async #killed(words: readonly string[]): Promise<readonly string[]> {
    let bgctl = this.#start(words);
    for (let kills = 0; kills < killsMax; kills += 1) {
      if (await this.#endsWithin(bgctl, this.#random.between(50, 6_000))) return [];
      if (this.#random.chance(0.15)) await this.#freeze(bgctl);
      bgctl.child.kill('SIGKILL');
      const { signal } = await bgctl.ended;
      if (signal !== 'SIGKILL') return [];
      this.#kills += 1;
      bgctl = this.#start(this.#next(words));
    }
    await bgctl.ended;
    return [];
  }

  #next(words: readonly string[]): readonly string[] {
    if (this.#random.chance(0.75)) return ['resume'];
    return this.#random.chance(0.5) ? words : ['abort'];
  }

  /** Another goes on meanwhile, as a person would let it: past the lease it takes over. */
  async #freeze(bgctl: Bgctl): Promise<void> {
    this.#freezes += 1;
    bgctl.child.kill('SIGSTOP');
    const other = this.#start(['resume']);
    await this.#endsWithin(other, this.#random.between(500, 30_000));
    bgctl.child.kill('SIGCONT');
    await Promise.all([this.#endsWithin(bgctl, 3_000), this.#endsWithin(other, 3_000)]);
    other.child.kill('SIGKILL');
    await other.ended;
  }

  async #amidHavoc(words: readonly string[]): Promise<readonly string[]> {
    const bgctl = this.#start(words);
    const over = new AbortController();
    const stories = Array.from({ length: this.#random.between(1, 3) }, () => ({
      havoc: this.#random.pick(worldly),
      droplet: this.#random.pick(this.#lab.droplets),
      beginsMs: this.#random.between(0, 20_000),
      lastsMs: this.#random.between(1_000, 15_000),
    }));
    const happening = stories.map(async ({ havoc, droplet, beginsMs, lastsMs }) => {
      if (await this.#endsWithin(bgctl, beginsMs)) return null;
      const target = { stage: this.#stage, droplet, random: this.#random };
      await endured(havoc, target, lastsMs, over.signal);
      return `${havoc.name} on ${droplet.name} after ${beginsMs} ms for ${lastsMs} ms`;
    });
    await this.#endsWithin(bgctl, storyLimitMs);
    over.abort();
    const happened = await Promise.all(happening);
    if (!(await this.#endsWithin(bgctl, 1_000)))
      this.#breaches.push('bgctl did not end within its limits');
    return happened.filter((one) => one !== null);
  }

  /** As a person would: `resume` until it rests, and the choice that is offered where it is held. */
  async #rest(): Promise<App> {
    for (let tries = 0; tries < 8; tries += 1) {
      const ended = await this.#start(['resume']).ended;
      const app = await this.#app();
      if (app.phase === 'held') await this.#start(choice(app)).ended;
      else if (app.phase === 'idle' && ended.code !== 16 && leftovers(app) === 0) return app;
    }
    this.#breaches.push('it does not come to rest');
    return this.#app();
  }

  async #judge(app: App): Promise<void> {
    const attached = await this.#stage.attached();
    const ours = [...app.attached].sort((one, other) => one - other);
    if (String(attached) !== String(ours))
      this.#breaches.push(`in the balancer are ${attached}, the journal says ${ours}`);
    const running = await this.#stage.projects();
    const blue = app.phase === 'idle' && app.blue !== null ? projectsOf(app.blue) : [];
    const meant = blue.map(({ project, droplet }) => `${project}@${droplet}`).sort();
    if (String(running) !== String(meant))
      this.#breaches.push(`running are ${running}, it should be ${meant}`);
    if (app.unsettled.length > 0) this.#breaches.push('effects never settled');
    this.#breaches.push(...doubled(this.#entries()));
  }

  #start(words: readonly string[]): Bgctl {
    const bgctl = this.#stage.start(words);
    void bgctl.ended.then((ended) => this.#heard(words, ended));
    return bgctl;
  }

  #heard(words: readonly string[], { code, signal, stdout, stderr }: Ended): void {
    this.#said.push(`$ bgctl ${words.join(' ')} -> ${code ?? signal}\n${stderr}${stdout}`);
    if (code === 70) this.#breaches.push(`a bug: ${stderr.slice(-600)}`);
  }

  async #endsWithin(bgctl: Bgctl, ms: number): Promise<boolean> {
    const ended = bgctl.ended.then(() => true);
    return Promise.race([ended, sleep(ms).then(() => false)]);
  }

  #entries(): readonly Entry[] {
    const path = join(this.#stage.directory, 'journal', `${this.#stage.app}.jsonl`);
    return decode(readFileSync(path, 'utf8'), path).entries;
  }

  async #app(): Promise<App> {
    // Every promotion brings its own policy into the journal.
    return fold(this.#stage.app, {} as App['policy'], this.#entries());
  }
}

function choice(app: App & { phase: 'held' }): readonly string[] {
  if (app.kind === 'choice') {
    const keep = app.blue?.release.id ?? app.other?.release.id ?? '';
    return ['resolve', '--keep', keep];
  }
  return ['resolve', app.blue === null ? '--adopt' : '--restore'];
}

function leftovers(app: App): number {
  if (app.phase !== 'idle') return 0;
  return app.present.filter(({ project }) => project !== app.blue?.project).length;
}

/** An effect is begun, then settled, and only then begun again: anything else was lost or written twice. */
function doubled(entries: readonly Entry[]): readonly string[] {
  const wrong: string[] = [];
  const open = new Set<string>();
  for (const entry of entries) {
    if (entry.type !== 'acted' && entry.type !== 'settled') continue;
    const key = JSON.stringify(entry.effect);
    if (entry.type === 'settled' && !open.delete(key))
      wrong.push(`entry ${entry.seq} settles what was never begun, or settles it twice`);
    if (entry.type === 'acted') open.add(key);
  }
  return wrong;
}
