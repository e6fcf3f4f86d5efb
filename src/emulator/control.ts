// The emulator's own endpoints for tests, under /_emulator: knobs, faults, and what nobody else can see.
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Account } from './account.ts';
import type { Answer } from './routes.ts';

const editSchema = z.strictObject({
  balancer: z.string(),
  dropletIds: z.array(z.int()).optional(),
  status: z.enum(['active', 'errored']).optional(),
});

const dropletSchema = z.strictObject({ id: z.int() });

type Act = (account: Account, body: unknown) => unknown;

const acts: Record<string, Act> = {
  'GET /_emulator/state': (account) => account.state(),
  'GET /_emulator/requests': (account) => account.log,
  'POST /_emulator/knobs': (account, body) => account.turn(body),
  'POST /_emulator/faults': (account, body) => account.faults.order(body),
  'DELETE /_emulator/faults': (account) => account.faults.clear(),
  'POST /_emulator/edit': (account, body) => {
    const { balancer, dropletIds, status } = editSchema.parse(body);
    account.edit({
      balancer,
      ...(dropletIds === undefined ? {} : { dropletIds }),
      ...(status === undefined ? {} : { status }),
    });
  },
  'POST /_emulator/destroy-droplet': (account, body) =>
    account.destroyDroplet(dropletSchema.parse(body).id),
};

/** Does what a test orders; 400 with the reason when it cannot. */
export async function control(
  account: Account,
  request: IncomingMessage,
  text: string,
): Promise<Answer> {
  const act = acts[`${request.method} ${request.url}`];
  if (act === undefined) return { status: 404, body: { message: `no ${request.url}` } };
  try {
    return { status: 200, body: await act(account, text === '' ? {} : JSON.parse(text)) };
  } catch (error) {
    return { status: 400, body: { message: error instanceof Error ? error.message : 'refused' } };
  }
}
