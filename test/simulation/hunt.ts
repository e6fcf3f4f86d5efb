// Tells stories until one is broken; prints which checker saw it and after how many.
import { type Happens, quietDay, type Script, scriptOf } from '../../src/simulator/faults.ts';
import { brokenMeanwhile } from '../../src/simulator/healing.ts';
import type { Options } from '../../src/simulator/simulate.ts';
import { scenarios } from './scenarios.ts';
import { tell } from './tell.ts';

const most = Number(process.argv[2] ?? 2000);

type Try = { readonly script: Script; readonly options?: Options };

/** The canonical stories first: they are what a person would try. Then a freeze at every point of one, then chance. */
function* tries(): Generator<Try> {
  for (const { script } of scenarios) yield { script };
  for (let freezeAt = 0; freezeAt < 80; freezeAt += 1) {
    yield { script: quietDay, options: { freezeAt } };
    yield { script: befallen('switching', 'abort', 30_000), options: { freezeAt } };
  }
  for (let afterMs = 0; afterMs < 8_000; afterMs += 500)
    yield { script: befallen('committed', 'somebody-detaches', afterMs) };
  for (let seed = 1; seed <= 20; seed += 1)
    yield {
      script: { ...befallen('committed', 'abort', 0), seed, drains: false, planeLagMs: 3_000 },
    };
  for (let seed = 1; seed <= most; seed += 1) {
    yield { script: scriptOf(seed) };
    if (seed % 5 === 0) yield { script: { ...quietDay, seed, late: 0.3 } };
    if (seed % 5 === 1)
      yield { script: { ...befallen('switching', 'abort', 500), seed, late: 0.6 } };
  }
}

function befallen(during: Happens['during'], what: Happens['what'], afterMs: number): Script {
  return { ...quietDay, happens: [{ during, what, afterMs, droplet: 3 }] };
}

let count = 0;
let caught = null;
for (const { script, options } of tries()) {
  count += 1;
  const { breaches } = await tell(script, options);
  const breach = breaches.find(
    ({ checker }) => script.late === 0 || !brokenMeanwhile.test(checker),
  );
  if (breach === undefined) continue;
  caught = { after: count, checker: breach.checker, what: breach.what, script, options };
  break;
}
process.stdout.write(`${JSON.stringify(caught)}\n`);
