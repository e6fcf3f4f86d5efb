// Compose's ${VARIABLE} interpolation, as far as it can be followed without the droplet's environment.

export type Variables = Readonly<Record<string, string>>;
export type Interpolated =
  | { readonly known: true; readonly text: string }
  /** Names of the variables that have neither a value here nor a default. */
  | { readonly known: false; readonly missing: readonly string[] };

const opening = /\$(?:\$|\{([A-Za-z_]\w*)(:?[-?+])?|([A-Za-z_]\w*))/y;

export function interpolate(source: string, variables: Variables, depth = 0): Interpolated {
  const missing: string[] = [];
  let text = '';
  let at = 0;
  while (at < source.length) {
    const dollar = source.indexOf('$', at);
    if (dollar < 0) break;
    text += source.slice(at, dollar);
    opening.lastIndex = dollar;
    const [whole = '', braced, operator, bare] = opening.exec(source) ?? [];
    at = dollar + Math.max(whole.length, 1);
    if (whole === '' || whole === '$$') {
      text += '$';
      continue;
    }
    const name = braced ?? bare ?? '';
    const end = braced === undefined ? at : closing(source, at);
    const part = meaning({ name, operator, word: source.slice(at, end) }, variables, depth);
    at = braced === undefined ? end : end + 1;
    if (part.known) text += part.text;
    else missing.push(...part.missing);
  }
  text += source.slice(at);
  return missing.length > 0 ? { known: false, missing } : { known: true, text };
}

export type Asked = {
  readonly name: string;
  /** Compose refuses the file unless it is there (`${NAME?}`), or not empty either (`${NAME:?}`). False: it becomes empty. */
  readonly must: 'there' | 'filled' | false;
};

/** Variables that a text asks for and that have no default. */
export function variablesIn(source: string): Asked[] {
  const found: Asked[] = [];
  let at = source.indexOf('$');
  while (at >= 0) {
    opening.lastIndex = at;
    const [whole = '$', braced, operator = '', bare] = opening.exec(source) ?? [];
    const name = braced ?? bare;
    // What is only read where the variable is missing, or only where it is there, is not asked for by itself.
    if (name !== undefined && !/[-+]$/.test(operator))
      found.push({ name, must: operator === '' ? false : operator === '?' ? 'there' : 'filled' });
    const end = at + whole.length;
    at = source.indexOf('$', braced === undefined ? end : closing(source, end));
  }
  return found;
}

/** Where the brace that was opened before `from` closes, defaults of defaults skipped. */
function closing(source: string, from: number): number {
  let open = 1;
  for (let at = from; at < source.length; at += 1) {
    if (source[at] === '{') open += 1;
    if (source[at] === '}') open -= 1;
    if (open === 0) return at;
  }
  return source.length;
}

function meaning(
  { name, operator, word }: { name: string; operator: string | undefined; word: string },
  variables: Variables,
  depth: number,
): Interpolated {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  const given = value !== undefined && !(operator?.startsWith(':') && value === '');
  // `${NAME:+word}` depends on what only the droplet may know.
  if (operator?.endsWith('+')) {
    return given ? interpolateDeeper(word, variables, depth) : { known: false, missing: [name] };
  }
  if (given) return { known: true, text: value };
  if (operator?.endsWith('-')) return interpolateDeeper(word, variables, depth);
  return { known: false, missing: [name] };
}

function interpolateDeeper(word: string, variables: Variables, depth: number): Interpolated {
  return depth < 8
    ? interpolate(word, variables, depth + 1)
    : { known: false, missing: [word.slice(0, 40)] };
}
