// Hears that others wrote, over a connection of its own: a courtesy, never required.
import type { Clock } from '../../lib/clock.ts';
import type { Session } from './session.ts';

/** Where it is told that an app's journal has grown. */
export const channel = 'bgctl';
const pauseMs = 5_000;

/** What is told there with every append; its writer knows its own by it. */
export function toldOf(app: string, writer: string): string {
  return `${writer} ${app}`;
}

export type ListenGiven = {
  readonly open: () => Promise<Session>;
  readonly clock: Clock;
  readonly app: string;
  /** Whose appends are no news. */
  readonly writer: string;
  readonly ring: () => void;
};

/** Listens until the returned function is called, which never rejects; no ring comes after that call. */
export function listen({ open, clock, app, writer, ring }: ListenGiven): () => Promise<void> {
  const ended = new AbortController();
  const { signal } = ended;
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

  const hear = (payload: string) => {
    const ours = payload === toldOf(app, writer) || !payload.endsWith(` ${app}`);
    if (!ours && !signal.aborted) ring();
  };

  async function once(missed: boolean): Promise<void> {
    const session = await open();
    try {
      session.onNotification(hear);
      await session.rows('reading', `listen ${channel}`);
      // What was written while nobody listened.
      if (missed && !signal.aborted) ring();
      await Promise.race([session.over, stopped]);
    } finally {
      await session.end();
    }
  }

  const listening = (async () => {
    for (let missed = false; !signal.aborted; missed = true) {
      await once(missed).catch(() => undefined);
      await clock.sleep(pauseMs, signal);
    }
  })();
  return async () => {
    ended.abort();
    await listening;
  };
}
