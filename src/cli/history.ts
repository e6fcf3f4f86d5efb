// The journal as promotions: who asked, when, how each ended and why. Pure.
import type { Policy } from '../policy/policy.ts';
import { genesis, type Outcome } from '../promotion/app.ts';
import type { Entry } from '../promotion/entry.ts';
import { apply } from '../promotion/fold.ts';
import type { Release } from '../promotion/release.ts';

export type Promotion = {
  readonly release: Release;
  readonly pool: string;
  readonly by: string;
  readonly askedAt: number;
  /** Who let it pass the human gate; null where nobody was asked, or nobody answered. */
  readonly approved: { readonly by: string; readonly at: number } | null;
  /** Null while it is under way or held. */
  readonly outcome: Outcome | null;
  /** Its lines of the journal, from `asked` to the end. */
  readonly entries: readonly Entry[];
};

/** Oldest first. */
export function promotionsOf(
  name: string,
  policy: Policy,
  entries: readonly Entry[],
): readonly Promotion[] {
  const promotions: (Promotion & { entries: Entry[] })[] = [];
  let app = genesis(name, policy);
  for (const entry of entries) {
    const before = app.last;
    app = apply(app, entry);
    if (entry.type === 'asked' && entry.command.kind === 'promote')
      promotions.push({
        release: entry.command.release,
        pool: entry.command.pool,
        by: entry.by,
        askedAt: entry.at,
        approved: null,
        outcome: null,
        entries: [],
      });
    const current = promotions.at(-1);
    if (current === undefined) continue;
    current.entries.push(entry);
    const approved = app.approval?.given ?? current.approved;
    const ended = app.last !== before && app.last?.release === current.release.id;
    const outcome = ended ? app.last : current.outcome;
    promotions[promotions.length - 1] = { ...current, approved, outcome };
  }
  return promotions;
}
