// Which host keys are pinned for a droplet, and what it means when it shows another.
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { algorithmsFor, fingerprint, judgeKey, pinsFor } from '../../src/hosts/known-hosts.ts';

const body = (text: string) => Buffer.from(text).toString('base64');
const key = (text: string) => Buffer.from(text);
const pinned = (text: string, host: string, port = 22) =>
  pinsFor(text, host, port).keys.map((pin) => pin.key.toString());

function hashedName(name: string): string {
  const salt = Buffer.from('twenty bytes of salt');
  const hash = createHmac('sha1', salt).update(name).digest('base64');
  return `|1|${salt.toString('base64')}|${hash}`;
}

describe('known_hosts', () => {
  test('plain entries pin for their host only, and several keys may be pinned', () => {
    const text = [
      '# droplets of the shop',
      `10.0.0.5,web-1 ssh-ed25519 ${body('one')} comment`,
      `10.0.0.5 ecdsa-sha2-nistp256 ${body('two')}`,
      `10.0.0.55 ssh-ed25519 ${body('other')}`,
      '',
    ].join('\r\n');
    expect(pinned(text, '10.0.0.5')).toEqual(['one', 'two']);
    expect(pinned(text, 'web-1')).toEqual(['one']);
    expect(pinned(text, '10.0.0.50')).toEqual([]);
  });

  test('hashed entries pin', () => {
    const text = `${hashedName('10.0.0.5')} ssh-ed25519 ${body('one')}`;
    expect(pinned(text, '10.0.0.5')).toEqual(['one']);
    expect(pinned(text, '10.0.0.6')).toEqual([]);
  });

  test('another port than 22 has entries of its own', () => {
    const text = [
      `10.0.0.5 ssh-ed25519 ${body('at 22')}`,
      `[10.0.0.5]:2222 ssh-ed25519 ${body('at 2222')}`,
      `${hashedName('[10.0.0.5]:2022')} ssh-ed25519 ${body('at 2022')}`,
    ].join('\n');
    expect(pinned(text, '10.0.0.5')).toEqual(['at 22']);
    expect(pinned(text, '10.0.0.5', 2222)).toEqual(['at 2222']);
    expect(pinned(text, '10.0.0.5', 2022)).toEqual(['at 2022']);
    expect(pinned(text, '10.0.0.5', 23)).toEqual([]);
  });

  test('wildcards cover and negations take out', () => {
    const text = `10.0.0.*,!10.0.0.9 ssh-ed25519 ${body('one')}`;
    expect(pinned(text, '10.0.0.5')).toEqual(['one']);
    expect(pinned(text, '10.0.0.9')).toEqual([]);
    expect(pinned(text, '10x0.0.5')).toEqual([]);
  });

  test('a key is a match, changed, unknown or revoked', () => {
    const text = [
      `10.0.0.5 ssh-ed25519 ${body('good')}`,
      `@revoked * ssh-ed25519 ${body('stolen')}`,
      `@cert-authority * ssh-ed25519 ${body('authority')}`,
    ].join('\n');
    const pins = pinsFor(text, '10.0.0.5', 22);
    expect(judgeKey(pins, key('good'))).toBe('match');
    expect(judgeKey(pins, key('bad'))).toBe('changed');
    expect(judgeKey(pins, key('stolen'))).toBe('revoked');
    expect(judgeKey(pins, key('authority'))).toBe('changed');
    expect(judgeKey(pinsFor(text, '10.0.0.6', 22), key('good'))).toBe('unknown');
  });

  test('a pinned key that was revoked later is revoked', () => {
    const text = `h ssh-ed25519 ${body('one')}\n@revoked h ssh-ed25519 ${body('one')}`;
    expect(judgeKey(pinsFor(text, 'h', 22), key('one'))).toBe('revoked');
  });

  test('only kinds of keys that are pinned are asked for; an RSA key never by SHA-1', () => {
    const text = `h ssh-rsa ${body('one')}\nh ssh-ed25519 ${body('two')}`;
    const wanted = ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519'];
    expect(algorithmsFor(pinsFor(text, 'h', 22))).toEqual(wanted);
  });

  test('fingerprints read as ssh-keygen prints them', () => {
    expect(fingerprint(key(''))).toBe('SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU');
  });
});
