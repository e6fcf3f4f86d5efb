// The balancer's membership: read, attach, detach. Never replaced, never written without having looked.
import type { Clock } from '../lib/clock.ts';
import { because, Failure } from '../lib/failure.ts';
import type { Settings } from '../policy/settings.ts';
import type { Balancer, MembershipChange } from '../world.ts';
import type { Turn } from './budget.ts';
import type { CloudClient } from './client.ts';
import { idsOfPool, lookUp } from './droplets.ts';
import type { BalancerFacts } from './facts.ts';
import { CloudFailure } from './failure.ts';
import { findBalancer } from './find.ts';
import { isShown, planChange, type Verb } from './membership.ts';

export type CloudBalancer = Balancer & {
  readonly id: string;
  facts(): Promise<BalancerFacts>;
};

/** Looks are for the loop, which looks again soon; a change waits out a busy balancer for over five minutes. */
const lookLimitMs = 20_000;
const changeLimitMs = 330_000;
const recordLimitMs = 60_000;
const pollFirstMs = 500;
const pollMostMs = 2000;

type Given = {
  readonly client: CloudClient;
  readonly settings: Pick<Settings, 'cloud' | 'pools'>;
  readonly clock: Clock;
};

/** Asks the cloud only where bgctl.yml gives a name instead of an id. Rejects where the name is not clear. */
export async function cloudBalancer({ client, settings, clock }: Given): Promise<CloudBalancer> {
  const look = <T>(work: (turn: Turn) => Promise<T>) =>
    client.patiently({ limitMs: lookLimitMs }, work);
  const { balancer } = settings.cloud;
  const { pools } = settings;
  const id =
    'id' in balancer
      ? balancer.id
      : (await look((turn) => findBalancer(client, balancer, turn))).id;
  const target: Target = { client, clock, id };
  const oneByOne = queue();

  return {
    id,
    facts: () => look((turn) => client.balancer(id, turn)),
    attached: () => look(async (turn) => (await client.balancer(id, turn)).droplets),
    pools: () =>
      look(async (turn) => {
        const [a, b] = await Promise.all([
          idsOfPool(client, pools.a, turn),
          idsOfPool(client, pools.b, turn),
        ]);
        return { a, b };
      }),
    lost: (droplets) => look(async (turn) => (await lookUp(client, droplets, turn)).lost),
    attach: (wish) => oneByOne(wish.signal, () => change(target, 'attach', wish)),
    detach: (wish) => oneByOne(wish.signal, () => change(target, 'detach', wish)),
  };
}

type Target = { readonly client: CloudClient; readonly clock: Clock; readonly id: string };

async function change(target: Target, verb: Verb, wish: MembershipChange): Promise<void> {
  const { signal, goesBack } = wish;
  let inDoubt = false;
  const ended = await target.client.patiently(
    { limitMs: patienceOf(wish), signal, goesBack },
    async (turn) => {
      try {
        return await lookThenSend(target, verb, wish, { ...turn, inDoubt });
      } catch (error) {
        inDoubt ||= error instanceof CloudFailure && error.ambiguous;
        throw error;
      }
    },
  );
  if (ended === 'sent') await shown(target, verb, wish);
}

/** What the operator allows, but enough for a try, and within the limit of the effect. */
function patienceOf({ limitMs = changeLimitMs }: MembershipChange): number {
  return Math.min(Math.max(limitMs, lookLimitMs), changeLimitMs);
}

/** One try. It looks each time: what an earlier try left in doubt, and what somebody did meanwhile, shows here. */
async function lookThenSend(
  { client, clock, id }: Target,
  verb: Verb,
  wish: MembershipChange,
  turn: Turn & { inDoubt: boolean },
): Promise<'sent' | 'as-wanted'> {
  const plan = async () => planChange(verb, wish, (await client.balancer(id, turn)).droplets);
  const before = await plan();
  if (before.is === 'drift') throw drift(before.because, turn.inDoubt);
  if (before.is === 'done') return 'as-wanted';
  if (!wish.holds()) throw replaced();
  try {
    if (verb === 'attach') await client.addDroplets(id, before.droplets, turn);
    else await client.removeDroplets(id, before.droplets, turn);
    return 'sent';
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // What is there already, or gone already, may be refused: then there was nothing left to do. After a
    // write that got no answer the record may only show it late, so it is looked at more than once.
    for (let looks = turn.inDoubt ? 5 : 1; looks > 0; looks -= 1) {
      if ((await plan()).is === 'done') return 'as-wanted';
      if (looks > 1) await clock.sleep(pollMostMs, turn.signal);
    }
    throw error;
  }
}

function replaced(): CloudFailure {
  return new CloudFailure(
    'stopped',
    'Another controller may have taken over before the change of the load balancer could be sent. Nothing was sent.',
  );
}

/** Ambiguous where an earlier try of this change got no answer, and may be a part of what surprises. */
function drift(reason: string, inDoubt: boolean): Failure {
  if (!inDoubt) return new Failure('drift', `${reason} Nothing was sent.`);
  return new Failure(
    'drift',
    `${reason} An earlier try of bgctl's own got no answer and may have been applied.`,
    { ambiguous: true },
  );
}

function isRefusal(error: unknown): boolean {
  return error instanceof CloudFailure && ['refused', 'absent'].includes(error.kind);
}

/** 204 means accepted; this waits until the record shows it. Whatever goes wrong here, the write went out. */
async function shown(target: Target, verb: Verb, wish: MembershipChange): Promise<void> {
  const { clock } = target;
  const deadline = clock.now() + recordLimitMs;
  for (let pauseMs = pollFirstMs; ; pauseMs = Math.min(pauseMs * 1.6, pollMostMs)) {
    if (await isOnRecord(target, verb, wish)) return;
    if (clock.now() + pauseMs > deadline) throw unshown(verb, wish, 'did not show it in time');
    await clock.sleep(pauseMs, wish.signal);
    if (wish.signal.aborted) throw unshown(verb, wish, 'had not shown it when time was over');
  }
}

async function isOnRecord(
  { client, id }: Target,
  verb: Verb,
  wish: MembershipChange,
): Promise<boolean> {
  const { signal, goesBack } = wish;
  try {
    const { droplets } = await client.patiently(
      { limitMs: lookLimitMs, signal, goesBack },
      (turn) => client.balancer(id, turn),
    );
    return isShown(verb, wish, droplets);
  } catch (error) {
    throw unshown(verb, wish, `could not be read: ${because(error)}`);
  }
}

function unshown(verb: Verb, { droplets }: MembershipChange, how: string): CloudFailure {
  return new CloudFailure(
    'stopped',
    `DigitalOcean accepted to ${verb} droplets ${droplets.join(', ')}, but the load balancer's record ${how}. The change may still come; look before repeating it.`,
    { retry: 'soon', ambiguous: true },
  );
}

/** One change at a time, so that between two writes there is always a look. */
function queue(): (signal: AbortSignal, work: () => Promise<void>) => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  return (signal, work) => {
    const before = last;
    const turn = Promise.race([before, aborted(signal)]).then(() => {
      if (!signal.aborted) return work();
      throw new CloudFailure(
        'stopped',
        'The time for a change of the load balancer was over before it had begun. Nothing was sent.',
        { retry: 'soon' },
      );
    });
    last = Promise.allSettled([before, turn]);
    return turn;
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
