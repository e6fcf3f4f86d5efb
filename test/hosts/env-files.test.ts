// Env files are judged on the droplet, here by this machine's own shell: keys and verdicts come back, values never do.
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { judgeEnvFiles, mendEnvFiles } from '../../src/hosts/env-files.ts';
import { envFindings } from '../../src/hosts/env-findings.ts';
import { type SshHost, sshPool } from '../../src/hosts/ssh.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { ExpectedEnv, ExpectedKey } from '../../src/policy/env-expected.ts';
import { type Here, here } from './here.ts';
import { shopSettings } from './settings.ts';
import { standIn } from './stand-in.ts';

const root = process.getuid?.() === 0;
const nobody = 65_534;

let directory = '';
let file = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bgctl-env-'));
  chmodSync(directory, 0o755);
  file = join(directory, 'web.env');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function write(text: string, mode = 0o600, path = file): void {
  writeFileSync(path, text);
  chmodSync(path, mode);
}

function expecting(changes: Partial<ExpectedEnv> = {}): ExpectedEnv {
  const files = [{ path: file, required: true }];
  return { files, from: [file], untold: [], keys: [], any: [], ...changes };
}

function key(name: string, changes: Partial<ExpectedKey> = {}): ExpectedKey {
  return { name, where: 'compose.yml:7', by: 'schema', must: 'there', ...changes };
}

async function told(expected = expecting(), droplet: SshHost = here(directory), sudo = false) {
  const settings = shopSettings({ hosts: { sudo } });
  const findings = envFindings(expected, await judgeEnvFiles(settings, droplet, expected));
  return findings.map(({ verdict, what, detail }) => {
    return `${verdict} ${what.replaceAll(file, 'web.env')}: ${detail.replaceAll(file, 'web.env')}`;
  });
}

/** What is said of the values alone. */
async function flaws(text: string, any: readonly string[] = []): Promise<readonly string[]> {
  write(text);
  const of = (line: string) => / web\.env: (\w+): (.*)/.exec(line);
  return (await told(expecting({ any }))).flatMap((line) => {
    const [, name, detail] = of(line) ?? [];
    return name === undefined || detail === undefined ? [] : [`${line.split(' ')[0]} ${name}`];
  });
}

describe.runIf(root)('the file', () => {
  test('is well where it is root’s alone', async () => {
    write('A=1\n');
    expect(await told()).toEqual(['ok web.env: root, mode 600']);
    chmodSync(file, 0o400);
    expect(await told()).toEqual(['ok web.env: root, mode 400']);
  });

  test.each([0o640, 0o604, 0o622, 0o777])(
    'is warned of where others may use it: %o',
    async (mode) => {
      write('A=1\n', mode);
      expect(await told()).toEqual([
        `warn web.env: mode ${mode.toString(8)}: others than its owner may read or change it`,
      ]);
    },
  );

  test('is warned of where it is somebody else’s', async () => {
    write('A=1\n');
    chownSync(file, nobody, nobody);
    expect(await told()).toEqual(['warn web.env: belongs to nobody']);
  });

  test('fails where it is missing, but for one that may be; and where it is none', async () => {
    expect(await told()).toEqual(['fail web.env: missing']);
    expect(await told(expecting({ files: [{ path: file, required: false }] }))).toEqual([]);
    mkdirSync(file);
    expect(await told()).toEqual(['fail web.env: is not a file']);
  });

  test('fails where this user may not read it, and its keys are not looked for', async () => {
    write('A=1\n');
    const user = here(directory, { uid: nobody });
    expect(await told(expecting({ keys: [key('A')] }), user)).toEqual([
      'fail web.env: belongs to root and cannot be read',
      'warn keys of env files: not looked for: web.env cannot be read',
    ]);
  });

  test('is read by sudo where the user has it', async () => {
    write('A=1\n');
    const droplet = here(directory, { programs: { sudo: 'shift; exec "$@"' } });
    expect(await told(expecting(), droplet, true)).toEqual(['ok web.env: root, mode 600']);
    expect(droplet.words[0]?.slice(0, 3)).toEqual(['sudo', '-n', 'sh']);
  });

  test('may be many, with names that a shell would read', async () => {
    const odd = join(directory, `a $(exit 7); 'b' "c" \`d\`.env`);
    write('A=\n', 0o600, odd);
    write('A=1\n');
    const files = [file, '/no where', odd].map((path) => ({
      path,
      required: path !== '/no where',
    }));
    const found = await told(expecting({ files, keys: [key('A')] }));
    expect(found.map((line) => line.split(' ')[0])).toEqual(['ok', 'ok', 'warn']);
  });
});

test('through SSH and a login shell it is judged the same', async () => {
  const droplet = await standIn();
  const { hosts } = droplet;
  const pool = sshPool({ hosts, addresses: () => '127.0.0.1', clock: systemClock });
  try {
    write('A="it\'s \\"\n"\nDEBUG=\'on\'\r\nURL=x # y\n');
    const keys = ['A', 'URL'].map((name) => key(name));
    const found = (await told(expecting({ keys }), pool.on(1))).slice(1);
    expect(found).toEqual([
      'fail web.env: DEBUG: a debug flag is on',
      'ok keys of env files: all 2 that are asked for are there',
    ]);
  } finally {
    await pool.close();
    await droplet.close();
  }
});

describe('keys', () => {
  const all = (name: string, must: ExpectedKey['must'], by: ExpectedKey['by'] = 'compose') =>
    told(expecting({ keys: [key(name, { must, by })] })).then((lines) => lines.slice(1));

  test('that are asked for are there', async () => {
    write('A=1\nexport B = 2\nC: 3\n');
    const keys = ['A', 'B', 'C'].map((name) => key(name));
    expect((await told(expecting({ keys }))).at(-1)).toBe(
      'ok keys of env files: all 3 that are asked for are there',
    );
  });

  test('that are missing fail where something must have them, else they are warned of', async () => {
    write('#A=1\nAA=1\n  B\n');
    const asks = ', and compose.yml:7 asks for it';
    expect(await all('A', 'there', 'schema')).toEqual([`fail key A: is missing${asks}`]);
    expect(await all('A', 'filled')).toEqual([`fail key A: is missing${asks}`]);
    expect(await all('B', 'there')).toEqual([`fail key B: is missing${asks}`]);
    expect(await all('A', false)).toEqual([
      `warn key A: is missing${asks}, and Compose would put an empty text in its place`,
    ]);
  });

  test('that are empty fail where Compose refuses that', async () => {
    write('A=\nB=""\nC= \n');
    const is = ': is empty, and compose.yml:7 asks for it';
    expect(await all('A', 'filled')).toEqual([`fail key A${is}`]);
    expect(await all('B', 'there', 'schema')).toEqual([`warn key B${is}`]);
    expect(await all('C', 'there', 'schema')).toEqual([`warn key C${is}`]);
    expect(await all('C', false)).toEqual([expect.stringContaining('ok ')]);
  });

  test('that Compose interpolates count only in files that it interpolates from', async () => {
    const other = join(directory, 'other.env');
    write('');
    write('A=1\n', 0o600, other);
    const files = [file, other].map((path) => ({ path, required: true }));
    const asked = (by: ExpectedKey['by']) => told(expecting({ files, keys: [key('A', { by })] }));
    expect((await asked('schema')).at(-1)).toMatch(/^ok /);
    expect((await asked('compose')).at(-1)).toMatch(/^fail key A: is missing/);
  });

  test('within a quoted value are none, and the last of two lines for one counts', async () => {
    write('PEM="-----BEGIN\nA=1\nQUJD==\n-----END"\nB=1\nB=\n');
    const keys = [key('A'), key('B')];
    expect((await told(expecting({ keys }))).slice(1)).toEqual([
      expect.stringMatching(/^fail key A: is missing/),
      expect.stringMatching(/^warn key B: is empty/),
    ]);
  });

  test('behind a quote that never ends are told to be lost', async () => {
    write('A="1\nB=2\n');
    expect((await told(expecting({ keys: [key('B')] }))).slice(1)).toEqual([
      'fail web.env: a quote in it never ends, so that what follows is no key',
      expect.stringMatching(/^fail key B: is missing/),
    ]);
  });
});

describe('values', () => {
  test.each(['true', '1', 'YES', '"on"', "'True' # for now", 'enabled'])(
    'of a debug flag may not be %s',
    async (value) => {
      expect(await flaws(`NEXT_PUBLIC_ENABLE_DEBUG_MODE=${value}\n`)).toEqual([
        'fail NEXT_PUBLIC_ENABLE_DEBUG_MODE',
      ]);
    },
  );

  test.each(['false', '0', '', 'off', '9229'])('of a debug flag may be “%s”', async (value) => {
    expect(await flaws(`DEBUG=${value}\ndebug_port=${value}\n`)).toEqual([]);
  });

  test.each([
    'changeme',
    'ChangeThis',
    'please-replace-me',
    'xxx',
    'sk_XXXXX',
    'todo',
    '"TBD"',
    '<secret>',
  ])('may not be placeholders: %s', async (value) => {
    expect(await flaws(`SECRET_KEY=${value}\n`)).toEqual(['fail SECRET_KEY']);
  });

  test.each(['https://app.example.com', 'example', 'me@example.org'])(
    'that say example are warned of: %s',
    async (value) => {
      expect(await flaws(`MAIL=${value}\n`)).toEqual(['warn MAIL']);
    },
  );

  test.each(['aGVsbG8xxxQ', 'exampled', 'mastodon', 'dGhpcyBpcyBhIHNlY3JldA=='])(
    'that only look like one are left alone: %s',
    async (value) => {
      expect(await flaws(`SECRET_KEY=${value}\n`)).toEqual([]);
    },
  );

  test('of origins and public addresses have TLS', async () => {
    expect(
      await flaws(
        'BACKEND_CORS_ORIGINS=["https://a.shop", "http://b.shop"]\nNEXT_PUBLIC_API_URL=http://api.shop\nAPP_ORIGIN=ws://c.shop\n',
      ),
    ).toEqual(
      expect.arrayContaining([
        'fail BACKEND_CORS_ORIGINS',
        'fail NEXT_PUBLIC_API_URL',
        'fail APP_ORIGIN',
      ]),
    );
    expect(await flaws('CORS_ORIGINS=["*"]\n')).toEqual(['warn CORS_ORIGINS']);
    expect(await flaws("CORS='*'\n")).toEqual(['warn CORS']);
    const well =
      'CORS_ORIGINS=["https://*.shop"]\nPUBLIC_URL=https://a.shop\nINTERNAL_URL=http://db\n';
    expect(await flaws(well)).toEqual([]);
  });

  test('of keys that the schema says may be any are not judged', async () => {
    const text = 'DEBUG=1\nPUBLIC_URL=http://a\nSECRET=changeme\n';
    expect(await flaws(text, ['DEBUG', 'PUBLIC_URL'])).toEqual(['fail SECRET']);
  });

  test('never leave the droplet, whatever is wrong with them and however they are written', async () => {
    const canary = 'c4n4ry';
    write(
      [
        `A=${canary}`,
        `DEBUG=true # ${canary}`,
        `B="changeme ${canary}\n${canary}=${canary}\nDEBUG_${canary}=1"`,
        `PUBLIC_URL=http://user:${canary}@example.com`,
        `# ${canary}`,
        canary,
        `${canary}${canary}==`,
        `${canary} ${canary}=changeme`,
        `{"${canary}": "changeme"}`,
        `C='${canary}`,
        `D=${canary}`,
      ].join('\r\n'),
    );
    const droplet = here(directory);
    const expected = expecting({ keys: [key('A'), key('D')] });
    const said = (await told(expected, droplet)).join('\n');
    expect(said).toContain('B: its value is a placeholder');
    expect(said).toContain('PUBLIC_URL: it has an address without TLS');
    expect(droplet.heard).toContain('there A');
    expect(`${droplet.heard}${said}${JSON.stringify(droplet.words)}`).not.toContain(canary);
  });

  test('are not quoted by a tool that fails over them', async () => {
    write('A=1\n');
    const droplet = here(directory, { programs: { awk: 'cat >&2; exit 2' } });
    await expect(told(expecting(), droplet)).rejects.toThrow(
      /^Looking at the env files failed \(exit code 1\): may this user read them/,
    );
  });
});

test.each([
  '',
  'file 600 root readable\n',
  'there A\nend\n',
  'file 600 root readable\nodd A\nend\n',
  'end\n',
])('an answer that is not whole is a Failure, not silence: %j', async (stdout) => {
  const droplet = { exec: async () => ({ code: 0, stdout, stderr: '' }) } as unknown as Here;
  await expect(told(expecting(), droplet)).rejects.toThrow('did not arrive whole');
});

describe.runIf(root)('mending', () => {
  const mended = async (...paths: string[]) => {
    const found = await mendEnvFiles(shopSettings(), here(directory), paths);
    return found.map(({ verdict, detail }) => `${verdict} ${detail}`);
  };
  const rights = (path: string) => {
    const { mode, uid } = statSync(path);
    return [(mode & 0o7777).toString(8), uid];
  };

  test('makes a file root’s alone, tells it once, and leaves what it holds', async () => {
    write('A=1\n', 0o644);
    chownSync(file, nobody, nobody);
    expect(await mended(file)).toEqual([
      'ok mended: it was nobody’s with mode 644, and is root’s with mode 600'.replaceAll('’', "'"),
    ]);
    expect(rights(file)).toEqual(['600', 0]);
    expect(readFileSync(file, 'utf8')).toBe('A=1\n');
    expect(await mended(file)).toEqual([]);
  });

  test('leaves alone what is stricter, what is missing, and what is no file', async () => {
    write('A=1\n', 0o400);
    expect(await mended(file, '/no where', directory)).toEqual([]);
    expect(rights(file)).toEqual(['400', 0]);
  });

  test('leaves a link and a file with two names to a person', async () => {
    const [target, link] = [join(directory, 'target'), join(directory, 'link')];
    write('A=1\n', 0o644, target);
    symlinkSync(target, link);
    write('A=1\n', 0o644);
    linkSync(file, join(directory, 'second'));
    const left = 'warn was not mended: it is a link, or has a second name';
    expect(await mended(link, file)).toEqual([left, left]);
    expect(rights(target)).toEqual(['644', 0]);
    expect(rights(file)).toEqual(['644', 0]);
  });

  test('judging by itself changes nothing', async () => {
    write('A=1\n', 0o644);
    await told();
    expect(rights(file)).toEqual(['644', 0]);
  });
});
