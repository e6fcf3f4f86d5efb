// Makes an Ed25519 key pair in OpenSSH's format (PROTOCOL.key). ssh2's generator drops leading zero bytes: one key in 128 is unreadable.
import { generateKeyPairSync, randomBytes } from 'node:crypto';

export type KeyPair = { private: string; public: string };

export function makeKeyPair(comment: string): KeyPair {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const point = Buffer.from(String(jwk.x), 'base64url');
  const seed = Buffer.from(String(jwk.d), 'base64url');
  const publicKey = Buffer.concat([field('ssh-ed25519'), field(point)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([
    ...[check, check, publicKey, field(Buffer.concat([seed, point])), field(comment)],
  ]);
  const file = Buffer.concat([
    ...[Buffer.from('openssh-key-v1\0'), field('none'), field('none'), field('')],
    ...[uint32(1), field(publicKey), field(padded(secret))],
  ]);
  const lines = file.toString('base64').match(/.{1,70}/g) ?? [];
  const [begin, end] = ['BEGIN', 'END'].map((word) => `-----${word} OPENSSH PRIVATE KEY-----`);
  return {
    private: `${[begin, ...lines, end].join('\n')}\n`,
    public: `ssh-ed25519 ${publicKey.toString('base64')} ${comment}`,
  };
}

/** A length and the bytes, as SSH writes strings. */
function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Filled up with 1, 2, 3, … to whole blocks of eight. */
function padded(bytes: Buffer): Buffer {
  const missing = (8 - (bytes.length % 8)) % 8;
  return Buffer.concat([bytes, Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, missing))]);
}
