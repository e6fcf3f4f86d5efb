// bgctl's own gates in the race: the tests of src/gates, one request at a time.
import { BlueTest } from '../../../src/gates/blue-test.ts';
import { LimitTest } from '../../../src/gates/limit-test.ts';
import type { Contestant } from './race.ts';
import { limits, objectiveMs, type Stream } from './streams.ts';

export function ours({ gate }: Stream): Contestant {
  if (gate === 'blue') {
    const test = new BlueTest(limits.blue);
    return {
      take(at, green, blue) {
        test.take('blue', blue.bad, at);
        test.take('green', green.bad, at);
      },
      is: () => test.is,
    };
  }
  const test = new LimitTest(limits[gate]);
  return {
    take: (_, { bad, ms }) => test.take(bad || (gate === 'latency' && ms > objectiveMs)),
    is: () => test.is,
  };
}
