// Logins that a droplet has for registries, as Docker's own client finds them; in memory only, never said.
import { z } from 'zod';
import { Failure } from '../lib/failure.ts';
import type { Settings } from '../policy/settings.ts';
import type { RegistryAuth } from './docker.ts';
import { privileged } from './project.ts';
import { configScript } from './scripts.ts';
import type { SshHost } from './ssh.ts';

const dockerHub = 'https://index.docker.io/v1/';

/** `ghcr.io` of `ghcr.io/acme/shop`; Docker Hub's own key of `nginx` and `acme/shop`. */
export function registryOf(repository: string): string {
  const [first = '', ...rest] = repository.split('/');
  const named = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return named && first !== 'docker.io' ? first : dockerHub;
}

/** What the droplet's user would log in with; null: it has no login for that registry. */
export async function registryLogin(
  settings: Settings,
  host: SshHost,
  registry: string,
): Promise<RegistryAuth | null> {
  const config = understood(
    dockerConfig,
    await readConfig(settings, host),
    'The droplet’s ~/.docker/config.json',
  );
  const helper = config.credHelpers?.[registry] ?? config.credsStore;
  if (helper !== undefined && helper !== '') return fromHelper(settings, host, helper, registry);
  const entry = config.auths?.[registry] ?? config.auths?.[`https://${registry}`];
  if (entry === undefined) return null;
  if (entry.identitytoken) return { identitytoken: entry.identitytoken, serveraddress: registry };
  const login = Buffer.from(entry.auth ?? '', 'base64').toString('utf8');
  const colon = login.indexOf(':');
  if (colon < 1) return null;
  const [username, password] = [login.slice(0, colon), login.slice(colon + 1)];
  return { username, password, serveraddress: registry };
}

const maybe = z.string().optional();

const dockerConfig = z.looseObject({
  auths: z.record(z.string(), z.looseObject({ auth: maybe, identitytoken: maybe })).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: maybe,
});
const helperAnswer = z.looseObject({ Username: maybe, Secret: maybe });

/** Messages of a parser or a schema would quote the file. */
function understood<T>(shape: z.ZodType<T>, text: string, what: string): T {
  const parsed = shape.safeParse(text.trim() === '' ? {} : json(text));
  if (parsed.success) return parsed.data;
  throw new Failure('host', `${what} is not JSON as Docker’s client writes it.`);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function readConfig(settings: Settings, host: SshHost): Promise<string> {
  const words = privileged(settings, ['sh', '-c', configScript]);
  const what = 'Reading the registry logins';
  const { code, stdout } = await host.exec(words, { timeoutMs: 10_000, what });
  if (code !== 0) throw new Failure('host', `${what} failed (exit code ${code}).`);
  return stdout;
}

async function fromHelper(
  settings: Settings,
  host: SshHost,
  helper: string,
  registry: string,
): Promise<RegistryAuth | null> {
  const words = privileged(settings, [`docker-credential-${helper}`, 'get']);
  const what = `Asking the credential helper ${helper}`;
  const ran = await host.exec(words, { stdin: registry, timeoutMs: 15_000, what });
  // It prints its errors to stdout, and "not found" is one of them.
  if (ran.code !== 0) return null;
  const said = understood(helperAnswer, ran.stdout, `The answer of ${helper}`);
  const { Username: username = '', Secret: secret = '' } = said;
  if (secret === '') return null;
  if (username === '<token>') return { identitytoken: secret, serveraddress: registry };
  return { username, password: secret, serveraddress: registry };
}
