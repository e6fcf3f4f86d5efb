// Of the journal in PostgreSQL, what needs no database: what its errors mean, and what is news to who listens.
import { describe, expect, test } from 'vitest';
import { listen, toldOf } from '../../src/journal/sql/listen.ts';
import type { Session } from '../../src/journal/sql/session.ts';
import { Collision, endsConnection, type Stage, troubleOf } from '../../src/journal/sql/trouble.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Failure } from '../../src/lib/failure.ts';

const where = { place: 'PostgreSQL db:5432/shop', user: 'anna', password: 'p@ss-canary' };
const said = (code: string, message = 'words', severity = 'ERROR') =>
  Object.assign(new Error(message), { code, severity });
const told = (error: unknown, stage: Stage = 'writing') => troubleOf(error, stage, where);

describe('what goes wrong with a database', () => {
  test.each([
    ['an answer that names an error: all of it was undone', said('40001'), false],
    ['a connection that was ended over there: it may have landed', said('57P01'), true],
    ['a crash over there', said('XX000'), true],
    ['a connection that broke', said('ECONNRESET'), true],
    ['an end without a word', new Error('Connection terminated unexpectedly'), true],
  ])('while writing, %s', (_, error, ambiguous) => {
    expect(told(error)).toMatchObject({ from: 'journal', retry: 'soon', ambiguous });
    expect(told(error, 'reading').ambiguous).toBe(false);
  });

  test('a full disk is not tried again, and nothing was recorded', () => {
    const failure = told(said('53100', 'could not extend file'));
    expect(failure).toMatchObject({ retry: 'never', ambiguous: false, precondition: false });
    expect(failure.message).toBe(
      'The journal in PostgreSQL db:5432/shop failed: its disk is full (53100). Nothing was recorded; make room and run `bgctl resume`.',
    );
  });

  test.each(['28P01', '28000', '3D000', '42501', 'DEPTH_ZERO_SELF_SIGNED_CERT'])(
    '%s wants a person, and forbids to begin',
    (code) => {
      expect(told(said(code), 'connecting')).toMatchObject({ retry: 'never', precondition: true });
      expect(told(said(code), 'reading').precondition).toBe(false);
    },
  );

  test('I8: words of the server that are not known are repeated shortly, and without the password', () => {
    const { message } = told(said('22000', `bad p@ss-canary\nin ${'x'.repeat(500)}`));
    expect(message).toContain('PostgreSQL says "bad *** in xxx');
    expect(message).toContain('…" (22000)');
    expect(message).not.toContain('canary');
    expect(message.length).toBeLessThan(300);
  });

  test('a key that somebody else wrote at the same moment is told apart', () => {
    expect(told(said('23505'))).toBeInstanceOf(Collision);
    expect(told(said('23505'))).toBeInstanceOf(Failure);
    expect(told(said('23514'))).not.toBeInstanceOf(Collision);
  });

  test.each([
    [said('42P01'), false],
    [said('57P01', 'terminated', 'FATAL'), true],
    [said('ECONNRESET'), true],
    [new Error('Connection terminated'), true],
  ])('after %s the connection is over: %s', (error, over) => {
    expect(endsConnection(error)).toBe(over);
  });
});

describe('who listens', () => {
  test('hears of what others wrote to this app, and nothing after the end', async () => {
    let hear = (_payload: string) => {};
    const listening = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    const session: Session = {
      rows: async () => {
        listening.resolve();
        return [];
      },
      onNotification: (listener) => {
        hear = listener;
      },
      over: over.promise,
      isOver: () => false,
      end: async () => over.resolve(),
    };
    let rings = 0;
    const ring = () => {
      rings += 1;
    };
    const given = { clock: systemClock, app: 'shop', writer: 'me', ring };
    const end = listen({ ...given, open: async () => session });
    await listening.promise;
    for (const payload of [
      toldOf('shop', 'me'),
      toldOf('blog', 'you'),
      toldOf('my-shop', 'you'),
      '',
    ])
      hear(payload);
    expect(rings).toBe(0);
    hear(toldOf('shop', 'you'));
    expect(rings).toBe(1);
    await end();
    await over.promise;
    hear(toldOf('shop', 'you'));
    expect(rings).toBe(1);
  });
});
