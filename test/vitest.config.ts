// Four projects: `fast` and `mutants` need nothing but this checkout; `lab` needs the lab (compose/lab) and takes minutes;
// `lab-alone` are the rows that break whole droplets: one at a time, when nobody else uses them.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './longest-first.ts';

const breaksDroplets = ['test/e2e/lost-ssh.test.ts', 'test/e2e/broken-droplets.test.ts'];
const mutants = ['test/simulation/mutants.test.ts'];
const root = fileURLToPath(new URL('..', import.meta.url));

export default defineConfig({
  root,
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        root,
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', ...mutants],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        root,
        test: {
          name: 'lab',
          include: ['test/e2e/**/*.test.ts'],
          exclude: breaksDroplets,
          globalSetup: ['test/e2e/setup.ts'],
          testTimeout: 900_000,
          hookTimeout: 400_000,
          // A row keeps most of a core busy; where it waits, two others have it.
          maxWorkers: 3,
          // After the fast tests, so that neither slows the other down.
          sequence: { groupOrder: 1 },
        },
      },
      {
        root,
        test: {
          name: 'lab-alone',
          include: breaksDroplets,
          globalSetup: ['test/e2e/setup.ts'],
          testTimeout: 900_000,
          hookTimeout: 400_000,
          // These rows take turns by themselves, and wait so much that the mutants have the other core meanwhile.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        root,
        test: {
          name: 'mutants',
          include: mutants,
          testTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
