// Images of a droplet by digest, as a Docker Engine lists them.
import { Agent, createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dockerOn } from '../../src/hosts/docker.ts';
import type { SshHost } from '../../src/hosts/ssh.ts';
import { systemClock } from '../../src/lib/clock.ts';

let engine: Server;
let answer: unknown;
beforeEach(async () => {
  engine = createServer((request, response) => {
    const known = request.url?.startsWith('/images/json');
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(known ? answer : {}));
  });
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  engine.closeAllConnections();
  engine.close();
});

function images() {
  const agent = new Agent();
  const { port } = engine.address() as AddressInfo;
  agent.createConnection = () => connect(port, '127.0.0.1');
  return dockerOn({ dockerAgent: agent } as unknown as SshHost, 1, systemClock).images();
}

test('are those that have one; an image that was built there has none', async () => {
  answer = [
    { Id: '1', RepoDigests: ['a@sha256:1', 'b@sha256:1'] },
    { Id: '2', RepoDigests: null },
    { Id: '3' },
  ];
  expect(await images()).toEqual(['a@sha256:1', 'b@sha256:1']);
});

test('that were not listed whole are a Failure, not none', async () => {
  answer = { message: 'no' };
  await expect(images()).rejects.toThrow('Listing images: Docker');
});
