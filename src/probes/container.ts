// The containers as samples: health, restarts, exits, out of memory and use against limits; what cannot be seen is unknown.

import { bounded } from '../lib/bounded.ts';
import type { Clock } from '../lib/clock.ts';
import { because } from '../lib/failure.ts';
import type { ContainerProbe } from '../policy/probe-spec.ts';
import type { ProjectAt } from '../promotion/environment.ts';
import type { ContainerSeen, During, Insides, Usage } from '../world.ts';
import { digits, type Seen, unknown } from './seen.ts';

/** Above what the way to the droplet allows itself: only a lost promise gets here (I9). */
const limitMs = 30_000;
/** What two clocks, and a look that took its time, may differ by. */
const slackMs = 5_000;

/** What a phase knows of a project's containers on one droplet. */
export class ContainerHistory {
  /** By name: how often Docker had restarted it, and which start of it was seen first. */
  readonly first = new Map<string, { id: string; restarts: number; startedAt: number }>();
  readonly usage = new Map<string, Usage>();
  /** What went wrong in this phase: it is not undone by being healthy again. */
  readonly troubles = new Set<string>();
}

export async function askContainers(
  spec: ContainerProbe,
  given: {
    readonly place: ProjectAt;
    readonly insides: Pick<Insides, 'containers'>;
    readonly history: ContainerHistory;
    readonly during: During;
    readonly clock: Clock;
  },
): Promise<Seen> {
  const { place, insides, history, during, clock } = given;
  const usage =
    spec.memoryMax !== undefined || spec.cpuMax !== undefined || spec.value !== undefined;
  const seen = await bounded(limitMs, clock, insides.containers(place, { usage })).catch(because);
  if (seen === null) return unknown(`Docker did not answer within ${limitMs / 1000} s`);
  if (typeof seen === 'string') return unknown(seen);
  const { health, containers } = seen;
  for (const container of containers) remember(container, history, during);
  const shares = usage ? sharesOf(containers, history) : { memory: null, cpu: null };
  const value = shares[spec.value ?? 'memory'];
  const told = health.detail === '' ? health.is : `${health.is}: ${health.detail}`;
  const troubles = [...history.troubles, ...tooMuch(spec, shares)];
  const number = value === null ? {} : { value: value.share };
  // Gates run after the project was healthy, so `starting` means that it restarted.
  if (health.is !== 'healthy' || troubles.length > 0)
    return { outcome: 'error', detail: [...troubles, told].join('; '), ...number };
  const missing = missingOf(spec, shares);
  if (missing !== null) return unknown(missing);
  return { outcome: 'ok', detail: usage ? `${told}, ${usageText(shares)}` : told, ...number };
}

function remember(
  container: ContainerSeen,
  { first, troubles }: ContainerHistory,
  during: During,
): void {
  const { id, name, restarts, startedAt, running, exitCode, oomKilled } = container;
  const known = first.get(name);
  if (known === undefined) {
    first.set(name, { id, restarts, startedAt });
    // It may have happened while nobody looked: the phase goes on where a controller ended.
    if (during.since > 0 && startedAt > during.since + slackMs)
      troubles.add(`${name} was started again in this phase`);
  } else if (restarts > known.restarts) {
    troubles.add(`${name} was restarted in this phase${whyOf(exitCode, oomKilled)}`);
  } else if (id !== known.id || startedAt > known.startedAt) {
    troubles.add(`${name} was started again in this phase`);
  }
  if (oomKilled) troubles.add(`${name} ran out of memory`);
  if (!running && exitCode !== 0) troubles.add(`${name} ended with exit code ${exitCode}`);
}

function whyOf(exitCode: number, oomKilled: boolean): string {
  if (oomKilled) return ' (out of memory)';
  return exitCode === 0 ? '' : ` (exit code ${exitCode})`;
}

type Share = { readonly name: string; readonly share: number } | null;
type Shares = { readonly memory: Share; readonly cpu: Share };

/** The container that uses most of what it may speaks for all. */
function sharesOf(containers: readonly ContainerSeen[], { usage }: ContainerHistory): Shares {
  const all = containers.flatMap(({ id, name, usage: now }) => {
    if (now === null) return [];
    const before = usage.get(id);
    usage.set(id, now);
    return [{ name, memory: memoryShare(now), cpu: cpuShare(before, now) }];
  });
  const most = (which: 'memory' | 'cpu') =>
    all.reduce<Share>((worst, one) => {
      const share = one[which];
      return share === null || (worst !== null && share <= worst.share)
        ? worst
        : { name: one.name, share };
    }, null);
  return { memory: most('memory'), cpu: most('cpu') };
}

function memoryShare({ memory, memoryLimit }: Usage): number | null {
  return memory === null || memoryLimit === null || memoryLimit <= 0 ? null : memory / memoryLimit;
}

/** Processor time is a counter: a share of it needs two readings. */
function cpuShare(before: Usage | undefined, now: Usage): number | null {
  if (before === undefined) return null;
  const ms = now.readAt - before.readAt;
  const used = now.cpuMs - before.cpuMs;
  return ms <= 0 || used < 0 || now.cpus <= 0 ? null : used / ms / now.cpus;
}

function tooMuch(
  { memoryMax, cpuMax }: ContainerProbe,
  { memory, cpu }: Shares,
): readonly string[] {
  const over = (what: string, share: Share, max: number | undefined) =>
    max === undefined || share === null || share.share <= max
      ? []
      : [`${share.name} uses ${percent(share.share)} of its ${what}, more than ${percent(max)}`];
  return [...over('memory', memory, memoryMax), ...over('processors', cpu, cpuMax)];
}

/** A bound, or a value, that could not be looked at: neither good nor bad (I5). */
function missingOf(spec: ContainerProbe, { memory, cpu }: Shares): string | null {
  const wants = (which: 'memory' | 'cpu', max: number | undefined) =>
    max !== undefined || spec.value === which;
  if (wants('memory', spec.memoryMax) && memory === null)
    return 'Docker does not say how much memory is used';
  if (wants('cpu', spec.cpuMax) && cpu === null)
    return 'the use of processors is known from the second look on';
  return null;
}

function usageText({ memory, cpu }: Shares): string {
  const parts = [
    ...(memory === null ? [] : [`memory ${percent(memory.share)}`]),
    ...(cpu === null ? [] : [`processors ${percent(cpu.share)}`]),
  ];
  return parts.join(', ');
}

function percent(share: number): string {
  return `${digits(share * 100)} %`;
}
