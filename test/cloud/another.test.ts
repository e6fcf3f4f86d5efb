// An answer that is about something else than what was asked for is not taken for it (I4, I7).
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CloudClient, cloudClient } from '../../src/cloud/client.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type RawServer, startRaw } from '../fuzz/raw-server.ts';
import { balancerId, balancerJson, dropletJson, token } from './fixtures.ts';

let server: RawServer;
let client: CloudClient;

beforeEach(async () => {
  server = await startRaw();
  client = cloudClient({ endpoint: `${server.address}/v2`, token, clock: systemClock });
});
afterEach(async () => {
  client.close();
  await server.close();
});

function answering(body: unknown): void {
  const text = JSON.stringify(body);
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length}`;
  server.answer = Buffer.from(`${head}\r\nconnection: close\r\n\r\n${text}`);
}

test('another balancer', async () => {
  answering({ load_balancer: balancerJson({ id: balancerId.replace('4', '5') }) });
  await expect(client.balancer(balancerId, {})).rejects.toThrow(
    'is not what its description says (id)',
  );
});

test('another droplet', async () => {
  answering({ droplet: dropletJson(4) });
  await expect(client.droplet(3, {})).rejects.toThrow('is not what its description says (id)');
});

test('droplets without the tag that was asked for', async () => {
  answering({ droplets: [dropletJson(3, { tags: ['Shop-A'] }), dropletJson(9)], links: {} });
  await expect(client.dropletsTagged('shop-a', {})).rejects.toThrow('(tags)');
  answering({ droplets: [dropletJson(3, { tags: ['Shop-A'] })], links: {} });
  expect(await client.dropletsTagged('shop-a', {})).toMatchObject([{ id: 3 }]);
});

test('an empty page with more to come is not the end of a list', async () => {
  answering({ droplets: [], links: { pages: { next: 'https://x' } } });
  await expect(client.dropletsTagged('shop-a', {})).rejects.toThrow('did not end');
});
