// A module hook: one file of the source is read with one thing changed. Loaded by `node --import`.
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { mutants } from './mutants.ts';

const { MUTANT = '' } = process.env;
const mutant = mutants.find(({ name }) => name === MUTANT);
if (mutant === undefined) throw new Error(`no mutant ${MUTANT}`);
const { file, from, to } = mutant;
const target = new URL(`../../src/${file}`, import.meta.url).href;

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (url !== target) return loaded;
    const text = readFileSync(fileURLToPath(url), 'utf8');
    if (text.split(from).length !== 2) throw new Error(`${MUTANT}: not once in ${file}`);
    return { ...loaded, source: text.replace(from, () => to) };
  },
});
