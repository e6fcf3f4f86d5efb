// What `check` tells of a droplet's env files: rights, keys, and values that were judged where they are. Pure.
import type { ExpectedEnv, ExpectedKey } from '../policy/env-expected.ts';
import type { EnvReport, Flaw } from './env-files.ts';
import type { HostFinding } from './finding.ts';

type Reports = ReadonlyMap<string, EnvReport>;

export function envFindings(expected: ExpectedEnv, reports: Reports): readonly HostFinding[] {
  const files = expected.files.flatMap(({ path, required }) => {
    const report = reports.get(path);
    return report === undefined ? [] : ofFile(path, report, required);
  });
  const untold = expected.untold.map((what): HostFinding => {
    const detail = 'was not looked at: its path depends on a variable';
    return { verdict: 'warn', what, detail, mend: 'write the path in the compose file' };
  });
  return [...files, ...untold, ...ofKeys(expected, reports)];
}

function ofFile(what: string, report: EnvReport, required: boolean): HostFinding[] {
  const { is, mode, owner, unclosed } = report;
  if (is === 'missing')
    return required
      ? [{ verdict: 'fail', what, detail: 'missing', mend: 'put it there before promoting' }]
      : [];
  if (is === 'no-file')
    return [{ verdict: 'fail', what, detail: 'is not a file', mend: 'put an env file there' }];
  if (is === 'unreadable') {
    const detail = `belongs to ${owner} and cannot be read`;
    return [{ verdict: 'fail', what, detail, mend: 'set hosts.sudo' }];
  }
  return [
    ofRights(what, mode, owner),
    ...(unclosed
      ? [
          {
            verdict: 'fail',
            what,
            detail: 'a quote in it never ends, so that what follows is no key',
            mend: 'close it',
          } as const,
        ]
      : []),
    ...report.flaws.map(({ key, flaw }) => ofFlaw(what, key, flaw)),
  ];
}

function ofRights(what: string, mode: string, owner: string): HostFinding {
  const open = !/^0?[0-7]00$/.test(mode);
  const wrong = [
    ...(owner === 'root' ? [] : [`belongs to ${owner}`]),
    ...(open ? [`mode ${mode}: others than its owner may read or change it`] : []),
  ];
  if (wrong.length === 0) return { verdict: 'ok', what, detail: `${owner}, mode ${mode}` };
  const mend = `chown root ${what} && chmod 600 ${what}, or \`bgctl check --fix\``;
  return { verdict: 'warn', what, detail: wrong.join(', '), mend };
}

const anyValue = 'or write `# @any` above it in .env.schema, if it is meant';

const flaws: Readonly<Record<Flaw, Pick<HostFinding, 'verdict' | 'detail' | 'mend'>>> = {
  debug: { verdict: 'fail', detail: 'a debug flag is on', mend: `turn it off, ${anyValue}` },
  placeholder: {
    verdict: 'fail',
    detail: 'its value is a placeholder',
    mend: `put the real one there, ${anyValue}`,
  },
  sample: {
    verdict: 'warn',
    detail: 'its value says “example”',
    mend: `put the real one there, ${anyValue}`,
  },
  plain: {
    verdict: 'fail',
    detail: 'it has an address without TLS',
    mend: `write https:// (wss://), ${anyValue}`,
  },
  any: {
    verdict: 'warn',
    detail: 'it allows every origin',
    mend: `name the origins, ${anyValue}`,
  },
};

function ofFlaw(path: string, key: string, flaw: Flaw): HostFinding {
  return { what: `${path}: ${key}`, ...flaws[flaw] };
}

function ofKeys({ files, from, keys }: ExpectedEnv, reports: Reports): HostFinding[] {
  if (keys.length === 0) return [];
  const what = 'keys of env files';
  const unknown = files.filter(({ path, required }) => {
    const is = reports.get(path)?.is;
    return is !== 'read' && (required || is !== 'missing');
  });
  // Each of their keys would only say again what was said of the file.
  if (unknown.length > 0) {
    const detail = `not looked for: ${unknown.map(({ path }) => path).join(', ')} cannot be read`;
    return [{ verdict: 'warn', what, detail }];
  }
  const found = keys.flatMap((key) => {
    const places = key.by === 'compose' ? from : [...reports.keys()];
    return ofKey(key, places, stateOf(key.name, places, reports));
  });
  if (found.length > 0) return found;
  return [{ verdict: 'ok', what, detail: `all ${keys.length} that are asked for are there` }];
}

/** Of several files the last that has it, as Compose takes it. */
function stateOf(
  name: string,
  places: readonly string[],
  reports: Reports,
): 'there' | 'empty' | 'missing' {
  const states = places.flatMap((path) => reports.get(path)?.keys.get(name) ?? []);
  return states.at(-1) ?? 'missing';
}

function ofKey(
  { name, where, by, must }: ExpectedKey,
  places: readonly string[],
  state: ReturnType<typeof stateOf>,
): HostFinding[] {
  if (state === 'there' || (state === 'empty' && by === 'compose' && must !== 'filled')) return [];
  const place = places.length === 0 ? 'an env file' : places.join(' or ');
  const is = state === 'empty' ? 'is empty' : 'is missing';
  const then = must !== false ? '' : ', and Compose would put an empty text in its place';
  const mend =
    by === 'compose'
      ? `write it in ${place}, or give it a default in the compose file`
      : `write it in ${place}, or write \`# @optional\` above it in .env.schema`;
  return [
    {
      verdict: must === 'filled' || (must === 'there' && state === 'missing') ? 'fail' : 'warn',
      what: `key ${name}`,
      detail: `${is}, and ${where} asks for it${then}`,
      mend,
    },
  ];
}
