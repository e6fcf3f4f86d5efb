// What Docker answers of a container: read as it is, or refused; never a container that is well by omission.
import { describe, expect, test } from 'vitest';
import { containerOf } from '../../src/hosts/container.ts';
import { dockerAnswers, understood } from '../../src/hosts/docker-answers.ts';
import { Failure } from '../../src/lib/failure.ts';
import { inspected } from './inspected.ts';

const read = (answer: unknown) => containerOf(understood(dockerAnswers.inspect, answer, 'Reading'));

test('is read with its health, process and ports', () => {
  expect(read(inspected())).toMatchObject({
    status: 'running',
    pid: 4711,
    health: { status: 'healthy', output: 'ok' },
    ports: [{ inside: 8000, outside: 8000 }],
  });
});

test('that has a health check of which nothing is told has not passed it', () => {
  const { Health: _, ...State } = inspected().State;
  expect(read({ ...inspected(), State }).health).toEqual({ status: 'starting', output: '' });
  const Config = { ...inspected().Config, Healthcheck: { Test: ['NONE'] } };
  expect(read({ ...inspected(), State, Config }).health).toBe(null);
});

describe('is refused', () => {
  const { State, NetworkSettings, ...rest } = inspected();
  test.each([
    ['as text', '{"Id":"c0ffee"'],
    [
      'without its process, though it runs',
      { ...rest, NetworkSettings, State: { ...State, Pid: 0 } },
    ],
    [
      'with a port that is no number',
      { ...rest, State, NetworkSettings: { Ports: { '8000/tcp': [{ HostPort: '80x' }] } } },
    ],
    ['without a state', { ...rest, NetworkSettings }],
  ])('%s', (_, answer) => {
    expect(() => read(answer)).toThrow(Failure);
    expect(() => read(answer)).toThrow("Docker's answer was cut short");
  });

  test('in a list without its id, as a digest that is none, as a time that is none', () => {
    const refused = [
      () => understood(dockerAnswers.list, [{ Names: ['/a'] }], 'x'),
      () => understood(dockerAnswers.digest, { Descriptor: {} }, 'x'),
      () => understood(dockerAnswers.digest, { Descriptor: { digest: 'sha256:ab' } }, 'x'),
      () => understood(dockerAnswers.time, { SystemTime: 'soon' }, 'x'),
    ];
    for (const one of refused) expect(one).toThrow(Failure);
  });
});
