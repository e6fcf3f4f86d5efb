// Logins for registries, found as Docker's own client finds them.
import { describe, expect, test } from 'vitest';
import { registryLogin, registryOf } from '../../src/hosts/registry.ts';
import type { SshHost } from '../../src/hosts/ssh.ts';
import { shopSettings } from './settings.ts';

type Config = Record<string, unknown> | string;

/** A droplet with that ~/.docker/config.json and one credential helper. */
function droplet(config: Config, helper?: { code: number; stdout: string }): SshHost {
  return {
    exec: (words: readonly string[], { stdin }: { stdin?: string }) => {
      if (words[0] === 'docker-credential-pass') {
        const answer = helper ?? { code: 1, stdout: 'credentials not found' };
        return Promise.resolve({ ...answer, stdout: answer.stdout.replace('ASKED', stdin ?? '') });
      }
      const stdout = typeof config === 'string' ? config : JSON.stringify(config);
      return Promise.resolve({ code: 0, stdout, stderr: '' });
    },
  } as unknown as SshHost;
}

const login = (host: SshHost, registry = 'ghcr.io') =>
  registryLogin(shopSettings(), host, registry);
const basic = (text: string) => ({ auth: Buffer.from(text).toString('base64') });

describe('the registry of a repository', () => {
  test('is its first part when that is a host, else Docker Hub', () => {
    expect(registryOf('ghcr.io/acme/shop/web')).toBe('ghcr.io');
    expect(registryOf('registry.lab:5000/shop/web')).toBe('registry.lab:5000');
    expect(registryOf('localhost/web')).toBe('localhost');
    expect(registryOf('acme/shop')).toBe('https://index.docker.io/v1/');
    expect(registryOf('docker.io/acme/shop')).toBe('https://index.docker.io/v1/');
    expect(registryOf('nginx')).toBe('https://index.docker.io/v1/');
  });
});

describe('a login', () => {
  test('is read from auths; a password may hold colons', async () => {
    expect(await login(droplet({ auths: { 'ghcr.io': basic('anna:p:w') } }))).toEqual({
      username: 'anna',
      password: 'p:w',
      serveraddress: 'ghcr.io',
    });
  });

  test('may be an identity token', async () => {
    const config = { auths: { 'ghcr.io': { auth: '', identitytoken: 'tok' } } };
    expect(await login(droplet(config))).toEqual({
      identitytoken: 'tok',
      serveraddress: 'ghcr.io',
    });
  });

  test('comes from the helper where there is one', async () => {
    const answer = { code: 0, stdout: '{"Username":"anna","Secret":"for ASKED"}' };
    expect(await login(droplet({ credsStore: 'pass' }, answer))).toEqual({
      username: 'anna',
      password: 'for ghcr.io',
      serveraddress: 'ghcr.io',
    });
    const one = droplet(
      { credHelpers: { 'ghcr.io': 'pass' }, auths: { other: basic('b:c') } },
      answer,
    );
    expect(await login(one)).toMatchObject({ username: 'anna' });
    expect(await login(one, 'other')).toMatchObject({ username: 'b' });
    expect(await login(droplet({ credsStore: 'pass' }))).toBeNull();
  });

  test('is missing where nobody logged in', async () => {
    expect(await login(droplet(''))).toBeNull();
    expect(await login(droplet({ auths: { other: basic('a:b') } }))).toBeNull();
    expect(await login(droplet({ auths: { 'ghcr.io': {} } }))).toBeNull();
  });

  test('that cannot be parsed is never quoted', async () => {
    await expect(login(droplet('{"auths":{"ghcr.io":{"auth":"c2VjcmV0'))).rejects.toThrow(
      /^The droplet’s ~\/.docker\/config.json is not JSON as Docker’s client writes it\.$/,
    );
  });
});
