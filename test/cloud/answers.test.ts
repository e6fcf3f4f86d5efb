import { describe, expect, it } from 'vitest';
import { answers } from '../../src/cloud/answers.ts';
import { balancerJson, dropletJson, vpcUuid } from './fixtures.ts';

const facts = (changes: Record<string, unknown> = {}) =>
  answers.balancer.parse({ load_balancer: balancerJson(changes) });

describe('what DigitalOcean says of a balancer', () => {
  it('becomes facts of our own', () => {
    expect(facts({ droplet_ids: [9, 2, 1] })).toEqual({
      id: '4de7ac8b-495b-4884-9a69-1050c6793cd6',
      name: 'shop-lb',
      ip: '104.131.186.241',
      status: 'active',
      type: 'REGIONAL',
      internal: false,
      tag: null,
      region: 'fra1',
      vpcUuid,
      entry: { protocol: 'http', port: 80 },
      targetPort: 8080,
      targetPorts: [8080],
      healthCheck: {
        protocol: 'http',
        path: '/health',
        port: 8080,
        intervalS: 3,
        timeoutS: 5,
        healthyThreshold: 2,
        unhealthyThreshold: 3,
      },
      keepalive: true,
      idleTimeoutS: 60,
      stickySessions: false,
      proxyProtocol: false,
      plainToo: false,
      certificates: [],
      warmUpMs: 6000,
      evictionMs: 14_000,
      droplets: [1, 2, 9],
    });
  });

  it('lets absent health-check settings mean what the platform does, not what its description says', () => {
    const check = { intervalS: 10, timeoutS: 5, healthyThreshold: 5, unhealthyThreshold: 3 };
    for (const health_check of [undefined, null, { protocol: 'http', port: 80 }]) {
      expect(facts({ health_check })).toMatchObject({
        healthCheck: check,
        warmUpMs: 50_000,
        evictionMs: 35_000,
      });
    }
  });

  it('takes a region as an object, as a slug, or as none', () => {
    expect(facts({ region: 'ams3' }).region).toBe('ams3');
    expect(facts({ type: 'GLOBAL', region: null }).region).toBe(null);
  });

  const rule = (entry_protocol: string, entry_port: number, target_port: number) => ({
    entry_protocol,
    entry_port,
    target_protocol: 'http',
    target_port,
  });

  it('has certificates where its rules name some, and is entered by http too where that is not redirected', () => {
    const https = (port: number) => ({ ...rule('https', port, 80), certificate_id: 'c-1' });
    const both = [rule('http', 80, 80), https(443), https(8443)];
    expect(facts({ forwarding_rules: both })).toMatchObject({
      certificates: ['c-1'],
      plainToo: true,
    });
    expect(facts({ forwarding_rules: both, redirect_http_to_https: true }).plainToo).toBe(false);
    expect(facts({ forwarding_rules: [https(443)] }).plainToo).toBe(false);
    expect(facts({ forwarding_rules: [rule('http', 80, 80)] }).plainToo).toBe(false);
  });

  it('has its entrance at the first http or https rule, at https when http leads there', () => {
    const forwarding_rules = [
      rule('tcp', 22, 22),
      rule('http', 80, 8080),
      rule('https', 443, 8443),
    ];
    expect(facts({ forwarding_rules })).toMatchObject({
      entry: { protocol: 'http', port: 80 },
      targetPort: 8080,
      targetPorts: [22, 8080, 8443],
    });
    expect(facts({ forwarding_rules, redirect_http_to_https: true })).toMatchObject({
      entry: { protocol: 'https', port: 443 },
      targetPort: 8443,
    });
    expect(facts({ forwarding_rules: [rule('tcp', 22, 22)] }).entry).toBe(null);
  });

  it('with times or droplets that cannot be is not understood', () => {
    for (const healthy_threshold of [-1, 1e308])
      expect(() => facts({ health_check: { healthy_threshold } })).toThrow();
    expect(() => facts({ droplet_ids: [1, -2] })).toThrow();
  });

  it('I5: without its droplets is not understood, rather than taken for a balancer without any', () => {
    for (const droplet_ids of [undefined, null]) {
      const body = { load_balancer: { ...balancerJson(), droplet_ids } };
      expect(answers.balancer.safeParse(body).success).toBe(false);
    }
    expect(
      facts({ type: 'GLOBAL', droplet_ids: undefined, forwarding_rules: [] }).droplets,
    ).toEqual([]);
  });
});

describe('what DigitalOcean says of a droplet', () => {
  it('becomes facts of our own', () => {
    expect(answers.droplet.parse({ droplet: dropletJson(3) })).toEqual({
      id: 3,
      name: 'web-3',
      region: 'fra1',
      vpcUuid,
      privateAddress: '10.0.0.3',
      publicAddress: '203.0.113.3',
      status: 'active',
      tags: ['shop'],
    });
  });

  it('may lack addresses while it is new', () => {
    const droplet = dropletJson(3, { status: 'new', networks: {} });
    expect(answers.droplet.parse({ droplet })).toMatchObject({
      privateAddress: null,
      publicAddress: null,
    });
  });
});
