// A bare client of the API whose every request and response is judged by the published description.
import { openapi } from '../builders/openapi.ts';
import { token } from './account.ts';

interface Reply {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the tests read deep into JSON whose shape was just judged
  body: any;
}

interface CallOptions {
  token?: string | null;
  /** The request is wrong on purpose: do not judge it. */
  wrong?: boolean;
}

export type Call = (
  method: string,
  path: string,
  body?: unknown,
  options?: CallOptions,
) => Promise<Reply>;

/** Calls paths below `endpoint`, such as `/load_balancers?page=2`. */
export function apiClient(endpoint: string): Call {
  return async (method, path, body, options = {}) => {
    const known = openapi();
    if (options.wrong !== true)
      expectNone(known?.validateRequest(method, `/v2${path}`, body) ?? []);
    const bearer = options.token === undefined ? token : options.token;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${endpoint}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(body === undefined ? {} : { body: text }),
      signal: AbortSignal.timeout(3000),
    });
    const answer = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    const parsed: unknown = isJson ? JSON.parse(answer) : answer;
    if (isJson || response.status === 204)
      expectNone(known?.validateResponse(method, `/v2${path}`, response.status, parsed) ?? []);
    return { status: response.status, headers: response.headers, body: parsed };
  };
}

function expectNone(complaints: string[]): void {
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
}
