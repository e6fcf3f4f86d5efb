import nock from 'nock';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkToken } from '../../src/cloud/account.ts';
import { cloudClient } from '../../src/cloud/client.ts';
import { fastClock } from './clocks.ts';
import { balancerId, balancerJson, dropletJson, settingsWith, token } from './fixtures.ts';

const host = 'https://api.digitalocean.com';
const nobody = '/v2/load_balancers/00000000-0000-0000-0000-000000000000/droplets';
const forbidden = {
  id: 'forbidden',
  message: 'You do not have permission to perform this action.',
};
const notFound = { id: 'not_found', message: 'The resource could not be found.' };

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

/** At the pace of real time a request that is slow on a busy machine is still in time; `speed` is for what waits long. */
async function scopes(speed = 1) {
  const client = cloudClient({ endpoint: `${host}/v2`, token, clock: fastClock(speed) });
  const checks = await checkToken(client, settingsWith(`${host}/v2`));
  return Object.fromEntries(checks.map(({ scope, has }) => [scope, has]));
}

function reads(balancer: number, droplet: number): void {
  const body = balancer === 200 ? { load_balancer: balancerJson() } : forbidden;
  nock(host).get(`/v2/load_balancers/${balancerId}`).reply(balancer, body);
  for (const id of [1, 3]) {
    nock(host)
      .get(`/v2/droplets/${id}`)
      .reply(droplet, droplet === 200 ? { droplet: dropletJson(id) } : forbidden);
  }
}

it('says which scopes the token has, and does not claim the one that only a change proves', async () => {
  reads(200, 200);
  nock(host).post(nobody).reply(404, notFound);
  expect(await scopes()).toEqual({
    'load_balancer:read': 'yes',
    'droplet:read': 'yes',
    'load_balancer:update': 'unknown',
  });
  expect(nock.isDone()).toBe(true);
});

it('says which scopes the token lacks', async () => {
  reads(403, 403);
  nock(host).post(nobody).reply(403, forbidden);
  expect(await scopes()).toEqual({
    'load_balancer:read': 'no',
    'droplet:read': 'no',
    'load_balancer:update': 'no',
  });
});

it('I5: says that it does not know when DigitalOcean did not say', async () => {
  nock(host).get(/.*/).times(200).reply(502, 'no');
  nock(host).post(nobody).times(200).reply(502, 'no');
  expect(await scopes(50)).toEqual({
    'load_balancer:read': 'unknown',
    'droplet:read': 'unknown',
    'load_balancer:update': 'unknown',
  });
});

it('takes "no such balancer" for a token that may ask', async () => {
  nock(host).get(`/v2/load_balancers/${balancerId}`).reply(404, notFound);
  nock(host)
    .get(/droplets/)
    .times(2)
    .reply(404, notFound);
  nock(host).post(nobody).reply(404, notFound);
  expect(await scopes()).toMatchObject({ 'load_balancer:read': 'yes', 'droplet:read': 'yes' });
});
