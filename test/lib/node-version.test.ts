// An older Node.js is named, a newer one is not in the way.
import { expect, test } from 'vitest';
import { tooOld } from '../../src/lib/node-version.ts';

test.each(['v22.20.0', 'v22.21.1', 'v24.0.0', 'v100.1.0'])('%s will do', (running) => {
  expect(tooOld('>=22.20', running)).toBeNull();
});

test.each(['v22.19.9', 'v20.20.2', 'v9.99.0'])('%s is too old', (running) => {
  const has = running.slice(1);
  expect(tooOld('>=22.20', running)).toBe(`bgctl needs Node.js 22.20 or newer; this is ${has}.`);
});
