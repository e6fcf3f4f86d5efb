// What comes back from a droplet, damaged: unknown, or a Failure; never healthy, absent or nothing by accident (I5).
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countConnections, sectionsOf } from '../../src/hosts/connections.ts';
import { type Container, containerOf } from '../../src/hosts/container.ts';
import { ConnectionCounter } from '../../src/hosts/counting.ts';
import { demultiplexed, dockerOn } from '../../src/hosts/docker.ts';
import { dockerAnswers, understood } from '../../src/hosts/docker-answers.ts';
import { judgeEnvFiles } from '../../src/hosts/env-files.ts';
import { envFindings } from '../../src/hosts/env-findings.ts';
import { dropletFacts } from '../../src/hosts/facts.ts';
import { findingsOf } from '../../src/hosts/findings.ts';
import { runGuarded } from '../../src/hosts/guarded.ts';
import { judge } from '../../src/hosts/health.ts';
import { complaint } from '../../src/hosts/redact.ts';
import { registryLogin } from '../../src/hosts/registry.ts';
import type { SshHost, SshPool } from '../../src/hosts/ssh.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { Failure } from '../../src/lib/failure.ts';
import { inspected } from '../hosts/inspected.ts';
import { shopSettings } from '../hosts/settings.ts';
import { damaged, damagedJson, damagedText, junk, limitMs, tries } from './damage.ts';

const settings = shopSettings();
type Ran = { code: number; stdout: string; stderr: string };
const droplet = (stdout: string, more: Partial<Ran> = {}) =>
  ({
    exec: async () => ({ code: 0, stdout, stderr: '', ...more }),
    connectTcp: async () => ({ destroy: () => undefined }),
  }) as unknown as SshHost;

/** The result, or null for a Failure in words without control characters; anything else thrown is a fault. */
async function orFailure<T>(work: () => T | Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return null;
  }
}

describe('connections', () => {
  const asking =
    '0 0 172.18.0.2:8000 10.110.0.2:33138 cubic bytes_sent:10 bytes_received:20 lastsnd:600 lastrcv:500 lastack:500';
  const around = '== own\n2: eth0 inet 10.110.0.5/20 scope global eth0\n';
  const answer = `${around}== inside\n${asking}\n${asking}\n== outside\n== end\n`;
  const container = { id: 'c', pid: 7, name: 'web', hostNetwork: false } as Container;
  const web = { ...container, ports: [{ inside: 8000, outside: 8000 }] };

  test(
    'of text that was cut, or is any bytes, are not counted',
    async () => {
      const texts = fc.oneof(
        fc.nat(answer.length - 2).map((length) => answer.slice(0, length)),
        fc.string({ unit: 'binary' }),
      );
      await fc.assert(
        fc.asyncProperty(texts, async (text) => {
          const counter = new ConnectionCounter(settings, systemClock);
          expect(await orFailure(() => counter.count(droplet(text), [web]))).toBe(null);
        }),
        tries(400),
      );
    },
    limitMs,
  );

  test(
    'of a list in which one line was damaged are as many, unless another became ours',
    () => {
      fc.assert(
        fc.property(damagedText(asking), (line) => {
          if (/\n/.test(line) || line.trim() === '') return;
          const sections = sectionsOf(`${around}== inside\n${line}\n== end\n`);
          const counted = sections && countConnections(sections, [8000]);
          if (counted === null) return;
          const peer = line.trim().split(/\s+/)[3] ?? '';
          const ours =
            peer.startsWith('127.') || peer.includes('10.110.0.5') || peer.startsWith('[::1]');
          expect(counted.open).toBe(ours ? 0 : 1);
        }),
        tries(500),
      );
    },
    limitMs,
  );

  test(
    'of /proc/net/tcp: a damaged line of an open connection is counted, or is of another state or port',
    () => {
      const line =
        '   0: 020012AC:1F40 02006E0A:8172 01 00000000:00000000 00:00000000 00000000  0 0 1';
      fc.assert(
        fc.property(damagedText(line), (table) => {
          const counted = countConnections({ table }, [8000]);
          const whole = table
            .split('\n')
            .some((one) => /^\s*\d+:\s+\S+:\S{4}\s+\S+:\S{4}\s+..(\s|$)/.test(one));
          if (!whole && table.trim() !== '') expect(counted?.open).toBeGreaterThan(0);
        }),
        tries(500),
      );
    },
    limitMs,
  );
});

describe("Docker's answers", () => {
  const now = Date.parse('2026-02-01T11:00:00Z');
  const sick = {
    ...inspected(),
    State: { ...inspected().State, Health: { Status: 'starting', Log: [] } },
  };

  test(
    'of a container that is not healthy, damaged, never make it healthy',
    async () => {
      await fc.assert(
        fc.asyncProperty(damagedJson(sick), async (answer) => {
          const seen = await orFailure(() => understood(dockerAnswers.inspect, answer, 'Reading'));
          if (seen === null) return;
          // Neither health nor a health check any more: then nothing tells it from a container that has none.
          const bare = seen.State.Health == null && seen.Config.Healthcheck?.Test == null;
          const one = containerOf(seen);
          const { is } = judge([one], now);
          if (!bare && !one.oneOff) expect(['healthy', 'absent']).not.toContain(is);
          if (one.status === 'running') expect(one.pid).toBeGreaterThan(0);
          expect(one.ports.every(({ inside, outside }) => inside >= 0 && outside >= 0)).toBe(true);
        }),
        tries(1_000),
      );
    },
    limitMs,
  );

  test(
    'over the connection, damaged in their bytes, are a Failure or what they say; no project is absent',
    async () => {
      const list = [{ Id: 'c0ffee', Names: ['/web'], Labels: {}, Ports: [{ PublicPort: 8000 }] }];
      const answers = fc.oneof(
        damaged(Buffer.from(JSON.stringify(list))).map(String),
        junk.map((value) => JSON.stringify(value)).filter((text) => text !== '[]'),
      );
      await fc.assert(
        fc.asyncProperty(answers, async (text) => {
          const { host, close } = await dockerSaying(text);
          try {
            const found = await orFailure(() => dockerOn(host, 7, systemClock).list());
            if (found === null) return;
            expect(JSON.parse(text)).toHaveLength(found.length);
            expect(found.every(({ id }) => id !== '')).toBe(true);
          } finally {
            await close();
          }
        }),
        tries(60),
      );
    },
    limitMs,
  );

  test('of logs are read whatever their frames say', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(typeof demultiplexed(Buffer.from(bytes))).toBe('string');
      }),
      tries(300),
    );
  });
});

describe('facts of a droplet', () => {
  const sha = '0a'.repeat(32);
  const said = [
    'docker=28.0.1',
    'compose=2.34.0',
    'missing= flock',
    'notRoot=deploy',
    'diskKib=1024',
    'memoryKib=1024',
    'directoryTrouble=/opt cannot be written by deploy',
    'end=',
    '',
  ].join('\n');
  const facts = (stdout: string) =>
    dropletFacts({
      settings,
      pool: { on: () => droplet(stdout) } as unknown as SshPool,
      clock: systemClock,
    });

  test(
    'that were cut off are unknown, and trouble is never silence',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(said.length - 1), async (length) => {
          const found = await orFailure(() => facts(said.slice(0, length)).hostFacts(7, []));
          expect(found).toBe(null);
        }),
        tries(200),
      );
      const whole = await facts(said).hostFacts(7, []);
      expect(
        findingsOf(settings, whole)
          .filter(({ verdict }) => verdict === 'ok')
          .map(({ what }) => what),
      ).toEqual(['Docker Engine', 'Docker Compose', 'TCP through SSH']);
    },
    limitMs,
  );

  test(
    'that are damaged are a Failure or numbers that can be compared',
    async () => {
      await fc.assert(
        fc.asyncProperty(damagedText(said), async (text) => {
          const found = await orFailure(() => facts(text).hostFacts(7, []));
          if (found === null) return;
          for (const bytes of [found.diskFreeBytes, found.memoryAvailableBytes])
            expect(bytes === null || Number.isSafeInteger(bytes)).toBe(true);
          findingsOf(settings, found);
        }),
        tries(400),
      );
    },
    limitMs,
  );

  test(
    'of env files, damaged, are a Failure or have a whole fingerprint',
    async () => {
      const paths = ['/opt/a.env', '/opt/b.env'];
      await fc.assert(
        fc.asyncProperty(damagedText(`600 root ${sha}\n640 deploy ${sha}\n`), async (text) => {
          const found = await orFailure(() => facts(text).fingerprints(7, paths));
          if (found === null) return;
          expect(Object.keys(found)).toEqual(paths);
          for (const print of Object.values(found)) expect(print).toMatch(/^[0-9a-f]{64}$/);
        }),
        tries(400),
      );
    },
    limitMs,
  );

  test(
    'of env files that were judged, cut or damaged, are a Failure or findings that name only what was asked for',
    async () => {
      const files = ['/opt/a.env', '/opt/b.env'].map((path) => ({ path, required: true }));
      const key = { name: 'A', where: 'compose.yml:1', by: 'schema', must: 'there' } as const;
      const expected = { files, from: [], untold: [], keys: [key], any: [] };
      const judged =
        'file 600 root readable\nthere A\ndebug B\nfile 644 deploy readable\nunclosed\nend\n';
      const look = (text: string) =>
        orFailure(async () =>
          envFindings(expected, await judgeEnvFiles(settings, droplet(text), expected)),
        );
      await fc.assert(
        fc.asyncProperty(fc.nat(judged.length - 1), async (length) => {
          expect(await look(judged.slice(0, length))).toBe(null);
        }),
        tries(200),
      );
      await fc.assert(
        fc.asyncProperty(damagedText(judged), async (text) => {
          for (const { what } of (await look(text)) ?? [])
            expect(what).toMatch(/^(\/opt\/[ab]\.env(: [A-Za-z_]\w*)?|key A|keys of env files)$/);
        }),
        tries(400),
      );
    },
    limitMs,
  );

  test(
    'of registry logins, damaged or of any shape, are a login, none, or a Failure without the secret',
    async () => {
      const config = {
        auths: { 'ghcr.io': { auth: Buffer.from('anna:geheim').toString('base64') } },
      };
      const texts = fc.oneof(
        damagedText(JSON.stringify(config)),
        damagedJson(config).map((value) => JSON.stringify(value) ?? ''),
      );
      await fc.assert(
        fc.asyncProperty(texts, async (text) => {
          try {
            const login = await registryLogin(settings, droplet(text), 'ghcr.io');
            if (login !== null && 'username' in login) expect(login.username).not.toBe('');
          } catch (error) {
            expect(error).toBeInstanceOf(Failure);
            expect(String(error)).not.toMatch(/geheim|YW5uYT/);
          }
        }),
        tries(400),
      );
    },
    limitMs,
  );
});

describe('answers to a write', () => {
  test(
    'of the guard, whatever stands there, are done only with exit code 0',
    async () => {
      const refusal = 'bgctl-guard: epoch 1764379555\n';
      const texts = fc.oneof(damagedText(refusal), fc.string({ unit: 'binary' }));
      await fc.assert(
        fc.asyncProperty(
          texts,
          fc.constantFrom(0, 1, 73, 75, 76, 124, 137, 255),
          async (stderr, code) => {
            const write = {
              place: { project: 'shop-r7', droplet: 7 },
              guard: { epoch: 1, limitMs: 9_000, signal: new AbortController().signal },
              turn: 1,
              limitMs: 9_000,
              command: ['true'],
              what: 'Start',
            };
            const host = droplet('', { stderr, code });
            const ran = await orFailure(() => runGuarded(settings, host, write as never));
            if (ran !== null) expect(ran.code).toBe(code);
            if (stderr === refusal) expect(ran).toBe(null);
          },
        ),
        tries(400),
      );
    },
    limitMs,
  );

  test(
    'of compose are told in at most 2000 characters, and always something',
    () => {
      fc.assert(
        fc.property(
          fc.oneof(fc.string({ unit: 'binary' }), fc.constant('near '.repeat(50_000))),
          (text) => {
            const told = complaint(text);
            expect(told.length).toBeGreaterThan(0);
            expect(told.length).toBeLessThanOrEqual(2_000);
          },
        ),
        tries(200),
      );
    },
    limitMs,
  );
});

/** A Docker whose every answer is this text. */
async function dockerSaying(text: string): Promise<{ host: SshHost; close: () => Promise<void> }> {
  const { Agent, createServer } = await import('node:http');
  const { connect } = await import('node:net');
  const server = createServer((_, response) => response.end(text));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const dockerAgent = new Agent();
  dockerAgent.createConnection = () => connect(port, '127.0.0.1');
  const close = () =>
    new Promise<void>((resolve) => {
      dockerAgent.destroy();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { host: { dockerAgent } as unknown as SshHost, close };
}
