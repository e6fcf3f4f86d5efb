// What DigitalOcean answered, or did not answer, as one Failure: whose fault, what to do, worth repeating?
import type { Instant } from '../lib/clock.ts';
import { Failure, type Retry } from '../lib/failure.ts';

export type Kind =
  /** An earlier change is still being worked on: nothing was done, it will pass. */
  | 'busy'
  | 'rate-limited'
  /** 5xx, reset, time-out: a write may have been applied. */
  | 'transient'
  /** The token: unknown, or without the scope. */
  | 'denied'
  | 'absent'
  | 'refused'
  /** An answer that is none, or that bgctl does not understand. */
  | 'odd'
  /** Given up because the caller's time was over. */
  | 'stopped';

/** What every part of `cloud/` throws, beside drift; the kind is for `cloud/` alone. */
export class CloudFailure extends Failure {
  readonly kind: Kind;

  constructor(kind: Kind, because: string, options: { retry?: Retry; ambiguous?: boolean } = {}) {
    super('cloud', because, options);
    this.kind = kind;
  }
}

/** What was asked, for sentences and for judging what the answer means. */
export type Call = {
  /** `add droplets 3 and 4 to the load balancer`. */
  readonly does: string;
  /** `load_balancer:update`. */
  readonly scope: string;
  readonly writes: boolean;
};

/** An answer that is no success, or (status null) the lack of one. Holds nothing of the request. */
export type Trouble =
  | {
      readonly status: number;
      /** The API's own sentence; empty where the body was not the API's (a proxy's HTML). */
      readonly message: string;
      readonly requestId: string | null;
      readonly retryAfter: string | null;
      /** Header `ratelimit-reset`, seconds since the epoch. */
      readonly reset: string | null;
    }
  | {
      readonly status: null;
      /** `ECONNRESET` and the like. */
      readonly code: string;
      /** True where the connection itself failed, so nothing was sent. */
      readonly unsent: boolean;
    };

export function failureOf(trouble: Trouble, call: Call, now: Instant): CloudFailure {
  return trouble.status === null ? unanswered(trouble, call) : answered(trouble, call, now);
}

type Answer = Extract<Trouble, { status: number }>;

function answered(answer: Answer, call: Call, now: Instant): CloudFailure {
  const could = `Could not ${call.does}:`;
  const said = `(${answer.status}${answer.message === '' ? '' : `, "${answer.message}"`}${idOf(answer)})`;
  if (isBusy(answer)) {
    return new CloudFailure(
      'busy',
      `${could} DigitalOcean still works on an earlier change of it ${said}. Nothing was changed by this request.`,
      { retry: 'soon' },
    );
  }
  switch (answer.status) {
    case 401:
      return new CloudFailure(
        'denied',
        `${could} DigitalOcean does not accept the token ${said}: it is missing, mistyped, expired or revoked. Nothing was changed; put a valid token in the environment variable that bgctl.yml names.`,
      );
    case 403:
      return new CloudFailure(
        'denied',
        `${could} the token may not do that ${said}. Nothing was changed; give the token the scope ${call.scope}, or a role in its team that has it.`,
      );
    case 404:
      return new CloudFailure(
        'absent',
        `${could} DigitalOcean knows no such thing ${said}. Check the ids in bgctl.yml, and that the token belongs to the team that owns them.`,
      );
    case 429:
      return new CloudFailure(
        'rate-limited',
        `${could} too many requests were made with this token ${said}, perhaps by other programs that share it. Nothing was changed by this request.`,
        { retry: waitOf(answer, now) },
      );
  }
  if (answer.status >= 500) {
    return new CloudFailure(
      'transient',
      `${could} DigitalOcean has trouble of its own ${said}.${doubt(call.writes)}`,
      { retry: 'soon', ambiguous: call.writes },
    );
  }
  if (answer.status < 400) {
    return new CloudFailure(
      'odd',
      `${could} the answer leads elsewhere ${said}, and bgctl does not follow with a token in hand. Check cloud.endpoint in bgctl.yml.`,
    );
  }
  return new CloudFailure(
    'refused',
    `${could} DigitalOcean refuses it ${said}. Nothing was changed by this request.`,
  );
}

/** The text decides, not the status: a busy balancer answers 403 as a missing scope does. */
function isBusy(answer: Answer): boolean {
  if (answer.status < 400 || answer.status >= 500) return false;
  if (/processes previous actions|pending event/i.test(answer.message)) return true;
  return [409, 412, 423].includes(answer.status);
}

function idOf(answer: Answer): string {
  return answer.requestId === null ? '' : `, request ${answer.requestId}`;
}

const longestWaitS = 3600;

/** `retry-after`, else until the reset but 1 to 60 s, else (a reset in the past has been seen) by backing off. */
function waitOf(answer: Answer, now: Instant): Retry {
  const after = Number(answer.retryAfter || Number.NaN);
  if (after >= 0) return { afterMs: Math.min(after, longestWaitS) * 1000 };
  const untilResetMs = Number(answer.reset ?? Number.NaN) * 1000 - now;
  if (untilResetMs > 0) return { afterMs: Math.min(Math.max(untilResetMs, 1000), 60_000) };
  return 'soon';
}

const certificateTrouble = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY|EPROTO/;

function unanswered(trouble: Extract<Trouble, { status: null }>, call: Call): CloudFailure {
  const could = `Could not ${call.does}:`;
  if (trouble.code === 'ERR_CANCELED') {
    return new CloudFailure(
      'stopped',
      `${could} the time for it was over before DigitalOcean answered.${doubt(call.writes)}`,
      { retry: 'soon', ambiguous: call.writes },
    );
  }
  if (/INVALID_URL|UNSUPPORTED_PROTOCOL|BAD_OPTION/.test(trouble.code)) {
    return new CloudFailure(
      'odd',
      `${could} the address of DigitalOcean's API is none (${trouble.code}). Nothing was sent; correct cloud.endpoint in bgctl.yml.`,
    );
  }
  if (certificateTrouble.test(trouble.code)) {
    return new CloudFailure(
      'odd',
      `${could} there is no safe connection to DigitalOcean's API (${trouble.code}). Nothing was sent; check cloud.endpoint in bgctl.yml and the certificates that this machine trusts.`,
    );
  }
  if (trouble.unsent) {
    return new CloudFailure(
      'transient',
      `${could} DigitalOcean's API cannot be reached (${trouble.code}). Nothing was sent; check this machine's network and cloud.endpoint in bgctl.yml.`,
      { retry: 'soon' },
    );
  }
  return new CloudFailure(
    'transient',
    `${could} the connection to DigitalOcean ended without an answer (${trouble.code}).${doubt(call.writes)}`,
    { retry: 'soon', ambiguous: call.writes },
  );
}

function doubt(writes: boolean): string {
  return writes ? ' It may have been done all the same: look before repeating it.' : '';
}
