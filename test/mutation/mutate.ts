// npm run mutate [-- folder | file …]: breaks the pure folders on purpose, line by line. Each folder's own tests must notice.
import { Stryker } from '@stryker-mutator/core';

const folders = ['gates', 'promotion', 'policy'];
const asked = process.argv.slice(2);

for (const folder of folders) {
  const all = `src/${folder}/**/*.ts`;
  const some = asked.filter((path) => path.startsWith(`src/${folder}/`));
  if (asked.length > 0 && some.length === 0 && !asked.includes(folder)) continue;
  const report = `.stryker/${folder}`;
  await new Stryker({
    mutate: some.length > 0 ? some : [all],
    // By its folder, not by `testFiles`: with those Stryker 10 never switches mutants of constants on.
    vitest: { configFile: 'test/mutation/vitest.config.ts', related: false, dir: `test/${folder}` },
    // What was found stays: a run that was cut short, or asked for some files only, is not for nothing.
    incrementalFile: `${report}.incremental.json`,
    jsonReporter: { fileName: `${report}.json` },
    htmlReporter: { fileName: `${report}.html` },
  }).runMutationTest();
}
