// The address of a journal's database: what is understood, what is refused, and that no refusal repeats a secret.
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/journal/sql/address.ts';
import { Failure } from '../../src/lib/failure.ts';

const whole = {
  host: 'db.example.com',
  port: 25060,
  user: 'doadmin',
  password: 'AVNS_x',
  database: 'defaultdb',
  tls: true,
};

describe('the address of a database', () => {
  test.each([
    ['postgresql://doadmin:AVNS_x@db.example.com:25060/defaultdb?sslmode=require', whole],
    ['postgres://doadmin:AVNS_x@db.example.com:25060/defaultdb', whole],
    ['postgresql://doadmin:AVNS_x@db.example.com/defaultdb', { ...whole, port: 5432 }],
    [
      'postgresql://doadmin:p%40ss%2Fw%25rd@db.example.com:25060/default%20db?sslmode=verify-full',
      { ...whole, password: 'p@ss/w%rd', database: 'default db' },
    ],
    [
      'postgresql://doadmin:AVNS_x@[::1]:25060/defaultdb?sslmode=disable',
      { ...whole, host: '::1', tls: false },
    ],
    [
      'postgresql://doadmin:AVNS_x@127.0.0.1:25060/defaultdb?sslmode=disable',
      { ...whole, host: '127.0.0.1', tls: false },
    ],
  ])('%s is understood', (text, means) => {
    expect(parseAddress(text, false)).toEqual(means);
  });

  test.each([
    ['canary', 'it is not an address'],
    ['mysql://u:canary@h/d', 'it does not begin with postgresql://'],
    ['postgresql://:canary@h/d', 'it has no user'],
    ['postgresql://u@h/d', 'it has no password'],
    ['postgresql://u:canary@h', 'it has no database'],
    ['postgresql://u:canary%zz@h/d', 'a % in its password does not begin an escape'],
    ['postgresql://u:canary@h/d?sslmode=prefer', 'its sslmode would go on without encryption'],
    ['postgresql://u:canary@h/d?sslmode=no-verify', 'its sslmode would go on without encryption'],
    ['postgresql://u:canary@h/d?sslmode=require&sslmode=disable', 'it sets sslmode twice'],
    ['postgresql://u:canary@h/d?sslrootcert=/canary', 'it sets sslrootcert'],
    ['postgresql://u:canary@h/d?options=-c%20canary', 'it sets options'],
    ['postgresql://u:pass@h/d?canary%20=1', 'it sets what bgctl does not know'],
    ['postgresql://u:canary@h/d?sslmode=disable', 'is only for a database on this machine'],
    ['postgresql://u:canary@10.1.2.3/d?sslmode=disable', 'is only for a database on this machine'],
    ['postgresql://u:canary@127.0.0.1.evil.example/d?sslmode=disable', 'is only for a database on'],
  ])('I8: %s is refused in words, before anything begins, and is not repeated', (text, says) => {
    const failure = refusalOf(text, false);
    expect(failure).toMatchObject({ from: 'journal', retry: 'never', precondition: true });
    expect(failure.message).toContain(says);
    expect(failure.message).not.toContain('canary');
  });

  test.each(['127.0.0.1', 'localhost', '10.1.2.3', '172.31.0.9', '192.168.7.7'])(
    'through a droplet, %s may be spoken to unencrypted',
    (host) => {
      expect(parseAddress(`postgresql://u:p@${host}/d?sslmode=disable`, true).tls).toBe(false);
      expect(parseAddress(`postgresql://u:p@${host}/d`, true).tls).toBe(true);
    },
  );

  test.each(['203.0.113.9', '172.32.0.9', 'private-db.example.com', '10.1.2.3.example.com'])(
    'through a droplet, %s may not: it could be anywhere',
    (host) => {
      const failure = refusalOf(`postgresql://u:p@${host}/d?sslmode=disable`, true);
      expect(failure.message).toContain('named by its private address, or on the droplet itself');
    },
  );
});

function refusalOf(text: string, through: boolean): Failure {
  try {
    parseAddress(text, through);
  } catch (error) {
    if (error instanceof Failure) return error;
  }
  throw new Error('it was not refused');
}
