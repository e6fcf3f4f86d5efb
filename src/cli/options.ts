// Options that several commands take, checked before anything is begun.
import { durationMs } from '../policy/duration.ts';
import { refused } from './exit.ts';

export const waitOption = {
  choices: ['ready', 'switched', 'verified'] as const,
  default: 'verified' as const,
  describe: 'how far to go before returning; `bgctl resume` goes on from there',
};

/** In milliseconds. */
export const timeoutOption = {
  describe: 'stop watching after 90s, 10m … (exit 17)',
  type: 'string' as const,
  coerce: (text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const ms = durationMs(text);
    if (ms === null) throw refused(`--timeout ${text} is not a duration: write 90s, 10m or 1h`);
    return ms;
  },
};
