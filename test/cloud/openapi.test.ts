import { describe, expect, it } from 'vitest';
import { openapi, openapiFile } from '../builders/openapi.ts';
import { balancerId, balancerJson, dropletJson } from './fixtures.ts';

const description = openapi();

describe.skipIf(description === null)(`fixtures against ${openapiFile}, where it is there`, () => {
  const bodies: [what: string, path: string, body: unknown][] = [
    ['a balancer', `/v2/load_balancers/${balancerId}`, { load_balancer: balancerJson() }],
    [
      'balancers',
      '/v2/load_balancers',
      { load_balancers: [balancerJson()], links: {}, meta: { total: 1 } },
    ],
    ['a droplet', '/v2/droplets/3', { droplet: dropletJson(3) }],
    ['droplets', '/v2/droplets', { droplets: [dropletJson(3)], links: {}, meta: { total: 1 } }],
  ];
  it.each(bodies)('%s is what DigitalOcean would answer', (_what, path, body) => {
    expect(description?.validateResponse('GET', path, 200, body)).toEqual([]);
  });

  it('sees what is wrong', () => {
    const body = { load_balancer: balancerJson({ droplet_ids: ['1'] }) };
    const path = `/v2/load_balancers/${balancerId}`;
    expect(description?.validateResponse('GET', path, 200, body)).not.toEqual([]);
  });
});
