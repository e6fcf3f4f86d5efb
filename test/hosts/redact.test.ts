// What is said of containers and commands holds no secrets (I8), and still says why.
import { describe, expect, test } from 'vitest';
import { complaint, redact } from '../../src/hosts/redact.ts';

describe('I8: log lines', () => {
  test('lose the values of the container’s environment', () => {
    const env = ['SECRET_KEY=canary-3b1f', 'API=  spaced out  ', 'PATH=/usr/local/bin:/usr/bin'];
    expect(redact('key canary-3b1f in /usr/local/bin:/usr/bin', env)).toBe(
      'key *** in /usr/local/bin:/usr/bin',
    );
    expect(redact('x  spaced out  y', env)).toBe('x***y');
  });

  test('lose each line of a value of several lines, and the longest value first', () => {
    expect(redact('says BEGIN KEY and ends', ['PEM=BEGIN KEY\nabcdefgh'])).toBe(
      'says *** and ends',
    );
    expect(redact('at secret-and-more', ['A=secret', 'B=secret-and-more'])).toBe('at ***');
  });

  test('keep short values: they are words, not secrets', () => {
    expect(redact('listening on 8000', ['LISTEN=8000'])).toBe('listening on 8000');
  });

  test('lose logins in addresses and what calls itself a secret', () => {
    expect(redact('GET https://anna:pw12345@host/x', [])).toBe('GET https://***@host/x');
    expect(redact('password=abc db_password: "abc" TOKEN=abc', [])).toBe(
      'password=*** db_password: *** TOKEN=***',
    );
    expect(redact('Authorization: Bearer abc', [])).toBe('Authorization: ***');
  });
});

describe('what Compose complains of', () => {
  test('is what is left without its progress', () => {
    const stderr = [
      ' web Pulling ',
      ' 824707f61174 Already exists ',
      ' Network shop-r42_default  Creating',
      ' Network shop-r42_default  Created',
      ' Container shop-r42-web-1  Starting',
      'Error response from daemon: driver failed programming external connectivity: Bind for 0.0.0.0:8000 failed: port is already allocated',
      '',
    ].join('\n');
    expect(complaint(stderr)).toBe(
      'Error response from daemon: driver failed programming external connectivity: Bind for 0.0.0.0:8000 failed: port is already allocated',
    );
  });

  test('never quotes an env file or a value', () => {
    const near =
      'failed to read /opt/shop/.env: line 3: unexpected character "\\n" in variable name near "FOO\\nDB=hunter2222\\n"';
    expect(complaint(near)).toBe(
      'failed to read /opt/shop/.env: line 3: unexpected character "\\n" in variable name near ***',
    );
    const format =
      'invalid interpolation format for services.web.environment.KEY: "hunter2222${". You may need to escape';
    expect(complaint(format)).toBe(
      'invalid interpolation format for services.web.environment.KEY: ***',
    );
  });

  test('is its end, when it is long', () => {
    const long = complaint(`${'x'.repeat(5000)}\nthe reason`);
    expect(long).toHaveLength(2000);
    expect(long).toMatch(/the reason$/);
  });

  test('is never nothing', () => {
    expect(complaint('')).toBe('no reason given');
    expect(complaint(' Container shop-r42-web-1  Starting')).toBe(
      'Container shop-r42-web-1  Starting',
    );
  });
});
