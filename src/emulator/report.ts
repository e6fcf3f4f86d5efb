// What a test may learn of the emulator that no client of the real API could.

export type TargetState = 'UP' | 'DOWN';

export interface TargetReport {
  dropletId: number;
  address: string;
  state: TargetState;
  /** Since when it is in this state, in ms since the epoch. */
  since: number;
  /** Removed, but still finishing what it was sent. */
  leaving: boolean;
  /** Requests in flight; an open WebSocket is one. */
  active: number;
  idleConnections: number;
  requests: number;
  /** In a row; HAProxy counts no further than to the threshold. */
  passes: number;
  fails: number;
  lastCheck: { passed: boolean; because: string } | null;
}

/** What the front has answered since its start. */
export interface Counters {
  /** HAProxy counts one when it is over, and none that it ends without an answer. */
  requests: number;
  /** Answers by the target's or the front's own status: `2xx`, `5xx`… */
  classes: Record<string, number>;
  /** 503: no target was UP. */
  noTarget: number;
  /** The target could not be reached or gave no answer. */
  refused: number;
  /** The answer ended in the middle. */
  broken: number;
  /** Ended by the removal of the target. */
  cut: number;
  timedOut: number;
  clientGone: number;
}

export interface BalancerReport {
  id: string;
  name: string;
  front: string;
  status: 'new' | 'active' | 'errored';
  busyForMs: number;
  /** As configured; the data plane follows after its propagation time. */
  dropletIds: number[];
  targets: TargetReport[];
  connections: number;
  counters: Counters;
}

export interface StateReport {
  balancers: BalancerReport[];
  dropletIds: number[];
}

export interface RequestLogLine {
  /** Arrival, in ms since the epoch. */
  at: number;
  method: string;
  /** With its query. */
  path: string;
  body: unknown;
  /** null: no answer was given. */
  status: number | null;
  requestId: string;
  /** The kind of the fault that it met. */
  fault: string | null;
}

export interface Edit {
  /** Id or name. */
  balancer: string;
  dropletIds?: number[];
  status?: 'active' | 'errored';
}
