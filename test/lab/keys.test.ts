// The lab's SSH keys: readable by ssh2 every time, the ones with leading zero bytes too.
import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { makeKeyPair } from '../../compose/lab/keys.ts';

test('every key is whole, signs, and is verified by its public half', () => {
  for (let round = 0; round < 600; round += 1) {
    const pair = makeKeyPair(`k${round}`);
    const [secret, open] = [ssh2.utils.parseKey(pair.private), ssh2.utils.parseKey(pair.public)];
    if (secret instanceof Error || open instanceof Error) throw new Error('cannot be parsed');
    expect(open.getPublicSSH()).toHaveLength(51);
    expect(secret.getPublicSSH()).toEqual(open.getPublicSSH());
    const signature = secret.sign('lab');
    if (signature instanceof Error) throw signature;
    expect(open.verify('lab', signature)).toBe(true);
  }
});
