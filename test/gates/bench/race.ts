// One stream after another, judged by bgctl's gate and by its peers' at once: who decides when, and who is wrong.
import { chance } from '../random.ts';
import { fixedWindow } from './fixed-window.ts';
import { mannWhitney } from './mann-whitney.ts';
import { ours } from './ours.ts';
import { type Answer, answer, type Stream } from './streams.ts';

export type Is = 'pass' | 'fail' | 'wait';

export type Contestant = {
  take(at: number, green: Answer, blue: Answer): void;
  is(): Is;
};

const contestants = { ours, fixedWindow, mannWhitney } as const;
export type Name = keyof typeof contestants;

/** Sums over runs of one stream. */
export type Score = { runs: number; requests: number; wrong: number; undecided: number };
export type Scores = Record<Name, Score>;

export const noScores = (): Scores => ({ ours: none(), fixedWindow: none(), mannWhitney: none() });

function none(): Score {
  return { runs: 0, requests: 0, wrong: 0, undecided: 0 };
}

export function race(stream: Stream, runs: number, seed: number): Scores {
  const scores = noScores();
  const random = chance(seed);
  for (let one = 0; one < runs; one += 1) {
    const judges = Object.entries(contestants).map(([name, judge]) => ({
      score: scores[name as Name],
      judge: judge(stream),
      done: false,
    }));
    for (let n = 0; n < stream.most && judges.some(({ done }) => !done); n += 1) {
      const green = answer(stream.green, n, random);
      const blue = answer(stream.blue, n, random);
      for (const judged of judges) {
        if (judged.done) continue;
        judged.judge.take(n * stream.everyMs, green, blue);
        const is = judged.judge.is();
        if (is === 'wait' || (is === 'pass' && n + 1 < stream.least)) continue;
        judged.done = true;
        judged.score.requests += n + 1;
        if (is !== stream.right) judged.score.wrong += 1;
      }
    }
    for (const { score, done } of judges) {
      score.runs += 1;
      if (done) continue;
      score.undecided += 1;
      score.requests += stream.most;
    }
  }
  return scores;
}
