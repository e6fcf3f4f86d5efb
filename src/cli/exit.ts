// How it ended → a message and an exit code (README, "Exit codes").
import type { Ending } from '../controller/status.ts';
import { formatProblems, type Problem } from '../policy/problem.ts';
import { legal, type Refusal } from '../promotion/admit.ts';
import { type App, awaited, environmentsOf, type In, underWay } from '../promotion/app.ts';
import { keepable, keptBecause } from '../promotion/warmth.ts';
import { dayAndTime } from './clock.ts';

export const exit = {
  done: 0,
  refused: 2,
  failedBefore: 10,
  rolledBack: 11,
  abortedByOther: 12,
  held: 13,
  busy: 14,
  drift: 15,
  unreachable: 16,
  underWay: 17,
  bug: 70,
} as const;

/** For `bgctl --help`. */
export const exitCodes = `Exit codes:
   0  done
   2  refused before anything was touched
  10  failed before the commit point, was removed
  11  rolled back
  12  aborted by somebody else, or another release came instead
  13  held: a person must choose
  14  busy: another release is under way, or another controller took over
  15  drift: the load balancer is not as the journal has it
  16  the world could not be reached
  17  still under way when the watching ended
  70  a bug in bgctl`;

type ExitCode = (typeof exit)[keyof typeof exit];

export type Conclusion = {
  readonly code: ExitCode;
  /** One word for machines. */
  readonly outcome: string;
  readonly message: string;
  /** More for machines. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** Said after the message, to people. */
  readonly hint?: string;
  /** Each with its place, where files were found wrong. */
  readonly problems?: readonly Problem[];
  /** For GitHub Actions: what the run's page shows, and what later steps may use. */
  readonly evidence?: Evidence;
};

export type Evidence = {
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
};

/** Ends a command early; caught in one place. */
export class Exit extends Error {
  readonly conclusion: Conclusion;

  constructor(conclusion: Conclusion) {
    super(conclusion.message);
    this.conclusion = conclusion;
  }
}

export function refused(message: string): Exit {
  return new Exit({ code: exit.refused, outcome: 'refused', message });
}

/** Files were found wrong before anything was touched. */
export function unfit(problems: readonly Problem[]): Exit {
  const message = `${formatProblems(problems)}\nNothing was touched.`;
  return new Exit({ code: exit.refused, outcome: 'refused', message, problems });
}

export function refusal({ refused: message, instead, why }: Refusal): Conclusion {
  const code = {
    busy: exit.busy,
    held: exit.held,
    drift: exit.drift,
    precondition: exit.refused,
  }[why];
  return {
    code,
    outcome: why === 'precondition' ? 'refused' : why,
    message: instead === undefined ? message : `${message}; ${instead}`,
  };
}

export type Wanted =
  | { readonly kind: 'promote'; readonly release: string }
  | { readonly kind: 'abort' }
  | { readonly kind: 'resolve' }
  /** `aborting`: going back had been decided before it came. */
  | { readonly kind: 'resume'; readonly aborting: boolean };

/** What the command tells: by what was wanted and how driving or following ended. */
export function conclude(wanted: Wanted, ending: Ending): Conclusion {
  switch (ending.is) {
    case 'reached':
      return reached(ending);
    case 'unreachable':
      return {
        code: exit.unreachable,
        outcome: 'unreachable',
        message: `The world could not be reached: ${ending.because}. Nothing was removed; \`bgctl resume\` goes on.`,
      };
    case 'interrupted':
      return interrupted(wanted, ending);
    case 'fenced':
      return {
        code: exit.busy,
        outcome: 'fenced',
        message: `Somebody else works on ${ending.app.name} with another journal: ${ending.because} Nothing more was begun here. An app has one journal: compare \`journal\` in both bgctl.yml.`,
      };
    case 'replaced':
      return {
        code: exit.busy,
        outcome: 'busy',
        message: `Another controller drives ${ending.app.name} now; \`bgctl status --watch\` shows it.`,
      };
    case 'rest':
      return ending.app.phase === 'held' ? held(ending.app) : rested(wanted, ending.app);
  }
}

function reached({ app, what }: Extract<Ending, { is: 'reached' }>): Conclusion {
  const { live, other } = environmentsOf(app);
  const subject = (what === 'ready' ? other : live)?.release.id ?? app.name;
  const said = what === 'ready' ? 'is proven and ready to be switched to' : 'has all traffic';
  if (what === 'ready' && awaited(app) !== null)
    return {
      code: exit.done,
      outcome: what,
      message: `${subject} is proven and waits for a person: ${awaitedText(app)}`,
    };
  return {
    code: exit.done,
    outcome: what,
    message: `${subject} ${said}. The promotion is not over: \`bgctl resume\` goes on, \`bgctl abort\` goes back.`,
  };
}

function interrupted(
  wanted: Wanted,
  { app, because, followed = false }: Extract<Ending, { is: 'interrupted' }>,
): Conclusion {
  if (app.phase === 'idle' && app.asked === null) return rested(wanted, app);
  if (awaited(app) !== null)
    return {
      code: exit.underWay,
      outcome: 'approval-awaited',
      message: `Approval awaited (${because}): ${underWay(app)} passed its gates and waits for a person. ${awaitedText(app)}`,
    };
  if (keepable(app) !== null && keptBecause(app) !== null && isSwitched(app))
    return {
      code: exit.underWay,
      outcome: 'kept-warm',
      message: `Stopped watching (${because}). ${keepable(app)?.project} is ${keptBecause(app)}, so ${underWay(app)} is not done; \`bgctl hold --off\` lets it go, \`bgctl resume\` goes on.`,
    };
  return {
    code: exit.underWay,
    outcome: 'under-way',
    message: `Stopped watching (${because}). ${standing(app, followed)}`,
  };
}

/** Where it stands, and whether it goes on by itself. */
function standing(app: App, followed: boolean): string {
  if (followed)
    return `${app.name} is ${app.phase}; whoever drives it goes on. \`bgctl status --watch\` follows it.`;
  if (app.phase === 'idle' && app.asked?.kind === 'promote')
    return `${app.asked.release.id} stands in the journal and was not begun; \`bgctl resume\` begins it, \`bgctl abort\` takes it back.`;
  return `${app.name} is ${app.phase}; nothing new was begun. Go on with ${legal(app).join(' or ')}.`;
}

function isSwitched({ phase }: App): boolean {
  return phase === 'verifying' || phase === 'retiring';
}

/** `bgctl approve r42`, and what becomes of it where nobody says so. */
function awaitedText(app: App): string {
  const until = awaited(app)?.until ?? null;
  const { onExpire } = app.policy.gate.approval ?? {};
  const end = onExpire === 'hold' ? 'the app is held' : 'it is removed';
  const limit = until === null ? '' : ` until ${dayAndTime(until)} UTC, after that ${end}`;
  return `\`bgctl approve ${underWay(app)}\` lets it go on${limit}; \`bgctl abort\` goes back.`;
}

function held(app: In<'held'>): Conclusion {
  const drift = app.kind === 'drift';
  return {
    code: drift ? exit.drift : exit.held,
    outcome: drift ? 'drift' : 'held',
    message: `${app.name} is held: ${app.reason}. Nothing is changed until you choose: ${legal(app).join(' or ')}.`,
  };
}

function rested(wanted: Wanted, app: App): Conclusion {
  const { last } = app;
  const live = environmentsOf(app).live?.release.id ?? 'nothing';
  if (wanted.kind === 'resolve' || last === null)
    return { code: exit.done, outcome: 'done', message: `${app.name} is idle; ${live} is live.` };
  if (wanted.kind === 'promote' && last.release !== wanted.release)
    return {
      code: exit.abortedByOther,
      outcome: 'superseded',
      message: `${wanted.release} was not promoted; last was ${last.release}: ${last.because}.`,
    };
  const left = leftovers(app);
  switch (last.is) {
    case 'promoted':
      return {
        code: exit.done,
        outcome: 'promoted',
        message: `${last.release} is live and verified.${left}`,
      };
    case 'failed':
      return {
        code: exit.failedBefore,
        outcome: 'failed',
        message: `${last.release} failed and was removed; ${live} never lost traffic. ${last.because}${left}`,
      };
    case 'rolled-back':
      return {
        code: exit.rolledBack,
        outcome: 'rolled-back',
        message: `${last.release} was rolled back; ${live} serves again. ${last.because}${left}`,
      };
    case 'aborted':
      return {
        code: isAbortOfOthers(wanted) ? exit.abortedByOther : exit.done,
        outcome: 'aborted',
        message: `${last.release} was aborted (${last.because}); ${live} serves.${left}`,
      };
  }
}

/** Who wanted it promoted must not be told that all is well; who came to see it aborted may be. */
function isAbortOfOthers(wanted: Wanted): boolean {
  return wanted.kind === 'promote' || (wanted.kind === 'resume' && !wanted.aborting);
}

/** What could not be removed is said, not hidden. */
function leftovers(app: App): string {
  const live = environmentsOf(app).live?.project;
  const left = app.present.filter((place) => place.project !== live);
  if (left.length === 0) return '';
  const places = left.map((place) => `${place.project} on droplet ${place.droplet}`).join(', ');
  return ` Could not be removed yet: ${places}; the next command tries again.`;
}
