// What every data plane of a balancer does, whoever carries the requests: this process, or HAProxy.
import type { Knobs } from './knobs.ts';
import type { Counters, TargetReport } from './report.ts';
import type { Settings } from './settings.ts';

/** What the data plane follows: the settings, and the addresses of its droplets by their ids. */
export interface Plan {
  settings: Settings;
  addresses: ReadonlyMap<number, string>;
}

/** A balancer's front, its targets, and which of them a request goes to. */
export interface DataPlane {
  /** Opens the front; returns its port. Rejects with the reason when it cannot be had. */
  listen(address: string, port: number): Promise<number>;
  /** Takes over settings and targets. New targets are DOWN; missing ones are removed as the knob says. */
  follow(plan: Plan): void;
  /** `cut` ends its connections now, `drain` lets them end by themselves; both send it nothing new. */
  remove(dropletId: number, removal: Knobs['removal']): void;
  /** As things are after every change that was asked for so far. */
  report(): Promise<PlaneReport>;
  /** Ends every connection and closes the front. */
  close(): Promise<void>;
}

export interface PlaneReport {
  /** Those included that are removed and still finish a request. */
  targets: TargetReport[];
  /** Of clients, idle ones included. */
  connections: number;
  counters: Counters;
}

export function noCounters(): Counters {
  return {
    requests: 0,
    classes: {},
    noTarget: 0,
    refused: 0,
    broken: 0,
    cut: 0,
    timedOut: 0,
    clientGone: 0,
  };
}

/** `2xx` for 204. */
export function countClass(counters: Counters, status: number): void {
  const name = `${Math.floor(status / 100)}xx`;
  counters.classes[name] = (counters.classes[name] ?? 0) + 1;
}
