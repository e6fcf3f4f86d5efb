// A webhook: one POST of JSON; any 2xx is well. Its address is never told, as it may hold a secret.
import axios from 'axios';
import { Failure } from '../lib/failure.ts';
import type { Call } from './call.ts';

export async function callWebhook(template: string, given: Call): Promise<void> {
  const { hook, call, signal } = given;
  const { id, app, release, phase, reason } = call;
  const url = resolved(template, given);
  const { status } = await axios
    .post(
      url,
      { id, app, release, phase, reason, hook: hook.name },
      {
        headers: { 'bgctl-hook-id': id },
        timeout: hook.timeoutMs,
        signal: AbortSignal.any([signal, AbortSignal.timeout(hook.timeoutMs)]),
        // Whoever answers from elsewhere was not named in the policy.
        maxRedirects: 0,
        maxContentLength: 1_000_000,
        responseType: 'text',
        validateStatus: () => true,
      },
    )
    .catch((error: unknown) => {
      throw new Failure('hook', signal.aborted ? 'it was no longer wanted' : trouble(error));
    });
  if (status < 200 || status > 299) throw new Failure('hook', `it answered HTTP ${status}`);
}

/** A library's error as it came holds the address: only its code is told. */
function trouble(error: unknown): string {
  const code = axios.isAxiosError(error) ? error.code : undefined;
  if (code === 'ECONNABORTED' || code === 'ERR_CANCELED') return 'it did not answer in time';
  return `it cannot be reached${code === undefined ? '' : ` (${code})`}`;
}

/** With the values of the environment in place of `${NAME}`; bgctl's own secrets are not among them (I8). */
function resolved(template: string, { environment, withheld }: Call): string {
  return template.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    if (withheld.includes(name))
      throw new Failure('hook', `the environment variable ${name} is not set for hooks`);
    const value = environment[name];
    if (value === undefined || value === '')
      throw new Failure('hook', `the environment variable ${name} is not set`);
    return value;
  });
}
