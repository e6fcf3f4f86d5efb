// Whether a droplet's login for ghcr.io may do more than read: GitHub says so of its classic tokens, the only ones of people that ghcr.io takes.
import type { Settings } from '../policy/settings.ts';
import type { RegistryAuth } from './docker.ts';
import type { HostFinding } from './finding.ts';
import { registryLogin, registryOf } from './registry.ts';
import { githubScopesScript } from './scripts.ts';
import type { SshHost } from './ssh.ts';

const what = 'rights of the login for ghcr.io';

/** Nothing where no image is from there, or nobody logged in: then there is nothing that could write. */
export async function githubLoginFindings(
  settings: Settings,
  host: SshHost,
): Promise<readonly HostFinding[]> {
  if (!Object.values(settings.images).some((one) => registryOf(one) === 'ghcr.io')) return [];
  const login = await registryLogin(settings, host, 'ghcr.io');
  return login === null ? [] : [await judged(host, login)];
}

async function judged(host: SshHost, login: RegistryAuth): Promise<HostFinding> {
  const secret = 'password' in login ? login.password : login.identitytoken;
  if (secret.startsWith('ghs_')) {
    const detail = 'it is the token of a job, which ends with the job: later pulls will fail';
    return { verdict: 'warn', what, detail, mend: byToken };
  }
  // Only GitHub's own tokens are shown to GitHub's API, which says nothing of the others.
  if (!/^gh[po]_\w+$/.test(secret)) return unknown('it is no classic token of GitHub');
  const ran = await host.exec(['sh', '-c', githubScopesScript], {
    // By stdin: nobody may read it among a process's words.
    stdin: `Authorization: Bearer ${secret}\n`,
    timeoutMs: 20_000,
    what: 'Asking GitHub for the scopes of the login',
  });
  return ofAnswer(ran.stdout);
}

const byToken = 'log in there with a classic token that has the scope read:packages only';

function ofAnswer(answer: string): HostFinding {
  const [, status, scopes] = /^status (\d{3})\n(?:scopes(.*)\n)?end\n$/.exec(answer) ?? [];
  if (status === undefined) return unknown('api.github.com could not be asked from there');
  if (status === '401') {
    const detail = 'GitHub does not know it: it has expired, or was taken back';
    return { verdict: 'fail', what, detail, mend: byToken };
  }
  if (status !== '200' || scopes === undefined) return unknown(`GitHub told no scopes (${status})`);
  const names = scopes.split(',').flatMap((name) => name.trim() || []);
  const more = names.filter((name) => name !== 'read:packages');
  if (more.length > 0)
    return {
      verdict: 'warn',
      what,
      detail: `more than to read: ${more.join(', ')}`,
      mend: byToken,
    };
  if (names.length === 0)
    return { verdict: 'warn', what, detail: 'none: only public images', mend: byToken };
  return { verdict: 'ok', what, detail: 'read:packages only' };
}

function unknown(why: string): HostFinding {
  return { verdict: 'warn', what, detail: `whether it may write is not known: ${why}` };
}
