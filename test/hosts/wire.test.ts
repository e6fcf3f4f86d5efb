// HTTP over streams that are not sockets: what fails before a request could use it fails the request.
import { createServer, get } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { agentOver } from '../../src/hosts/wire.ts';

function ask(open: () => Promise<Duplex>): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get('http://anywhere/', { agent: agentOver(open) }, (answer) =>
      resolve(text(answer)),
    );
    asked.on('error', reject);
  });
}

test('a request goes over the stream that was opened for it, wherever its address points', async () => {
  const server = createServer((_request, response) => response.end('here'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  expect(await ask(() => Promise.resolve(connect(port, '127.0.0.1')))).toBe('here');
  server.close();
});

test('a stream that cannot be opened fails the request with the reason', async () => {
  await expect(ask(() => Promise.reject(new Error('no way')))).rejects.toThrow('no way');
});

test('a stream that was lost before the request could use it fails the request', async () => {
  const stream = new Duplex();
  stream.on('error', () => {});
  stream.destroy(new Error('lost'));
  await new Promise((resolve) => setImmediate(resolve));
  await expect(ask(() => Promise.resolve(stream))).rejects.toThrow('lost');
});
