// Who may import whom; no cycles; what the pure folders may not name. The table is the architecture.
import { describe, expect, test } from 'vitest';
import { codeOf, type Import, importsOf, type Source, sources } from './sources.ts';

/** Folder → folders it may import, always itself too. `world`, `main`, `wire` and `stage` are files of src. */
const may: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  policy: ['lib'],
  gates: ['policy', 'lib'],
  promotion: ['gates', 'policy', 'lib'],
  world: ['promotion', 'gates', 'policy', 'lib'],
  probes: ['world', 'promotion', 'gates', 'policy', 'lib'],
  cloud: ['world', 'promotion', 'policy', 'lib'],
  hosts: ['world', 'promotion', 'policy', 'lib'],
  // A room of its own: what an operator's words run on the controller's host touches neither droplets nor the cloud.
  hooks: ['world', 'policy', 'lib'],
  journal: ['world', 'promotion', 'gates', 'policy', 'lib'],
  report: ['promotion', 'gates', 'policy', 'lib'],
  controller: ['world', 'report', 'promotion', 'gates', 'policy', 'lib'],
  wire: [
    'world',
    'cloud',
    'hosts',
    'hooks',
    'journal',
    'probes',
    'controller',
    'policy',
    'promotion',
    'lib',
  ],
  // Where the loop and the cloud's client meet the simulated world, as they meet the real one in wire.
  stage: ['simulator', 'cloud', 'controller', 'policy', 'lib'],
  // simulator and stage: for `rehearse` only, see below.
  cli: [
    'controller',
    'report',
    'wire',
    'stage',
    'simulator',
    'world',
    'policy',
    'promotion',
    'lib',
  ],
  main: ['cli', 'lib'],
  emulator: ['lib'],
  simulator: ['world', 'promotion', 'gates', 'policy', 'lib'],
};

/** Why an arrow that looks handy is not there. */
const reasons: Readonly<Record<string, string>> = {
  'simulator controller': 'the loop is given to it: what it drives must be what production drives',
  'emulator cloud': 'an emulator that shares code with the client shares its bugs',
  'controller cloud': 'the loop must run in a simulated world: it knows only world.ts',
  'controller hosts': 'the loop must run in a simulated world: it knows only world.ts',
  'report controller': 'a report is made of what was written down, on any machine and at any time',
  'promotion controller': 'decisions are pure: they are given what was seen',
  'hosts cloud': 'concrete worlds meet in wire.ts only',
  'cloud hosts': 'concrete worlds meet in wire.ts only',
};

const pure = ['promotion', 'gates', 'policy', 'report'];
const impure = [/\bawait\b/, /\bDate\b/, /\bMath\.random\b/, /\bprocess\./, /\bsetTimeout\b/];

function folderOf(path: string): string {
  return path.split('/')[1]?.replace(/\.ts$/, '') ?? '';
}

function forbidden(imports: readonly Import[]): readonly string[] {
  return imports
    .filter(({ local }) => local)
    .map(({ from, to }) => ({ from, to, one: folderOf(from), other: folderOf(to) }))
    .filter(({ one, other }) => one !== other && !(may[one] ?? []).includes(other))
    .map(({ from, to, one, other }) => {
      const reason = reasons[`${one} ${other}`];
      return `${from} imports ${to}: ${one} may not import ${other}${reason ? ` (${reason})` : ''}`;
    });
}

function impurities({ path, text }: Source): readonly string[] {
  const code = codeOf(text);
  const named = impure.filter((pattern) => pattern.test(code)).map(String);
  const modules = importsOf({ path, text }).filter(({ to }) => to.startsWith('node:'));
  return [...named, ...modules.map(({ to }) => to)].map((what) => `${path} names ${what}`);
}

/** Every cycle among files, type-only imports included: two files that need each other are one thought. */
function cycles(imports: readonly Import[]): readonly string[] {
  const next = Map.groupBy(
    imports.filter(({ local }) => local),
    ({ from }) => from,
  );
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, way: readonly string[]) => {
    const index = way.indexOf(file);
    if (index !== -1) {
      found.push([...way.slice(index), file].join(' → '));
      return;
    }
    if (done.has(file)) return;
    for (const { to } of next.get(file) ?? []) visit(to, [...way, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  return found;
}

const tree = sources('src');
const all = tree.flatMap(importsOf);

describe('the architecture', () => {
  test('every folder of src stands in the table, and every folder of the table exists', () => {
    const folders = new Set(tree.map(({ path }) => folderOf(path)));
    expect([...folders].sort()).toEqual(Object.keys(may).sort());
  });

  test('nobody imports what the table does not allow', () => {
    expect(forbidden(all)).toEqual([]);
  });

  test('no file needs itself by way of others', () => {
    expect(cycles(all)).toEqual([]);
  });

  test('what decides and judges names no clock, no chance, no machine', () => {
    const files = tree.filter(({ path }) => pure.includes(folderOf(path)));
    expect(files.flatMap(impurities)).toEqual([]);
  });

  test('the simulator is behind one door of the command line, which only `rehearse` opens, when it is run', () => {
    const arrows = all.filter(({ from, to }) => {
      const [one, other] = [folderOf(from), folderOf(to)];
      return one === 'cli' && (other === 'simulator' || other === 'stage');
    });
    const door = 'src/cli/rehearsal.ts';
    expect([...new Set(arrows.map(({ from }) => from))]).toEqual([door]);
    const users = [...new Set(all.filter(({ to }) => to === door).map(({ from }) => from))];
    expect(users).toEqual(['src/cli/commands/rehearse.ts']);
    const command = tree.find(({ path }) => path === users[0])?.text;
    expect(command).toContain("await import('../rehearsal.ts')");
    expect(command).not.toMatch(/^import (?!type).*rehearsal\.ts/m);
  });

  test('p-retry, which reads the real clock, stays where the world is real', () => {
    const users = all.filter(({ to }) => to === 'p-retry').map(({ from }) => from);
    const allowed = ['src/cloud/client.ts', 'src/hosts/ssh.ts'];
    expect(users.filter((user) => !allowed.includes(user))).toEqual([]);
  });
});

describe('the architecture test itself', () => {
  const file = (path: string, text: string): Source => ({ path, text });

  test('sees a forbidden arrow, with its reason', () => {
    const bad = file('src/emulator/api.ts', "import { cloudClient } from '../cloud/client.ts';");
    expect(forbidden(importsOf(bad))).toEqual([
      'src/emulator/api.ts imports src/cloud/client.ts: emulator may not import cloud (an emulator that shares code with the client shares its bugs)',
    ]);
  });

  test('sees a cycle', () => {
    const one = file('src/lib/one.ts', "import type { B } from './two.ts';");
    const two = file('src/lib/two.ts', "import { a } from './one.ts';");
    expect(cycles([one, two].flatMap(importsOf))).toHaveLength(1);
  });

  test('sees a clock in a pure folder, but not the word in a comment', () => {
    expect(impurities(file('src/gates/x.ts', 'const at = Date.now();'))).toHaveLength(1);
    expect(impurities(file('src/gates/x.ts', '// Date is not needed\nconst a = 1;'))).toEqual([]);
  });
});
