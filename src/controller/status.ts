// App, observation and step of the last turn: all that any view needs.
import type { Instant } from '../lib/clock.ts';
import type { App } from '../promotion/app.ts';
import type { Entry } from '../promotion/entry.ts';
import type { Observation } from '../promotion/observation.ts';
import type { Step } from '../promotion/rules.ts';

export type Status = {
  readonly app: App;
  readonly observation: Observation | null;
  readonly step: Step | null;
  readonly at: Instant;
};

/** What those who watch a promotion are told of, in order. */
export type Watcher = {
  turned(status: Status): void;
  wrote(entry: Entry): void;
};

/** How driving or following ended. */
export type Ending =
  /** Idle and nothing asked, or held. */
  | { readonly is: 'rest'; readonly app: App }
  /** What `--wait` asked for was reached; the promotion goes on with `resume`. */
  | { readonly is: 'reached'; readonly app: App; readonly what: 'ready' | 'switched' }
  | { readonly is: 'unreachable'; readonly app: App; readonly because: string }
  /** A signal or `--timeout`: nothing new was begun. `followed`: somebody else drives, and goes on. */
  | {
      readonly is: 'interrupted';
      readonly app: App;
      readonly because: string;
      readonly followed?: boolean;
    }
  /** A droplet has heard of a later controller although the lease is ours: the app has a second journal somewhere. */
  | { readonly is: 'fenced'; readonly app: App; readonly because: string }
  /** Another controller took over. */
  | { readonly is: 'replaced'; readonly app: App };
