// A gate as Argo Rollouts makes it of what its documentation writes: a success rate of at least 95 % in each of five windows
// of a minute, failureLimit 0, inconclusiveLimit 0, consecutiveErrorLimit 4. An empty window is an error.
import type { Contestant, Is } from './race.ts';
import { objectiveMs, type Stream } from './streams.ts';

const windowMs = 60_000;
const consecutiveErrorLimit = 4;

export function fixedWindow({ gate, least, everyMs }: Stream): Contestant {
  const count = Math.max(5, Math.ceil((least * everyMs) / windowMs));
  let [all, bad, measured, errors, end] = [0, 0, 0, 0, windowMs];
  let is: Is = 'wait';
  const measure = () => {
    if (all === 0) errors += 1;
    else {
      errors = 0;
      measured += 1;
      if (1 - bad / all < 0.95) is = 'fail';
    }
    if (errors > consecutiveErrorLimit) is = 'fail';
    if (is === 'wait' && measured >= count) is = 'pass';
    [all, bad] = [0, 0];
  };
  return {
    take(at, green) {
      for (; at >= end && is === 'wait'; end += windowMs) measure();
      all += 1;
      // Of latency it asks the same: 95 % within the objective.
      if (green.bad || (gate === 'latency' && green.ms > objectiveMs)) bad += 1;
    },
    is: () => is,
  };
}
