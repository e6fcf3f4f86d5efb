// The data planes that a test of the balancer runs on; HAProxy only where it is installed.
import { describe } from 'vitest';
import { findHaproxy } from '../../src/emulator/haproxy/program.ts';
import type { PlaneKind } from '../../src/emulator/options.ts';

const missing = await findHaproxy().then(
  () => null,
  (error: Error) => error.message,
);

// A report of what passed shows no titles of what was left out.
if (missing !== null) process.stderr.write(`Data plane HAProxy is NOT TESTED: ${missing}\n`);

/** Describes the same on each plane. What cannot run says in its title what is missing. */
export function onEachPlane(tests: (plane: PlaneKind) => void): void {
  describe('on the emulator’s own data plane', () => tests('own'));
  onHaproxy(() => tests('haproxy'));
}

export function onHaproxy(tests: () => void): void {
  if (missing === null) describe('on HAProxy', tests);
  else describe.skip(`on HAProxy, NOT TESTED: ${missing}`, tests);
}
