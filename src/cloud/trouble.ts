// An error of the HTTP library → the few harmless words of it that are needed; the rest holds the token.
import { isAxiosError } from 'axios';
import type { Trouble } from './failure.ts';

/** `token` is blotted out, should an answer echo it. */
export function troubleOf(error: unknown, token: string): Trouble {
  const answer = isAxiosError(error) ? error.response : undefined;
  // An answer that was cut off has a status and no body: whether it was a success cannot be said.
  if (answer === undefined || answer.status < 300) return silence(error);
  const header = (name: string): string | null => {
    const value: unknown = answer.headers[name];
    return typeof value === 'string' ? value : null;
  };
  const body = bodyOf(answer.data);
  const id = body.requestId ?? header('x-request-id');
  return {
    status: answer.status,
    message: tidy(body.message, token),
    requestId: id !== null && /^[\w-]{1,64}$/.test(id) ? tidy(id, token) : null,
    retryAfter: header('retry-after'),
    reset: header('ratelimit-reset'),
  };
}

const neverSent = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];

function silence(error: unknown): Trouble {
  const { code, syscall } = typeof error === 'object' && error !== null ? readable(error) : {};
  const known = typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'no code';
  return {
    status: null,
    code: known,
    unsent: neverSent.includes(known) || syscall === 'connect' || syscall === 'getaddrinfo',
  };
}

/** axios keeps the socket's error in `cause`, and `syscall` only there. */
function readable(error: object): { code?: unknown; syscall?: unknown } {
  const cause = 'cause' in error && typeof error.cause === 'object' ? error.cause : null;
  return {
    code: 'code' in error ? error.code : undefined,
    syscall: cause !== null && 'syscall' in cause ? cause.syscall : undefined,
  };
}

function bodyOf(data: unknown): { message: string; requestId: string | null } {
  if (typeof data !== 'object' || data === null) return { message: '', requestId: null };
  return {
    message: 'message' in data && typeof data.message === 'string' ? data.message : '',
    requestId: 'request_id' in data && typeof data.request_id === 'string' ? data.request_id : null,
  };
}

const longest = 300;

function tidy(text: string, token: string): string {
  return text
    .replaceAll(token, '[token]')
    .replaceAll(/\bdo[opr]_v1_[0-9a-f]{16,}\b/g, '[token]')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .slice(0, longest);
}
