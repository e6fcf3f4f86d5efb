// One balancer on the stand-in for the API, a client of it, and the two changes of every promotion.
import { afterEach, beforeEach, expect } from 'vitest';
import { type CloudBalancer, cloudBalancer } from '../../src/cloud/balancer.ts';
import { type BudgetLimits, usualLimits } from '../../src/cloud/budget.ts';
import { type CloudClient, cloudClient } from '../../src/cloud/client.ts';
import { Failure } from '../../src/lib/failure.ts';
import type { Settings } from '../../src/policy/settings.ts';
import { type FastClock, fastClock } from './clocks.ts';
import { settingsWith, token } from './fixtures.ts';
import { type StandIn, startStandIn } from './stand-in.ts';

export const ours = [1, 2, 3, 4];
export const usual = { ours, mayEmpty: false, goesBack: false, holds: () => true };
export const clock = fastClock(10);
export const open = () => new AbortController().signal;

/** Blue is droplets 1 and 2, attached; green is 3 and 4. */
export const greenWish = (signal = open()) => ({
  droplets: [3, 4],
  expected: [1, 2],
  ...usual,
  signal,
});

type Other = { readonly clock?: FastClock; readonly limits?: BudgetLimits; settings?: Settings };

export type Scene = {
  cloud: StandIn;
  client: CloudClient;
  balancer: CloudBalancer;
  attachGreen(signal?: AbortSignal): Promise<void>;
  detachBlue(signal?: AbortSignal): Promise<void>;
  /** Puts another client and balancer in place. */
  replace(other: Other): Promise<CloudBalancer>;
};

/** Fresh for every test of the file; afterwards no request may have been against the API's description. */
export function useScene(): Scene {
  const scene = {
    attachGreen: (signal?: AbortSignal) => scene.balancer.attach(greenWish(signal)),
    detachBlue: (signal = open()) =>
      scene.balancer.detach({ droplets: [1, 2], expected: ours, ...usual, signal }),
    async replace(other: Other) {
      scene.client?.close();
      await play(other);
      return scene.balancer;
    },
  } as Scene;

  async function play(other: Other): Promise<void> {
    const { endpoint } = scene.cloud;
    const given = { clock, limits: usualLimits, settings: settingsWith(endpoint), ...other };
    // Real time: long for an answer from this process, on a busy machine too.
    scene.client = cloudClient({ endpoint, token, timeoutMs: 1_500, ...given });
    scene.balancer = await cloudBalancer({ client: scene.client, ...given });
  }

  beforeEach(async () => {
    scene.cloud = await startStandIn();
    await play({});
  });

  afterEach(async () => {
    scene.client.close();
    await scene.cloud.close();
    expect(scene.cloud.complaints).toEqual([]);
    expect(scene.cloud.log.filter((line) => !/^(GET|POST|DELETE) /.test(line))).toEqual([]);
  });

  return scene;
}

/** The Failure that `work` rejects with; anything else is a fault of the test's subject. */
export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Failure) return error;
  throw new Error(`expected a Failure, got ${String(error)}`);
}
