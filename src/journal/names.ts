// Names of the journal's files and numbers of its entries: what all places of a journal agree on.
import { createHash } from 'node:crypto';
import { assert } from '../lib/assert.ts';
import type { Instant } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import type { Entry, Fact } from '../promotion/entry.ts';

export function checkAppName(app: string): void {
  assert(/^\w[\w.-]*$/.test(app), `${app} can be a file name`);
}

/** `<hash>.yml`; a hash is never a path. */
export function blobName(hash: string): string {
  assert(/^\w[\w:.-]*$/.test(hash), `${hash} can be a file name`);
  return `${hash}.yml`;
}

/** `<app>.<name>.json`; a name is never a path. */
export function keptName(app: string, name: string): string {
  assert(/^\w[\w.-]*$/.test(name), `${name} can be a file name`);
  return `${app}.${name}.json`;
}

/** The facts as the entries that follow `afterSeq`. */
export function numbered(facts: readonly Fact[], afterSeq: number, at: Instant): readonly Entry[] {
  return facts.map((fact, index) => ({ ...fact, seq: afterSeq + 1 + index, at }));
}

export function missing(hash: string, place: string): Failure {
  return new Failure(
    'journal',
    `the compose file ${hash} is not kept beside ${place}. Promote the release again to store it.`,
  );
}

/** The compose file that was kept under this hash; what was damaged since must not be started. */
export function checkKept(hash: string, text: string, place: string): string {
  const is = createHash('sha256').update(text).digest('hex');
  if (!/^[0-9a-f]{64}$/.test(hash) || is === hash) return text;
  throw new Failure(
    'journal',
    `the compose file ${hash} that is kept beside ${place} is damaged: its content has another hash. Promote the release again to store it.`,
  );
}
