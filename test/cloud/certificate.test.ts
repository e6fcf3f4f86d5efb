// A certificate of the balancer's rules, as DigitalOcean's description has it.
import nock from 'nock';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CloudClient, cloudClient } from '../../src/cloud/client.ts';
import { fastClock } from './clocks.ts';
import { token } from './fixtures.ts';

const host = 'https://api.digitalocean.com';
const id = '892071a0-bb95-49bc-8021-3afd67a210bf';
const certificate = {
  id,
  name: 'web-cert-01',
  not_after: '2027-02-22T00:23:00Z',
  sha1_fingerprint: 'dfcc9f57d86bf58e321c2c6c31c7a971be244ac7',
  created_at: '2026-02-08T16:02:37Z',
  dns_names: ['example.com'],
  state: 'verified',
  type: 'lets_encrypt',
};

let client: CloudClient;
beforeEach(() => {
  nock.disableNetConnect();
  client = cloudClient({ endpoint: `${host}/v2`, token, clock: fastClock(50) });
});
afterEach(() => {
  client.close();
  nock.cleanAll();
  nock.enableNetConnect();
});

function answers(body: nock.Body, status = 200) {
  nock(host).get(`/v2/certificates/${id}`).reply(status, body);
  return client.certificate(id, {});
}

it('is read with its end', async () => {
  expect(await answers({ certificate })).toEqual({
    id,
    name: 'web-cert-01',
    renewed: true,
    state: 'verified',
    notAfter: Date.parse('2027-02-22T00:23:00Z'),
  });
});

it('has no end while it is not issued', async () => {
  const { not_after: _, ...pending } = { ...certificate, state: 'pending', type: 'custom' };
  expect(await answers({ certificate: pending })).toMatchObject({ notAfter: null, renewed: false });
});

it('that is another, or has an end that is no time, is not taken', async () => {
  await expect(answers({ certificate: { ...certificate, id: 'other' } })).rejects.toThrow('(id)');
  const odd = { ...certificate, not_after: 'soon' };
  await expect(answers({ certificate: odd })).rejects.toThrow('(certificate.not_after)');
});

it('that the token may not read says which scope is missing', async () => {
  const forbidden = { id: 'forbidden', message: 'You do not have permission.' };
  await expect(answers(forbidden, 403)).rejects.toThrow('certificate:read');
});

it('is not asked for by what is no id', async () => {
  await expect(client.certificate('../account', {})).rejects.toThrow('Nothing was sent');
});
