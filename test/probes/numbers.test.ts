// Sources of numbers: logs, commands, and DigitalOcean's metrics; what cannot be measured is unknown, never zero.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { Failure } from '../../src/lib/failure.ts';
import type { BalancerProbe, ExecProbe, LogsProbe } from '../../src/policy/probe-spec.ts';
import { type ProbeParts, probes } from '../../src/probes/probe.ts';
import { measured } from '../../src/probes/seen.ts';
import type { CommandSeen, MetricSeries } from '../../src/world.ts';
import { environment, parts, phase, sample } from './parts.ts';

function standing(start: number) {
  let now = start;
  const clock = { ...systemClock, now: () => now, sleep: () => new Promise<void>(() => undefined) };
  return { clock, pass: (ms: number) => (now += ms) };
}

describe('a measured number', () => {
  test('I5: is never ok without being a number', () => {
    fc.assert(
      fc.property(fc.double(), fc.double(), fc.double(), (value, min, max) => {
        const { outcome } = measured(value, { min, max }, 'it');
        if (!Number.isFinite(value)) expect(outcome).toBe('unknown');
        else expect(outcome).toBe(value > max || value < min ? 'error' : 'ok');
      }),
    );
  });
});

describe('lines of logs', () => {
  const panics: LogsProbe = { kind: 'logs', match: { pattern: 'panic|FATAL' }, max: 6 };

  function logging(lines: readonly string[], whole = true) {
    const asked: { from: number; to: number; service: string | null }[] = [];
    const all = parts(1);
    const time = standing(100_000);
    const insides = {
      ...all.insides,
      lines: async (_: unknown, span: { from: number; to: number; service: string | null }) => {
        asked.push(span);
        return { lines, whole };
      },
    };
    return { asked, time, parts: { ...all, clock: time.clock, insides } };
  }

  test('are counted a minute, and none of them is repeated in what is told (I8)', async () => {
    const { asked, parts: all } = logging(['ok', 'panic: password=canary', 'FATAL canary']);
    const seen = await sample(panics, all, phase(79_000));
    expect(asked).toEqual([{ service: null, from: 79_000, to: 99_000 }]);
    expect(seen).toMatchObject({ outcome: 'ok', value: 6, detail: '2 of 3 lines in 20 s match' });
    expect(JSON.stringify(seen)).not.toContain('canary');
  });

  test('beyond the bound are an error', async () => {
    const { parts: all } = logging(['panic', 'panic', 'panic']);
    expect(await sample(panics, all, phase(79_000))).toMatchObject({ outcome: 'error', value: 9 });
  });

  test('are counted once each: the next count begins where the last one ended', async () => {
    const { asked, time, parts: all } = logging([]);
    const asking = probes(all);
    const ask = () => asking.sample(panics, environment, 7, phase(79_000));
    await ask();
    expect(await ask()).toBe(null);
    time.pass(10_000);
    await ask();
    expect(asked.map(({ from, to }) => [from, to])).toEqual([
      [79_000, 99_000],
      [99_000, 109_000],
    ]);
  });

  test('I5: that could not be read are unknown, and counted when they can be', async () => {
    const { asked, time, parts: all } = logging(['panic']);
    let broken = true;
    const lines: typeof all.insides.lines = (at, span) =>
      broken ? Promise.reject(new Failure('host', 'gone')) : all.insides.lines(at, span);
    const asking = probes({ ...all, insides: { ...all.insides, lines } });
    const ask = () => asking.sample(panics, environment, 7, phase(79_000));
    expect(await ask()).toMatchObject({ outcome: 'unknown' });
    broken = false;
    time.pass(10_000);
    expect(await ask()).toMatchObject({ outcome: 'ok' });
    expect(asked).toEqual([{ service: null, from: 79_000, to: 109_000 }]);
  });

  test('of a log too long to be read whole are unknown unless too many were found already', async () => {
    const few = logging(['panic'], false);
    expect((await sample(panics, few.parts, phase(79_000))).outcome).toBe('unknown');
    const many = logging(['panic', 'panic', 'panic'], false);
    expect((await sample(panics, many.parts, phase(79_000))).outcome).toBe('error');
  });

  test('of one service only, by a plain text', async () => {
    const { asked, parts: all } = logging(['a.b', 'axb']);
    const spec: LogsProbe = { kind: 'logs', match: { text: 'a.b' }, service: 'web' };
    expect((await sample(spec, all, phase(39_000))).value).toBe(1);
    expect(asked[0]?.service).toBe('web');
  });
});

describe('a command', () => {
  const inWeb: ExecProbe = {
    kind: 'exec',
    command: ['check', '{release}'],
    service: 'web',
    yields: 'exit-code',
    timeoutMs: 1_000,
  };
  const running = (ran: CommandSeen | null, heard: unknown[] = []): ProbeParts => {
    const all = parts(1);
    const run = async (...given: unknown[]) => {
      heard.push(given);
      return ran;
    };
    const runHere = async (...given: unknown[]) => {
      heard.push(given);
      return ran ?? { code: 1, stdout: '', said: '' };
    };
    return { ...all, runHere, insides: { ...all.insides, run } };
  };
  const ended = (code: number | null, stdout = '') => ({ code, stdout, said: stdout });

  test.each<[string, CommandSeen | null, string, string]>([
    ['that ends with 0', ended(0), 'ok', 'exit code 0'],
    ['that ends with 3', ended(3, 'no disk\n'), 'error', 'exit code 3: no disk'],
    ['that does not end', ended(null), 'error', 'did not end within 1000 ms'],
    ['that cannot be run', ended(127), 'unknown', 'check could not be run (127)'],
    ['for which no container runs', null, 'error', 'no container of web runs'],
  ])('%s', async (_, ran, outcome, detail) => {
    const seen = await sample(inWeb, running(ran));
    expect([seen.outcome, seen.detail]).toEqual([outcome, detail]);
  });

  test('runs in the container of the environment, with its words filled in', async () => {
    const heard: unknown[] = [];
    await sample(inWeb, running(ended(0), heard));
    const given = { service: 'web', command: ['check', 'r7'], timeoutMs: 1_000 };
    expect(heard).toEqual([[{ project: 'shop-r7', droplet: 7 }, given]]);
  });

  test('on the controller is told by variables which environment is meant, and asked once', async () => {
    const heard: unknown[] = [];
    const seen = await sample({ ...inWeb, service: null }, running(ended(0), heard));
    expect(seen.droplet).toBe(0);
    const variables = { BGCTL_ENVIRONMENT: 'shop-r7', BGCTL_RELEASE: 'r7', BGCTL_DROPLET: '7' };
    expect(heard).toEqual([[['check', 'r7'], { timeoutMs: 1_000, variables }]]);
    const each = { ...inWeb, service: null, command: ['ping', '{droplet}'] };
    expect((await sample(each, running(ended(0)))).droplet).toBe(7);
  });

  test.each<[string, CommandSeen, string, number | undefined]>([
    ['a number', ended(0, 'words\n 4.5\n'), 'ok', 4.5],
    ['too large a number', ended(0, '11'), 'error', 11],
    ['no number', ended(0, 'many'), 'unknown', undefined],
    ['nothing', ended(0, '\n'), 'unknown', undefined],
    ['NaN', ended(0, 'NaN'), 'unknown', undefined],
    ['a number, but ends with 1', ended(1, '4'), 'error', undefined],
  ])('that should print a number and prints %s', async (_, ran, outcome, value) => {
    const spec: ExecProbe = { ...inWeb, yields: 'number', max: 10 };
    const seen = await sample(spec, running(ran));
    expect([seen.outcome, seen.value]).toEqual([outcome, value]);
  });

  test('I5: that could not be sent is unknown', async () => {
    const all = parts(1);
    const run = () => Promise.reject(new Failure('host', 'SSH is lost'));
    const seen = await sample(inWeb, { ...all, insides: { ...all.insides, run } });
    expect([seen.outcome, seen.detail]).toEqual(['unknown', 'SSH is lost']);
  });
});

describe("DigitalOcean's metrics of the balancer", () => {
  const start = 10_000_000;
  const errors: BalancerProbe = { kind: 'balancer', quantity: 'errors', max: 0.01 };
  const series = (labels: Record<string, string>, ...values: [number, number][]): MetricSeries => ({
    labels,
    points: values.map(([at, value]) => ({ at, value })),
  });

  function metrics(
    read: (name: string) => readonly MetricSeries[] | Failure,
    at = start + 400_000,
  ) {
    const names: string[] = [];
    const time = standing(at);
    const readMetrics = async (name: string) => {
      names.push(name);
      const found = read(name);
      if (found instanceof Failure) throw found;
      return found;
    };
    const asking = probes(parts(1, { readMetrics, clock: time.clock }));
    const ask = (spec: BalancerProbe) => asking.sample(spec, environment, 7, phase(start));
    return { names, time, ask };
  }

  const at = start + 360_000;

  test('tell the share of 5xx of one and the same time', async () => {
    const { ask, names } = metrics(() => [
      series({ code: '2xx' }, [at - 120_000, 1], [at, 99]),
      series({ code: '5xx' }, [at - 120_000, 99], [at, 1]),
      series({ code: '4xx' }, [at - 120_000, 7]),
    ]);
    expect(await ask(errors)).toMatchObject({ outcome: 'ok', value: 0.01, droplet: 0 });
    expect(names).toEqual(['frontend_http_responses']);
  });

  test('tell a share that is too much as an error', async () => {
    const { ask } = metrics(() => [
      series({ code: '5xx' }, [at, 1]),
      series({ code: '2xx' }, [at, 9]),
    ]);
    expect(await ask(errors)).toMatchObject({ outcome: 'error', value: 0.1 });
  });

  test('count a point once', async () => {
    const { ask, time } = metrics(() => [series({ code: '2xx' }, [at, 5])]);
    expect(await ask(errors)).toMatchObject({ outcome: 'ok', value: 0 });
    time.pass(60_000);
    expect(await ask(errors)).toBe(null);
  });

  test('of the time before the phase do not count', async () => {
    const before = start + 119_000;
    const { ask } = metrics(() => [series({ code: '5xx' }, [before, 5])], start + 130_000);
    expect(await ask(errors)).toBe(null);
  });

  test.each<[string, readonly MetricSeries[]]>([
    ['none at all', []],
    ['none but an old one', [series({ code: '2xx' }, [start + 99_000, 5])]],
    ['rates of nothing', [series({ code: '2xx' }, [at, 0])]],
  ])(
    'I5: %s are no share of zero, but unknown; soon after the phase began, not yet known',
    async (_, found) => {
      expect(await metrics(() => found).ask(errors)).toMatchObject({ outcome: 'unknown' });
      expect(await metrics(() => found, start + 200_000).ask(errors)).toBe(null);
    },
  );

  test('I5: that cannot be read are unknown, with the missing scope', async () => {
    const { ask } = metrics(() => new Failure('cloud', 'give the token the scope monitoring:read'));
    expect(await ask(errors)).toMatchObject({
      outcome: 'unknown',
      detail: 'give the token the scope monitoring:read',
    });
  });

  test.each([
    ['node-7', 100, 'ok', 1],
    ['7', 100, 'ok', 1],
    ['node-7', 0, 'error', 0],
  ])('tell the health of the droplet named %s: %i', async (server, value, outcome, told) => {
    const { ask } = metrics(() => [
      series({ server: 'node-71' }, [at, 50]),
      series({ server }, [at, value]),
    ]);
    const seen = await ask({ kind: 'balancer', quantity: 'health' });
    expect(seen).toMatchObject({ outcome, value: told, droplet: 7 });
  });

  test('I5: a droplet that they do not name is unknown', async () => {
    const { ask } = metrics(() => [series({ server: 'node-8' }, [at, 100])]);
    expect(await ask({ kind: 'balancer', quantity: 'health' })).toMatchObject({
      outcome: 'unknown',
    });
  });

  test.each([
    ['mean', 'droplets_http_response_time_avg'],
    ['p50', 'droplets_http_response_time_50p'],
    ['p95', 'droplets_http_response_time_95p'],
    ['p99', 'droplets_http_response_time_99p'],
  ] as const)('tell the response time, %s, in milliseconds', async (quantile, name) => {
    const { ask, names } = metrics(() => [series({}, [at, 0.25])]);
    const seen = await ask({ kind: 'balancer', quantity: 'responseTime', quantile, max: 200 });
    expect(seen).toMatchObject({ outcome: 'error', value: 250 });
    expect(names).toEqual([name]);
  });
});
