// The far side of a journal on a droplet: what is asked of the script there, and what its answers mean.
import { Failure } from '../lib/failure.ts';
import { encode } from './codec.ts';
import type { Addition, FarSide, Look } from './far.ts';
import { emptyLog, extended, grown, type Log, rereadFrom } from './log.ts';
import { order, type Remote } from './remote.ts';
import { emptyToken, endMark } from './script.ts';

/** The entries' file as it was; the token names this content and no other. */
type KnownFile = Log & { readonly token: string };

export function dropletSide(remote: Remote): FarSide<KnownFile> {
  const { place } = remote;
  return {
    place,
    nothing: { ...emptyLog, token: emptyToken },
    look: (before) => look(remote, before),
    extend: (known, addition) => extend(remote, known, addition),
    swap: async (before, after) =>
      (await order(remote, 'swap', [before], after)).first === 'swapped',
  };
}

/** Null where the file is not what `before` became: it must be read from its beginning. */
async function look(remote: Remote, before: KnownFile): Promise<Look<KnownFile> | null> {
  const { place } = remote;
  const { first: token, rest } = await order(remote, 'read', [String(rereadFrom(before) + 1)]);
  const end = rest.indexOf('\n');
  if (!/^\d+ \d+$/.test(token) || end < 0 || !rest.endsWith(endMark)) throw cut(place);
  const text = rest.slice(end + 1, -endMark.length);
  const size = Number(token.split(' ')[1]);
  const whole = Buffer.byteLength(text) === Math.max(0, size - rereadFrom(before));
  // What is not UTF-8 was replaced on the way, so that the lengths do not agree.
  const replaced = text.includes('\ufffd');
  if (!whole && !replaced) throw cut(place);
  const log = grown(before, Buffer.from(text), place);
  if (log === null) return null;
  if (!whole && log.torn === null)
    throw new Failure(
      'journal',
      `${place} holds bytes that are not UTF-8 text. Nothing was changed; restore the file from a copy.`,
    );
  return { known: { ...log, token }, leaseLine: rest.slice(0, end) };
}

/** A part that is missing must not be taken for one that was never written, and be cut off there by the next append. */
function cut(place: string): Failure {
  return new Failure('journal', `the answer of ${place} did not arrive whole.`, { retry: 'soon' });
}

async function extend(
  remote: Remote,
  known: KnownFile,
  { entries, leaseStart }: Addition,
): Promise<KnownFile | 'lease-lost' | 'moved'> {
  const text = encode(entries);
  const words = [known.token, String(known.goodBytes), leaseStart];
  const { first, stderr } = await order(remote, 'append', words, text);
  const [done, ...rest] = first.split(' ');
  switch (done) {
    case 'appended':
      return { ...extended(known, entries, text), token: rest.join(' ') };
    case 'lease-lost':
    case 'moved':
      return done;
    default:
      throw notWritten(remote.place, done === 'undone', stderr);
  }
}

function notWritten(place: string, undone: boolean, said: string): Failure {
  const safe = undone
    ? 'Nothing was recorded, and so nothing was begun; make room there and run `bgctl resume`.'
    : 'Whether it was recorded is not known; look at the disk there, then run `bgctl resume`.';
  return new Failure('journal', `${place} could not be written: ${said} ${safe}`, {
    ambiguous: !undone,
  });
}
