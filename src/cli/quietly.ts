// A controller that nobody watches: for reading and asking.
import type { Controller } from '../controller/controller.ts';
import type { App } from '../promotion/app.ts';
import type { Entry } from '../promotion/entry.ts';
import { fold } from '../promotion/fold.ts';
import type { Connection, Records } from './connect.ts';

export function quietly(connection: Connection): Controller {
  return connection.controller({ turned() {}, wrote() {} });
}

/** The app as the journal has it: nobody else is asked. */
export async function recorded({
  settings,
  policy,
  journal,
}: Pick<Records, 'settings' | 'policy' | 'journal'>): Promise<{
  app: App;
  entries: readonly Entry[];
  torn: string | null;
}> {
  const { entries, torn } = await journal.read();
  return { app: fold(settings.app, policy, entries), entries, torn };
}
