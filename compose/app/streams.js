// What the sample app does at length: WebSockets, server-sent events, large bodies.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const bytesMax = 1_000_000_000;
const chunkBytes = 65_536;
const messageBytesMax = 65_536;
const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const goingAway = 1001;

/** Ends each of these well when the app stops. */
const open = new Set();

export function endStreams() {
  for (const end of open) end();
}

/** One event at once, then one every `every` milliseconds, numbered, until somebody ends it. */
export function events(response, url, identity) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const every = Math.max(10, Number(url.searchParams.get('every') ?? 1000) || 0);
  let sent = 0;
  const tell = () => {
    response.write(`data: ${JSON.stringify({ ...identity, n: sent })}\n\n`);
    sent += 1;
  };
  tell();
  const timer = setInterval(tell, every);
  // Its head promised to keep the connection; an app that stops must free it.
  const { socket } = response;
  const end = () => response.end('event: end\ndata: {}\n\n', () => socket?.destroySoon());
  open.add(end);
  response.on('close', () => {
    clearInterval(timer);
    open.delete(end);
  });
}

/** So many bytes; each four of them are their own number, so that a gap or a swap shows. */
export async function download(response, url) {
  const bytes = Math.min(bytesMax, Math.max(0, Number(url.searchParams.get('bytes') ?? 0) || 0));
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes });
  await pipeline(Readable.from(numbered(bytes)), response).catch(() => {
    // Who has left gets no more.
  });
}

function* numbered(bytes) {
  for (let sent = 0; sent < bytes; sent += chunkBytes) {
    const words = new Uint32Array(chunkBytes / 4);
    for (let i = 0; i < words.length; i += 1) words[i] = sent / 4 + i;
    yield Buffer.from(words.buffer).subarray(0, Math.min(chunkBytes, bytes - sent));
  }
}

/** Calls back with what arrived: how many bytes, and their SHA-256. Not at all when the client leaves early. */
export function upload(request, answer) {
  const hash = createHash('sha256');
  let bytes = 0;
  request.on('data', (part) => {
    bytes += part.length;
    hash.update(part);
  });
  request.on('end', () => answer({ bytes, sha256: hash.digest('hex') }));
}

/** A WebSocket that says who it is and then gives every message back. */
export function echoSocket(request, socket, head, identity) {
  const key = request.headers['sec-websocket-key'];
  if (key === undefined) return void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  const accept = createHash('sha1')
    .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.setTimeout(0).setNoDelay(true);
  const close = (code) => {
    const reason = Buffer.alloc(2);
    reason.writeUInt16BE(code);
    socket.end(frame(opcodes.close, reason));
  };
  const end = () => close(goingAway);
  open.add(end);
  socket.on('close', () => open.delete(end));
  socket.write(frame(opcodes.text, Buffer.from(JSON.stringify(identity))));
  let received = head;
  const read = () => {
    for (let one = messageIn(received); one !== null; one = messageIn(received)) {
      if (one === 'too long') return void socket.destroy();
      received = received.subarray(one.length);
      if (one.opcode === opcodes.close) close(1000);
      else if (one.opcode === opcodes.ping) socket.write(frame(opcodes.pong, one.data));
      else if (one.opcode !== opcodes.pong) socket.write(frame(one.opcode, one.data));
    }
  };
  socket.on('data', (part) => {
    received = Buffer.concat([received, part]);
    read();
  });
  socket.on('end', () => socket.end());
  read();
}

/** The first whole frame; every frame of a client is masked, and a message of ours is one frame. */
function messageIn(bytes) {
  if (bytes.length < 2) return null;
  const short = bytes[1] & 0x7f;
  const wide = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (bytes.length < 2 + wide) return null;
  const size =
    wide === 0 ? short : wide === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (size > messageBytesMax) return 'too long';
  const start = 2 + wide + 4;
  if (bytes.length < start + size) return null;
  const mask = bytes.subarray(start - 4, start);
  const data = Buffer.from(bytes.subarray(start, start + size)).map(
    (byte, i) => byte ^ mask[i % 4],
  );
  return { opcode: bytes[0] & 0x0f, data, length: start + size };
}

function frame(opcode, data) {
  const size = data.length;
  const head =
    size < 126
      ? Buffer.from([0x80 | opcode, size])
      : Buffer.from([0x80 | opcode, 126, size >> 8, size & 0xff]);
  return Buffer.concat([head, data]);
}
