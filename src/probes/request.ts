// One HTTP request of a probe as it is sent: marked, and with its references filled in at the last moment.
import { filled, masked } from '../lib/references.ts';
import type { HttpRequest } from '../policy/probe-spec.ts';

/** Value of an environment variable of this process. */
export type Variables = (name: string) => string | undefined;

/** Says in every request of a probe for which environment it was sent, so that an app can leave it out of its counts. */
const markHeader = 'bgctl-probe';

export type Ready =
  | {
      readonly ok: true;
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: string;
      /** Takes out of a text what was filled in (I8). */
      readonly clean: (text: string) => string;
    }
  | { readonly ok: false; readonly because: string };

export function ready(
  { method = 'GET', headers = {}, body = '' }: Pick<HttpRequest, 'method' | 'headers' | 'body'>,
  project: string,
  variables: Variables,
): Ready {
  const full = { ...headers, [markHeader]: project };
  const values = Object.entries(full).map(
    ([name, value]) => [name, filled(value, variables)] as const,
  );
  const text = filled(body, variables);
  const parts = [...values.map(([, value]) => value), text];
  const missing = parts.find((part) => !part.ok);
  if (missing !== undefined && !missing.ok)
    return {
      ok: false,
      because: `the request needs \${${missing.missing}}, which is not set here`,
    };
  const secrets = parts.flatMap((part) => (part.ok ? part.values : []));
  const pairs = values.map(([name, value]) => [name, value.ok ? value.text : ''] as const);
  return {
    ok: true,
    method,
    headers: Object.fromEntries(pairs),
    ...(text.ok && text.text !== '' ? { body: text.text } : {}),
    clean: (said) => masked(said, secrets),
  };
}
