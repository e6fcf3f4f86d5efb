// The tests that mutants of the pure folders must face, thousands of times: all but the long random ones.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';

/** Most mutants fall to a short test: the long ones are for those that are left. */
class ShortestFirst extends BaseSequencer {
  override async sort(files: Parameters<BaseSequencer['sort']>[0]) {
    return (await super.sort(files)).reverse();
  }
}

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    // Below the folder that mutate.ts names.
    include: ['**/*.test.ts'],
    exclude: ['**/{invariants,kill,never-throws,unasked}.test.ts'],
    testTimeout: 60_000,
    // Each mutant has a worker of its own; within it, the tests share the modules: half the time.
    isolate: false,
    sequence: { sequencer: ShortestFirst },
  },
});
