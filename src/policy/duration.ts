// Durations as an operator writes them: a whole number and a unit.

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

export const durationPattern = /^(\d{1,9})(ms|s|m|h)$/;

/** `90s` → 90000; null when it is not a duration. */
export function durationMs(text: string): number | null {
  const [, digits, unit] = durationPattern.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return null;
  return Number(digits) * units[unit as keyof typeof units];
}

/** The shortest way to write it: 90000 → `90s`, 60000 → `1m`. */
export function durationText(ms: number): string {
  const whole = Math.ceil(ms);
  for (const unit of ['h', 'm', 's'] as const) {
    if (whole > 0 && whole % units[unit] === 0) return `${whole / units[unit]}${unit}`;
  }
  return whole === 0 ? '0s' : `${whole}ms`;
}
