// A tripwire: so many bad answers among any few of one droplet fail; that many answers without it pass.
import type { Judge } from '../policy/policy.ts';
import type { Asked } from './asked.ts';
import { askedName, type Window } from './sample.ts';
import type { Verdict } from './verdict.ts';

type OutOf = Extract<Judge, { kind: 'out-of' }>;

/** `worst`: most bad answers among any `of` in a row, anywhere in the window. */
type Wire = { readonly last: boolean[]; seen: number; bad: number; worst: number };

/** Unknown samples are no answers: they are neither among the few nor bad. */
export function judgeOutOf(judge: OutOf, window: Window, asked: Asked): Verdict {
  const wires = new Map<number, Wire>(
    asked.names.map((name) => [name, { last: [], seen: 0, bad: 0, worst: 0 }]),
  );
  let [samples, errors] = [0, 0];
  for (const sample of window.samples) {
    const wire = wires.get(asked.whose(sample) ?? Number.NaN);
    if (wire === undefined || sample.outcome === 'unknown') continue;
    const bad = sample.outcome === 'error';
    samples += 1;
    if (bad) errors += 1;
    touch(wire, bad, judge.of);
  }
  const all = [...wires];
  const worst = Math.max(0, ...all.map(([, wire]) => wire.worst));
  const least = Math.min(judge.of, ...all.map(([, wire]) => wire.seen));
  const evidence = { samples, errors, worst, failures: judge.failures, of: judge.of, least };
  const tripped = all.find(([, wire]) => wire.worst >= judge.failures);
  if (tripped !== undefined) {
    const [droplet, wire] = tripped;
    const because = `${wire.worst} of ${Math.min(wire.seen, judge.of)} answers in a row of ${askedName(droplet)} failed; ${judge.failures} of ${judge.of} are too many`;
    return { is: 'fail', because, evidence: { ...evidence, droplet } };
  }
  const short = all.filter(([, wire]) => wire.seen < judge.of);
  if (short.length === 0) {
    const because = `at most ${worst} of any ${judge.of} answers in a row of a droplet failed; ${judge.failures} would be too many`;
    return { is: 'pass', because, evidence };
  }
  const has = short.map(([droplet, wire]) => `${askedName(droplet)} has ${wire.seen}`).join(', ');
  return {
    is: 'wait',
    because: `${judge.of} answers are wanted from every droplet; ${has}`,
    evidence,
  };
}

/** `last` is a ring of the newest `of` answers. */
function touch(wire: Wire, bad: boolean, of: number): void {
  const place = wire.seen % of;
  if (wire.last[place] === true) wire.bad -= 1;
  wire.last[place] = bad;
  if (bad) wire.bad += 1;
  wire.seen += 1;
  wire.worst = Math.max(wire.worst, wire.bad);
}
