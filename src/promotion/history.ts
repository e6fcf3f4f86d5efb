// The journal as promotions: who asked, when, how each ended and why.
import type { Instant } from '../lib/clock.ts';
import type { Policy } from '../policy/policy.ts';
import { type App, environmentsOf, genesis, type Outcome } from './app.ts';
import type { Command } from './command.ts';
import type { Entry } from './entry.ts';
import type { Environment } from './environment.ts';
import { apply } from './fold.ts';
import type { Release } from './release.ts';

export type Promotion = {
  readonly release: Release;
  readonly pool: string;
  readonly by: string;
  readonly askedAt: Instant;
  /** Who let it pass the human gate; null where nobody was asked, or nobody answered. */
  readonly approved: { readonly by: string; readonly at: Instant } | null;
  /** As it was asked for: droplets, and the policy in force. */
  readonly command: Extract<Command, { kind: 'promote' }>;
  /** What served before. */
  readonly before: Environment | null;
  /** Null while it is under way or held. */
  readonly outcome: Outcome | null;
  /** Its lines of the journal, from `asked` to the next promotion. */
  readonly entries: readonly Entry[];
  /** How many of them had been written when it ended; all, while it has not. */
  readonly length: number;
  /** The app at its end; as it is now, while it has not ended. */
  readonly app: App;
};

/** Oldest first. */
export function promotionsOf(
  name: string,
  policy: Policy,
  entries: readonly Entry[],
): readonly Promotion[] {
  const promotions: Promotion[] = [];
  let app = genesis(name, policy);
  for (const entry of entries) {
    const before = app;
    app = apply(app, entry);
    if (entry.type === 'asked' && entry.command.kind === 'promote')
      promotions.push(begun(before, entry, entry.command));
    const current = promotions.pop();
    if (current !== undefined) promotions.push(grown(current, entry, before, app));
  }
  return promotions;
}

function begun(
  app: App,
  { by, at }: Extract<Entry, { type: 'asked' }>,
  command: Promotion['command'],
): Promotion {
  const { release, pool } = command;
  const before = environmentsOf(app).live;
  const empty = { approved: null, outcome: null, entries: [], length: 0, app };
  return { release, pool, by, askedAt: at, command, before, ...empty };
}

function grown(promotion: Promotion, entry: Entry, before: App, app: App): Promotion {
  const entries = [...promotion.entries, entry];
  if (promotion.outcome !== null) return { ...promotion, entries };
  const ended = app.last !== before.last && app.last?.release === promotion.release.id;
  const approved = app.approval?.given ?? promotion.approved;
  return {
    ...promotion,
    approved,
    entries,
    length: entries.length,
    app,
    outcome: ended ? app.last : null,
  };
}
