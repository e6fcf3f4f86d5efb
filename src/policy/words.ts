// The building blocks of both schemas: each says what it wants in an operator's words.
import { z } from 'zod';
import { durationMs, durationPattern } from './duration.ts';

/** What a value should have been. Travels as the text of zod's issue; `shape.ts` unpacks it. */
export type Wanted =
  /** Told as `"5" is not a duration`. */
  | { readonly what: string; readonly mend: string }
  /** Told as it stands: for values that must not be repeated. */
  | { readonly message: string; readonly mend: string };

export function wants(what: string, mend: string): { error: string } {
  return { error: JSON.stringify({ what, mend } satisfies Wanted) };
}

export function tells(message: string, mend: string): { error: string } {
  return { error: JSON.stringify({ message, mend } satisfies Wanted) };
}

/** Milliseconds out of `500ms`, `2s`, `5m` or `1h`. */
export function duration(least = '0s', most = '24h') {
  const a = wants('a duration', 'write a whole number and a unit: 500ms, 2s, 5m or 1h');
  const within = `a duration from ${least} to ${most}`;
  return z
    .string(a)
    .regex(durationPattern, a)
    .refine(inRange(least, most), wants(within, `write ${within}`))
    .transform((text) => durationMs(text) ?? 0);
}

/** A duration, or `never`: null. That and `0s` are different words. */
export function lasting(least = '0s', most = '24h') {
  const mend = `write a whole number and a unit, from ${least} to ${most}, or never`;
  const never = z.literal('never').transform(() => null);
  return z.union([never, duration(least, most)], wants('a duration or never', mend));
}

function inRange(least: string, most: string): (text: string) => boolean {
  const [min, max] = [durationMs(least) ?? 0, durationMs(most) ?? 0];
  return (text) => {
    const ms = durationMs(text);
    return ms === null || (ms >= min && ms <= max);
  };
}

const aShare = wants('a share', 'write a percentage such as 1%, or a number such as 0.01');

/** A number from 0 to 1 out of `1%`. */
export function percentage() {
  return z
    .string(aShare)
    .regex(/^(100|\d{1,2}(\.\d{1,4})?)%$/, aShare)
    .transform((percent) => Number(percent.slice(0, -1)) / 100);
}

/** A number from 0 to 1 out of `1%` or `0.01`; 1 alone could mean either, so it is refused. */
export function share() {
  return z.union([percentage(), z.number(aShare).min(0, aShare).lt(1, aShare)], aShare);
}

export function whole(least: number, most = 1_000_000) {
  const range = `a whole number from ${least} to ${most}`;
  const a = wants(range, `write ${range}`);
  return z.int(a).min(least, a).max(most, a);
}

export function text(what: string, mend: string, pattern = /^[^\r\n]+$/) {
  const a = wants(what, mend);
  return z.string(a).regex(pattern, a);
}

/** A map in which only these keys may stand. */
export function section<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, wants('a map', `write keys under it: ${listed(shape)}`));
}

/** A map of which exactly one key must be written; the keys of `shape` are all optional. */
export function oneOf<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const mend = `write exactly one of: ${listed(shape)}`;
  return z
    .strictObject(shape, wants('a map', mend))
    .refine(
      (value) => Object.values(value).filter((one) => one !== undefined).length === 1,
      tells('must have exactly one key', mend),
    )
    .meta({ minProperties: 1, maxProperties: 1 });
}

/** It may be empty. */
export function anyList<Item extends z.ZodType>(item: Item, what: string) {
  return z.array(item, wants('a list', `write a list of ${what}`));
}

export function list<Item extends z.ZodType>(item: Item, what: string) {
  const a = wants('a list', `write a list of ${what}`);
  return z.array(item, a).min(1, tells('is an empty list', `write at least one of ${what}`));
}

function listed(shape: object): string {
  return Object.keys(shape).join(', ');
}
