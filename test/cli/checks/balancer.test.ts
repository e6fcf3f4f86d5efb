// bgctl check on the balancer's own settings: each suits the policy and the app, or is warned of.
import { describe, expect, test } from 'vitest';
import { balancerFindings, balancerNotes } from '../../../src/cli/checks/balancer.ts';
import { ofCertificates } from '../../../src/cli/checks/certificates.ts';
import type { Settings } from '../../../src/policy/settings.ts';
import type { BalancerFacts, CertificateFacts } from '../../../src/wire.ts';
import { aPolicy } from '../../builders/policy.ts';

const check = {
  protocol: 'http',
  path: '/healthz',
  port: 8000,
  intervalS: 3,
  timeoutS: 2,
  healthyThreshold: 3,
  unhealthyThreshold: 3,
};
const good = { warmUpMs: 9_000, evictionMs: 11_000, plainToo: false, healthCheck: check };
const drain = { service: 'web', fail: { signal: 'SIGUSR1' }, restore: { signal: 'SIGUSR2' } };

type Changes = {
  readonly balancer?: Partial<BalancerFacts>;
  readonly health?: string;
  readonly drains?: boolean;
};

function told({ balancer = {}, health = '/healthz', drains = true }: Changes = {}) {
  const traffic = { health, drain: drains ? drain : null } as Settings['traffic'];
  const facts = { ...good, ...balancer } as BalancerFacts;
  const findings = balancerFindings({ balancer: facts, policy: aPolicy(), traffic });
  return findings.map(({ verdict, what, detail }) => `${verdict} ${what}: ${detail}`);
}

describe('a balancer', () => {
  test('that suits policy and app is well in each', () => {
    expect(told()).toEqual([
      'ok health check of the load balancer: asks /healthz (traffic.health)',
      expect.stringMatching(
        /^ok switch within the policy’s limit: .* after 9s, and switch.limit is 40s$/,
      ),
      expect.stringMatching(
        /^ok drain within the policy’s limit: .* up to 11s, then .* 2s, and drain.limit is 20s$/,
      ),
    ]);
  });

  test.each([
    [
      'asks another path',
      { health: '/ready' },
      /^warn health check .* asks \/healthz, and traffic.health is \/ready/,
    ],
    [
      'looks at a port only',
      { balancer: { healthCheck: { ...check, protocol: 'tcp' } } },
      /^warn health check .* port 8000 is open/,
    ],
    [
      'takes as long as the policy waits',
      { balancer: { warmUpMs: 40_000 } },
      /^warn switch .* every release would be taken back/,
    ],
    [
      'goes on sending for as long as is drained',
      { balancer: { evictionMs: 18_000 } },
      /^warn drain .* requests may be cut/,
    ],
    [
      'lets people in without encryption',
      { balancer: { plainToo: true } },
      /^warn https .* http is not redirected/,
    ],
  ] as const)('that %s is warned of, in that only', (_, changes, said) => {
    const bad = told(changes).filter((line) => !line.startsWith('ok'));
    expect(bad).toEqual([expect.stringMatching(said)]);
  });

  test('that is a moment quicker than the limits is well', () => {
    const balancer = { warmUpMs: 39_000, evictionMs: 17_000 };
    expect(told({ balancer }).every((line) => line.startsWith('ok'))).toBe(true);
  });

  test('is not asked how long it drains an app that cannot be told to', () => {
    expect(told({ drains: false, balancer: { evictionMs: 18_000 } })).toHaveLength(2);
  });
});

test('promote notes what is not well, with its mend, and nothing else', () => {
  const settings = { traffic: { health: '/healthz', drain: null } as Settings['traffic'] };
  const notes = (changes: Partial<BalancerFacts> | null) => {
    const balancer = changes === null ? null : ({ ...good, ...changes } as BalancerFacts);
    return balancerNotes({ policy: aPolicy(), settings }, { balancer });
  };
  expect(notes({ warmUpMs: 40_000 })).toEqual([
    expect.stringMatching(
      /^switch within .*: every release would be taken back: shorten its check/,
    ),
  ]);
  expect(notes({})).toEqual([]);
  expect(notes(null)).toEqual([]);
});

describe('a certificate', () => {
  const now = Date.parse('2026-06-01T12:00:00Z');
  const facts = { id: 'c-1', name: 'shop', renewed: false, state: 'verified' };

  async function said(certificate: Partial<CertificateFacts> | Error) {
    const wired = {
      certificate: async () => {
        if (certificate instanceof Error) throw certificate;
        return { ...facts, notAfter: null, ...certificate };
      },
    };
    const [found] = await ofCertificates(wired, { certificates: ['c-1'] }, now);
    return `${found?.verdict} ${found?.what}: ${found?.detail}`;
  }

  const at = (text: string) => ({ notAfter: Date.parse(text) });

  test('is good for two weeks at least', async () => {
    expect(await said(at('2026-06-15T12:00:00Z'))).toBe(
      'ok certificate shop: good until 2026-06-15',
    );
  });

  test('that ends sooner is warned of', async () => {
    expect(await said(at('2026-06-15T11:59:59Z'))).toBe(
      'warn certificate shop: expires on 2026-06-15, in 13 days',
    );
    expect(await said(at('2026-06-01T13:00:00Z'))).toBe(
      'warn certificate shop: expires on 2026-06-01, in 0 days',
    );
  });

  test('that has ended fails', async () => {
    expect(await said(at('2026-06-01T12:00:00Z'))).toBe(
      'fail certificate shop: expired on 2026-06-01',
    );
  });

  test('that is not issued, or may not be read, is warned of', async () => {
    expect(await said({ state: 'pending' })).toBe(
      'warn certificate shop: it has no end yet: its state is pending',
    );
    expect(await said(new Error('no scope'))).toBe('warn certificate c-1: no scope');
  });

  test('is asked for only where there is one', async () => {
    const wired = { certificate: () => Promise.reject(new Error('asked')) };
    expect(await ofCertificates(wired, { certificates: [] }, now)).toEqual([]);
  });
});
