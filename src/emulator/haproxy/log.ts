// HAProxy's log, a line at a time: requests that are over, and servers that came up or went down.
import { countClass } from '../plane.ts';
import type { Counters, TargetState } from '../report.ts';
import { backend, requestMark } from './config.ts';

const requestLine = new RegExp(`^${requestMark} (-?\\d+) (\\S)(\\S) (\\S+)$`);
const stateLine = new RegExp(`^Server ${backend}/(\\S+) is (UP|DOWN|going DOWN)\\b`);

/** The server that a line says is UP or DOWN now. */
export function stateIn(line: string): { server: string; state: TargetState } | null {
  const [, server, state] = stateLine.exec(line) ?? [];
  return server === undefined ? null : { server, state: state === 'UP' ? 'UP' : 'DOWN' };
}

/** Counts a request that is over; leaves lines about other things alone. */
export function countLine(counters: Counters, line: string): void {
  const [, status, cause = '', stage = '', server = ''] = requestLine.exec(line) ?? [];
  if (status === undefined) return;
  counters.requests += 1;
  // -1: the client left before there was an answer.
  if (Number(status) > 0) countClass(counters, Number(status));
  const ending = endingOf(cause, stage, server);
  if (ending !== null) counters[ending] += 1;
}

/** From the termination state, chapter 8.5 of HAProxy's manual; null: nothing went wrong. */
function endingOf(
  cause: string,
  stage: string,
  server: string,
): Exclude<keyof Counters, 'requests' | 'classes'> | null {
  // It ended before there was a request.
  if (stage === 'R') return null;
  switch (cause) {
    case 'K':
    case 'D':
      return 'cut';
    case 'C':
      return 'clientGone';
    case 'c':
    case 's':
      return 'timedOut';
    case 'S':
    case 'P':
    case 'R':
    case 'I':
      if (server === '<NOSRV>') return 'noTarget';
      return stage === 'C' || stage === 'H' ? 'refused' : 'broken';
    default:
      return null;
  }
}
