// How `npm run build` makes dist/: one file that starts in a third of the time that hundreds of small ones take.
import { defineConfig } from 'rolldown';

export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  // These read files beside themselves, load native code where it is there, or are wanted by few commands only.
  external: ['dockerode', 'pg', 'pino', 'ssh2', 'uplot', 'yargs', 'yargs/helpers'],
  output: {
    dir: process.env.BGCTL_DIST ?? 'dist',
    format: 'esm',
    cleanDir: true,
    // As deep as in src/, so that ../../policies is the same place.
    chunkFileNames: 'cli/[name].js',
  },
});
