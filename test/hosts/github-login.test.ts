// What GitHub tells of a droplet's login for ghcr.io: here by a curl that answers as GitHub's documentation says.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { githubLoginFindings } from '../../src/hosts/github-login.ts';
import { type Here, here } from './here.ts';
import { shopSettings } from './settings.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bgctl-github-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const secret = 'ghp_c4n4ry0123456789';

/** A droplet with that login, on which curl keeps its words and stdin and says that. */
function droplet(curl: string, password = secret): Here {
  const auth = Buffer.from(`anna:${password}`).toString('base64');
  const config = JSON.stringify({ auths: { 'ghcr.io': { auth } } });
  const self = here(directory, {
    programs: {
      cat: `case $* in *config.json) printf %s '${config}' ;; *) exec /bin/cat "$@" ;; esac`,
      curl: `echo "$@" >${directory}/words; /bin/cat >${directory}/stdin; ${curl}`,
    },
  });
  return self;
}

async function told(host: Here): Promise<string> {
  const found = await githubLoginFindings(shopSettings(), host);
  return found.map(({ verdict, detail }) => `${verdict} ${detail}`).join('\n');
}

const says = (status: string, ...headers: string[]) =>
  `printf '%s\\r\\n' 'HTTP/1.1 200 Connection established' '' 'HTTP/2 ${status} ' ${headers.map((one) => `'${one}'`).join(' ')}`;

describe('the login for ghcr.io', () => {
  test.each([
    ['read:packages', 'ok read:packages only'],
    ['read:packages, write:packages', 'warn more than to read: write:packages'],
    ['repo, delete:packages', 'warn more than to read: repo, delete:packages'],
    ['', 'warn none: only public images'],
  ])('that may %j is told as %s', async (scopes, said) => {
    expect(
      await told(droplet(says('200', 'server: github.com', `X-OAuth-Scopes: ${scopes}`))),
    ).toBe(said);
  });

  test('that GitHub does not know fails', async () => {
    expect(await told(droplet(says('401')))).toMatch(/^fail GitHub does not know it/);
  });

  test.each([
    ['no scopes are told', says('200', 'server: github.com'), 'GitHub told no scopes (200)'],
    ['it is refused otherwise', says('403'), 'GitHub told no scopes (403)'],
    ['GitHub cannot be reached', 'exit 6', 'api.github.com could not be asked from there'],
    ['there is no curl', 'exit 127', 'api.github.com could not be asked from there'],
  ])('is not known where %s, which is no pass', async (_, curl, why) => {
    expect(await told(droplet(curl))).toBe(`warn whether it may write is not known: ${why}`);
  });

  test('of a job ends with it, and what is not GitHub’s is shown to nobody', async () => {
    expect(await told(droplet('exit 1', 'ghs_job'))).toMatch(/^warn it is the token of a job/);
    const other = droplet('exit 1', 'a-password');
    expect(await told(other)).toMatch(/^warn .* no classic token of GitHub$/);
    expect(other.words).toHaveLength(1);
  });

  test('is asked for by stdin only, and its secret is in no words, answers or findings', async () => {
    const host = droplet(
      `${says('200', 'x-oauth-scopes: repo')}; echo "$(/bin/cat ${directory}/stdin)" >&2`,
    );
    const said = await told(host);
    expect(readFileSync(join(directory, 'stdin'), 'utf8')).toBe(
      `Authorization: Bearer ${secret}\n`,
    );
    expect(readFileSync(join(directory, 'words'), 'utf8')).toContain(
      'https://api.github.com/rate_limit',
    );
    const config = Buffer.from(`anna:${secret}`).toString('base64');
    const heard = host.heard.replace(config, '');
    expect(`${readFileSync(join(directory, 'words'), 'utf8')}${said}${heard}`).not.toContain(
      secret,
    );
    expect(JSON.stringify(host.words)).not.toContain(secret);
  });

  test('is not asked for where no image is from there, or nobody logged in', async () => {
    const elsewhere = { ...shopSettings(), images: { web: 'registry.lab/shop/web' } };
    expect(await githubLoginFindings(elsewhere, droplet('exit 1'))).toEqual([]);
    expect(
      await githubLoginFindings(shopSettings(), here(directory, { programs: { cat: 'echo' } })),
    ).toEqual([]);
  });
});
