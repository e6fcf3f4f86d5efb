// Ten cases that others' gates are known to get wrong, from their issue lists, with the verdict that is right.
import { describe, expect, test } from 'vitest';
import { judgeGate } from '../../src/gates/judge.ts';
import { judgeAll } from '../../src/gates/phase.ts';
import type { Sample, Window } from '../../src/gates/sample.ts';
import type { GateSpec, ShareLimits } from '../../src/policy/policy.ts';
import { chance } from './random.ts';
import { everyJudge, gate, latency, p90, track, windowOf } from './samples.ts';

/** As in standard.yml: verify for 15 minutes. */
const limits: ShareLimits = {
  acceptable: 0.01,
  unacceptable: 0.05,
  confidence: 0.99,
  against: 'limit',
};
const errors = gate({ kind: 'error-rate', ...limits }, { name: 'errors', unknownMax: 5 });
const worse = gate({ kind: 'error-rate', ...limits, against: 'blue' }, { name: 'worse' });
const phase = { since: 0, droplets: [1], blue: [9], minMs: 60_000, limitMs: 900_000 };

function phaseVerdict(windows: Record<string, Window>, at: number, gates = [errors]) {
  return judgeAll(gates, windows, { ...phase, at });
}

const many = (letter: string, count: number) => track(letter.repeat(count));

/** So many answers of which this share is bad, a second apart. */
function mixed(count: number, share: number, seed: number, droplet = 1): Sample[] {
  const random = chance(seed);
  const letters = Array.from({ length: count }, () => (random() < share ? 'x' : 'o'));
  return track(letters.join(''), droplet);
}

describe('what others get wrong', () => {
  test('no data: neither passed nor failed, inconclusive at the limit (Argo: a run without a sample is Successful)', () => {
    for (const judge of everyJudge) {
      const spec = gate(judge);
      expect(phaseVerdict({}, 899_000, [spec]).is).toBe('wait');
      expect(phaseVerdict({ up: windowOf() }, 900_000, [spec]).is).toBe('inconclusive');
    }
  });

  test('zero-error baseline: 70 % of answers fail beside a flawless blue: fails (Kayenta: Pass)', () => {
    const seen = judgeGate(
      worse,
      windowOf(mixed(60, 0.7, 1)),
      { ...phase, at: 60_000 },
      windowOf(track('o'.repeat(60), 9)),
    );
    expect(seen).toMatchObject({ is: 'fail', evidence: { blueErrors: 0 } });
  });

  test('sparse traffic: one request a minute is too little to say anything: it waits; one that fails fails nothing', () => {
    const sparse = (letters: string) =>
      windowOf(track(letters).map((sample) => ({ ...sample, at: sample.at * 60 })));
    expect(phaseVerdict({ errors: sparse('oooooooooooooo') }, 860_000).is).toBe('wait');
    expect(phaseVerdict({ errors: sparse('oooxoooooooooo') }, 860_000).is).toBe('wait');
    expect(phaseVerdict({ errors: sparse('xxxxx') }, 860_000).is).toBe('fail');
  });

  test('alarm already firing at the start: the gate judges all the same, and fails (ECS: stops to watch)', () => {
    expect(phaseVerdict({ errors: windowOf(many('x', 3)) }, 4_000).is).toBe('fail');
    const old = track('xxxxxxxxxx').map((sample) => ({ ...sample, at: sample.at - 60_000 }));
    const since = windowOf([...old, ...many('o', 130)]);
    expect(phaseVerdict({ errors: since }, 131_000).is).toBe('pass');
  });

  test('provider down in mid-run: unknown, never bad, never a pass; judged on when it is back (Flagger: failed checks)', () => {
    const down = `${'o'.repeat(200)}${'?'.repeat(60)}`;
    expect(phaseVerdict({ errors: windowOf(track(down)) }, 261_000).is).toBe('unknown');
    expect(phaseVerdict({ errors: windowOf(track(down)) }, 900_000).is).toBe('inconclusive');
    expect(phaseVerdict({ errors: windowOf(track(`${down}o`)) }, 262_000).is).toBe('pass');
  });

  test('restart during the analysis: judged by what is seen since; less is never a pass (Argo: one restart ended it as successful)', () => {
    const before = many('o', 300);
    const after = { ...phase, since: 301_000, at: 340_000 };
    const judged = (letters: string) => {
      const seen = track(letters).map((sample) => ({ ...sample, at: sample.at + 301_000 }));
      return judgeAll(
        [errors],
        { errors: windowOf([...before, ...seen]) },
        { ...after, at: 440_000 },
      );
    };
    expect(judged('o'.repeat(30)).is).toBe('wait');
    expect(judged('o'.repeat(130)).is).toBe('pass');
    expect(judged('xxx').is).toBe('fail');
  });

  test('constant series: every answer alike, in blue and in green, is judged by its level and not by its spread', () => {
    const alike = { ...phase, at: 300_000 };
    const beside = (ms: number, spec: GateSpec) =>
      judgeGate(
        spec,
        windowOf(track('o'.repeat(200), 1, ms)),
        alike,
        windowOf(track('o'.repeat(200), 9, 5)),
      ).is;
    const slower = gate({ ...latency, against: 'blue' });
    expect([beside(5, worse), beside(5, slower), beside(500, slower)]).toEqual([
      'pass',
      'pass',
      'fail',
    ]);
  });

  test('clock jump: an hour forth or back makes no verdict that was not there', () => {
    const jumped = (ms: number) =>
      many('o', 130).map((one, index) => (index < 65 ? one : { ...one, at: one.at + ms }));
    const forth = phaseVerdict({ errors: windowOf(jumped(3_600_000)) }, 131_000 + 3_600_000);
    expect(forth.is).toBe('pass');
    // What seems to be older than the phase proves nothing.
    expect(phaseVerdict({ errors: windowOf(jumped(-3_600_000)) }, 131_000).is).toBe('wait');
    const window = gate(p90, { name: 'fast' });
    const empty = phaseVerdict({ fast: windowOf(many('o', 50)) }, 3_600_000, [window]);
    expect(empty.is).toBe('inconclusive');
    expect(empty.because).toContain('0 of 10 samples so far');
  });

  test('NaN: a duration or a value that is no number is no sample, neither quick nor slow, neither high nor low', () => {
    const nan = many('o', 200).map((one) => ({
      ...one,
      durationMs: Number.NaN,
      value: Number.NaN,
    }));
    const judgesNumbers = everyJudge.filter(
      (judge) =>
        judge.kind === 'latency' ||
        (judge.kind === 'threshold' && !judge.quantity.startsWith('error')),
    );
    expect(judgesNumbers).toHaveLength(4);
    for (const judge of judgesNumbers) {
      const { is, evidence } = judgeGate(gate(judge), windowOf(nan), { ...phase, at: 201_000 });
      expect({ is, samples: evidence.samples }).toEqual({ is: 'wait', samples: 0 });
    }
    const backwards = many('o', 200).map((one) => ({ ...one, durationMs: -5_000 }));
    expect(judgeGate(gate(latency), windowOf(backwards), { ...phase, at: 1 }).is).toBe('wait');
  });

  test('one probe dead of three: the two good ones do not outvote it', () => {
    const two = [many('o', 130), track('o'.repeat(130), 2)];
    const three = { ...phase, droplets: [1, 2, 3], at: 131_000 };
    const with3 = (letters: string) =>
      judgeAll([errors], { errors: windowOf(...two, track(letters, 3)) }, three);
    expect(with3('').is).toBe('wait');
    expect(with3('').because).toContain('no answer from droplet 3 yet');
    expect(with3('ooo??????').is).toBe('unknown');
    expect(with3('xxxxxxxxxxxx').is).toBe('fail');
    expect(with3('ooo').is).toBe('pass');
  });
});
