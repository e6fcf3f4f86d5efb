// The parts that several controllers recorded of one promotion, one after the other, as one recording.
import type { Recording } from './recording.ts';
import { joined, type Series } from './series.ts';

const nothing: Recording = {
  version: 1,
  series: [],
  containers: [],
  waits: [],
  verdicts: [],
  logs: [],
  leftOut: 0,
};

export function together(parts: readonly Recording[]): Recording {
  const all = parts.reduce(
    (sum, part) => ({
      version: 1,
      series: [...sum.series, ...part.series],
      containers: [...sum.containers, ...part.containers],
      waits: [...sum.waits, ...part.waits],
      verdicts: [...sum.verdicts, ...part.verdicts],
      logs: [...sum.logs, ...part.logs],
      leftOut: sum.leftOut + part.leftOut,
    }),
    nothing,
  );
  return {
    ...all,
    series: joinedByQuestion(all.series),
    containers: byTime(all.containers),
    waits: byTime(all.waits),
    verdicts: byTime(all.verdicts),
    logs: byTime(all.logs),
  };
}

function joinedByQuestion(series: readonly Series[]): readonly Series[] {
  const groups = Map.groupBy(series, ({ gate, project }) => `${gate} ${project}`);
  return [...groups.values()].flatMap(([first, ...rest]) =>
    first === undefined ? [] : [rest.reduce(joined, first)],
  );
}

function byTime<T extends { readonly at: number }>(list: readonly T[]): readonly T[] {
  return [...list].sort((one, other) => one.at - other.at);
}
