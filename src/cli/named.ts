// A release that a command names: its promotion in the journal, or a refusal that says which there are.
import type { Policy } from '../policy/policy.ts';
import type { Entry } from '../promotion/entry.ts';
import { type Promotion, promotionsOf } from '../promotion/history.ts';
import { refused } from './exit.ts';

export const nothingPromoted = 'No release was promoted yet.';

/** The newest of that number. */
export function promotionNamed(
  release: string,
  {
    app,
    policy,
    entries,
  }: { readonly app: string; readonly policy: Policy; readonly entries: readonly Entry[] },
): Promotion {
  const promotions = promotionsOf(app, policy, entries);
  const found = promotions.findLast((one) => one.release.id === release);
  if (found !== undefined) return found;
  const known = promotions.map((one) => one.release.id).slice(-5);
  throw refused(
    known.length === 0
      ? nothingPromoted
      : `${release} is not in the journal; the last are ${known.join(', ')}`,
  );
}
