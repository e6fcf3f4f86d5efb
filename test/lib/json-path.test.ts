// One place of a JSON value by its path: what is there, what is not, and what is no path.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { at, jsonPath } from '../../src/lib/json-path.ts';

const value = { a: { b: [{ c: 1 }, null] }, 'x y': { "it's": 2 }, length: 3 };

test.each([
  ['$', value],
  ['$.a.b[0].c', 1],
  ['$.a.b[1]', null],
  ["$['x y']['it\\'s']", 2],
  ['$["x y"]', value['x y']],
  ['$.a.b[2]', undefined],
  ['$.a.b.length', undefined],
  ['$.length', 3],
  ['$.a[0]', undefined],
  ['$.a.b[0].c.d', undefined],
  ['$.toString', undefined],
  ['$.__proto__', undefined],
])('%s', (path, found) => {
  const steps = jsonPath(path);
  expect(steps).not.toBe(null);
  expect(at(value, steps ?? [])).toEqual(found);
});

test.each(['', 'a', '$.', '$..a', '$[*]', '$[-1]', '$.a b', '$[a]', "$['a", '$.a]'])(
  '%j is no path',
  (path) => {
    expect(jsonPath(path)).toBe(null);
  },
);

test('any name can be written, and finds what is under it and nothing else', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.jsonValue(), (name, other, inside) => {
      fc.pre(name !== other);
      const path = `$['${name.replace(/[\\']/g, '\\$&')}']`;
      const steps = jsonPath(path);
      expect(steps).toEqual([name]);
      const made = JSON.parse(JSON.stringify({ [name]: inside }));
      expect(at(made, steps ?? [])).toEqual(made[name]);
      expect(at({ [other]: 1 }, steps ?? [])).toBe(undefined);
    }),
  );
});
