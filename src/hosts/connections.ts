// Reads `ss` of a container's network: which connections carry a request, and which merely wait for one — pure.
import type { Connections } from '../promotion/observation.ts';

/** Text of the sections that the script on the droplet prints. */
export type Sections = Readonly<Record<string, string>>;

/**
 * Connections to `ports` (as numbered inside the container), bgctl's own probes left out. Unreadable text is
 * counted as busy, never as nothing; null where what lists them is missing (I5).
 */
export function countConnections(sections: Sections, ports: readonly number[]): Connections | null {
  if (sections.table === undefined && sections.inside === undefined) return null;
  const own = ownAddresses(sections.own ?? '');
  const probesOnly = onlySshd(sections.outside ?? '', own);
  const ours = (peer: string | null) =>
    peer !== null && (loopback(peer) || (probesOnly && own.has(peer)));
  if (sections.table !== undefined) {
    const peers = tablePeers(sections.table, ports).filter((peer) => !ours(peer));
    return { open: peers.length, busy: peers.length };
  }
  const lines = (sections.inside ?? '').split('\n').filter((line) => line.trim() !== '');
  const counted = lines.filter((line) => !isReadable(line) || !ours(peerOf(line)));
  const busy = counted.filter((line) => !isReadable(line) || isBusy(line));
  return { open: counted.length, busy: busy.length };
}

/** Null where the text is not whole: its last word is missing, or a section is there twice. */
export function sectionsOf(text: string): Sections | null {
  if (!text.endsWith('\n== end\n')) return null;
  const parts = text.slice(0, -'== end\n'.length).split(/^== (\w+)\n/m);
  const names = parts.filter((_, at) => at % 2 === 1);
  if (parts[0] !== '' || new Set(names).size < names.length) return null;
  return Object.fromEntries(names.map((name, at) => [name, parts[at * 2 + 2] ?? '']));
}

/** Two queues, two addresses with their ports, and what the kernel knows of the connection. */
function isReadable(line: string): boolean {
  return /^\s*\d+\s+\d+\s+\S+:\d+\s+\S+:\d+(\s|$)/.test(line);
}

/** Whatever was sent so recently may be part of an answer that is still being written. */
const streamingMs = 300;
/** Kernel time is in steps of some milliseconds: what was received and sent in one step has no order. */
const undecidedMs = 2500;

/**
 * Whether a request is in flight. The last data was theirs: we owe an answer. The last data was ours: answered.
 * Both in one step of the kernel's clock: their acknowledgement of our answer decides, as it can only be newer than
 * their last data when that was not another request; where it is in the same step too, time must tell.
 */
export function isBusy(line: string): boolean {
  const { received, sent, queued, lastSent, lastReceived, lastAck } = tcpInfo(line);
  if (queued > 0) return true;
  if (lastSent === null || lastReceived === null) return true;
  if (received === 0) return lastSent < streamingMs;
  if (sent === 0 || lastReceived < lastSent || lastSent < streamingMs) return true;
  if (lastReceived > lastSent) return false;
  return lastAck < lastReceived ? false : lastSent < undecidedMs;
}

type TcpInfo = {
  received: number;
  sent: number;
  /** Bytes that the app has not read, or that the peer has not acknowledged. */
  queued: number;
  /** Milliseconds ago. */
  lastSent: number | null;
  lastReceived: number | null;
  lastAck: number;
};

function tcpInfo(line: string): TcpInfo {
  const [unread = '0', unacknowledged = '0'] = line.trim().split(/\s+/);
  const number = (name: string) => {
    const found = new RegExp(`\\s${name}:(\\d+)`).exec(line)?.[1];
    return found === undefined ? null : Number(found);
  };
  const inTransit = (number('unacked') ?? 0) + (number('notsent') ?? 0);
  return {
    received: number('bytes_received') ?? 0,
    sent: number('bytes_sent') ?? number('bytes_acked') ?? 0,
    queued: Number(unread) + Number(unacknowledged) + inTransit,
    lastSent: number('lastsnd'),
    lastReceived: number('lastrcv'),
    lastAck: number('lastack') ?? Number.POSITIVE_INFINITY,
  };
}

/** Fourth column: `172.18.0.1:53022`, `[::ffff:172.18.0.1]:53022`. */
function peerOf(line: string): string {
  const peer = line.trim().split(/\s+/)[3] ?? '';
  return plainAddress(peer.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''));
}

function plainAddress(address: string): string {
  return address.replace(/^::ffff:/i, '').replace(/%.*$/, '');
}

/** A health check inside the container. */
function loopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** From `ip -o addr` or `hostname -I`: probes come out of the droplet's own sshd, through Docker's gateway or its own address. */
function ownAddresses(text: string): ReadonlySet<string> {
  const found = text.match(/[\da-f:.]*[.:][\da-f:.]+(?=[/\s]|$)/gi) ?? [];
  return new Set(found.map(plainAddress));
}

/**
 * A proxy on the droplet itself would look like our probes, and there its connections are the traffic: then
 * nothing is left out.
 */
function onlySshd(outside: string, own: ReadonlySet<string>): boolean {
  const local = outside.split('\n').filter((line) => {
    const to = peerOf(line);
    return loopback(to) || own.has(to);
  });
  return local.every((line) => !line.includes('users:') || /users:\(\("sshd/.test(line));
}

const tableHead = /^\s*sl\s+local_address\s/;
const tableLine =
  /^\s*\d+:\s+([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4})\s+([\dA-F]{8}|[\dA-F]{32}):[\dA-F]{4}\s+([\dA-F]{2})(?:\s|$)/i;

/** Peers of established connections to `ports` in /proc/net/tcp and tcp6; null for a line that cannot be read. */
function tablePeers(text: string, ports: readonly number[]): readonly (string | null)[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !tableHead.test(line));
  return lines.flatMap((line) => {
    const found = tableLine.exec(line);
    if (found === null) return [null];
    const [, , port = '', peer = '', state] = found;
    return state === '01' && ports.includes(Number.parseInt(port, 16)) ? [fromHex(peer)] : [];
  });
}

/** The kernel writes addresses as 32-bit words in the machine's order; all of DigitalOcean's are little-endian. */
function fromHex(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse());
  const mapped = /^0{20}F{4}/i.test(bytes.join(''));
  if (bytes.length === 4 || mapped) {
    return bytes
      .slice(-4)
      .map((byte) => Number.parseInt(byte, 16))
      .join('.');
  }
  const groups = bytes.join('').match(/.{4}/g) ?? [];
  const text = groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
  return text === '0:0:0:0:0:0:0:1' ? '::1' : text;
}
