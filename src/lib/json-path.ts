// Reads one place of a JSON value by a path such as `$.checks[0].status`: names, numbers and quoted names, no more.

export type Steps = readonly (string | number)[];

const step = /\.([A-Za-z_$][\w$-]*)|\[(\d{1,9})\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y;

/** Null where it is not such a path. */
export function jsonPath(text: string): Steps | null {
  if (!text.startsWith('$')) return null;
  const steps: (string | number)[] = [];
  step.lastIndex = 1;
  while (step.lastIndex < text.length) {
    const [, name, index, single, double] = step.exec(text) ?? [];
    const quoted = (single ?? double)?.replace(/\\(.)/g, '$1');
    const found = index === undefined ? (name ?? quoted) : Number(index);
    if (found === undefined) return null;
    steps.push(found);
  }
  return steps;
}

/** Undefined where there is nothing. */
export function at(value: unknown, steps: Steps): unknown {
  return steps.reduce<unknown>((inside, key) => {
    if (typeof inside !== 'object' || inside === null) return undefined;
    // A name never reads an array's own properties, and an index never an object's.
    if (Array.isArray(inside) !== (typeof key === 'number')) return undefined;
    return Object.hasOwn(inside, key)
      ? (inside as Record<string | number, unknown>)[key]
      : undefined;
  }, value);
}
