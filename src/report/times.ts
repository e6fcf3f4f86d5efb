// Instants and spans as people read them. All times are UTC.
import type { Instant } from '../lib/clock.ts';

const zone = { timeZone: 'UTC', hourCycle: 'h23' } as const;
const time = new Intl.DateTimeFormat('en-GB', {
  ...zone,
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const day = new Intl.DateTimeFormat('en-GB', {
  ...zone,
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});

/** `12:03:04` */
export function timeOf(at: Instant): string {
  return time.format(at);
}

/** `29 November 2026` */
export function dayOf(at: Instant): string {
  return day.format(at);
}

/** `0.4 s`, `12 s`, `2 min 5 s`, `1 h 3 min` */
export function spanOf(ms: number): string {
  if (ms < 9_950) return `${Number((Math.max(ms, 0) / 1000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const [minutes, left] = [Math.floor(seconds / 60), seconds % 60];
  if (minutes < 60) return left === 0 ? `${minutes} min` : `${minutes} min ${left} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `3.2 %` of 0.032 */
export function percentOf(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}
