// What chaos does to a stage: each kind of havoc begins, lasts for a while, and is mended.
import type { Random } from '../../src/simulator/random.ts';
import { blockSsh, cutSsh, exec, killDockerd, startDockerd, unblockSsh } from './faults.ts';
import type { LabDroplet } from './lab.ts';
import { sleep } from './run.ts';
import type { Stage } from './stage.ts';

export type Havoc = {
  readonly name: string;
  /** Begins it, and returns what ends it. */
  readonly wreak: (target: Target) => Promise<() => Promise<void>>;
};

type Target = { readonly stage: Stage; readonly droplet: LabDroplet; readonly random: Random };

const nothing = async () => undefined;

/** Faults of the cloud's API, for so many requests or so long. */
const cloud: readonly Havoc[] = (
  [
    ['the API is busy', { kind: 'busy', forMs: 8_000 }],
    ['the API throttles', { kind: 'rate-limited', retryAfterSeconds: 1, forMs: 6_000 }],
    ['the API answers 502 in HTML', { kind: 'html', forMs: 6_000 }],
    ['the API resets after applying', { kind: 'reset-after-applying', on: 'writes', times: 1 }],
    ['the API accepts and does not apply', { kind: 'accept-not-apply', on: 'writes', times: 1 }],
    ['the API hangs', { kind: 'hang', times: 2 }],
    ['the API is slow', { kind: 'slow', delayMs: 3_000, times: 4 }],
  ] as const
).map(([name, fault]) => ({
  name,
  wreak: async ({ stage }) => {
    await stage.emulator.admin.fault(fault);
    return () => stage.emulator.admin.clearFaults();
  },
}));

/** Faults of one droplet; people are never sent a wrong answer by any of them. */
const hosts: readonly Havoc[] = [
  {
    name: 'SSH connections are cut',
    wreak: async ({ droplet }) => {
      await cutSsh(droplet);
      return nothing;
    },
  },
  {
    name: 'sshd is dead',
    wreak: async ({ droplet }) => {
      await blockSsh(droplet, 'refuse');
      return () => unblockSsh(droplet);
    },
  },
  {
    name: 'packets of SSH are dropped',
    wreak: async ({ droplet }) => {
      await blockSsh(droplet, 'silence');
      return () => unblockSsh(droplet);
    },
  },
  {
    name: 'dockerd is dead',
    wreak: async ({ droplet }) => {
      await killDockerd(droplet);
      return () => startDockerd(droplet);
    },
  },
  {
    name: 'the disk is full',
    wreak: async ({ stage, droplet }) => {
      const place = `/opt/${stage.app}`;
      // What is there is covered, not lost: a disk of one page that is full from the beginning.
      await exec(droplet, ['mkdir', '-p', place]);
      await exec(droplet, ['mount', '-t', 'tmpfs', '-o', 'size=4k,mode=755', 'full', place]);
      return async () => void (await exec(droplet, ['umount', '-l', place]));
    },
  },
];

export const worldly: readonly Havoc[] = [...cloud, ...hosts];

/** Begins it, lets it last, ends it. */
export async function endured(
  havoc: Havoc,
  target: Target,
  lastsMs: number,
  stop: AbortSignal,
): Promise<void> {
  const mend = await havoc.wreak(target);
  try {
    const end = performance.now() + lastsMs;
    while (performance.now() < end && !stop.aborted) await sleep(100);
  } finally {
    await mend();
  }
}
