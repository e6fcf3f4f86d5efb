// A step, an effect, an entry in one plain English line, without colour.
import { durationText } from '../policy/duration.ts';
import type { Command } from './command.ts';
import { type Effect, type HostEffect, isHookEffect, isHostEffect } from './effect.ts';
import type { Entry, Fact } from './entry.ts';
import { list } from './judgement.ts';
import type { Step } from './rules.ts';

const hostWords: Readonly<Record<HostEffect['kind'], (place: string) => string>> = {
  'start-project': (place) => `start ${place}`,
  'remove-project': (place) => `remove ${place}`,
  'fail-health': (place) => `make ${place} fail its health check`,
  'restore-health': (place) => `restore the health check of ${place}`,
};

export function describeEffect(effect: Effect): string {
  if (isHookEffect(effect)) return `run the hook ${effect.name} of ${effect.phase}`;
  if (isHostEffect(effect))
    return hostWords[effect.kind](`${effect.project} on droplet ${effect.droplet}`);
  return effect.kind === 'attach-droplets'
    ? `attach ${list(effect.droplets)} to the load balancer`
    : `detach ${list(effect.droplets)} from the load balancer`;
}

export function describeStep(step: Step): string {
  switch (step.is) {
    case 'wait':
      return `waiting: ${step.because}`;
    case 'act':
      return `${step.effects.map(describeEffect).join('; ')}: ${step.because}`;
    case 'enter':
      return `${step.phase}: ${step.because}`;
    case 'request':
      return `approval awaited: ${step.because}`;
    case 'advance':
      return `${advanced(step.to)}: ${step.because}`;
    case 'commit':
      return `commit point: ${step.because}`;
    case 'yield':
      return `stopping here: ${step.because}`;
  }
}

function advanced(to: 'judging' | 'rest'): string {
  return to === 'rest' ? 'the rest of green joins' : 'green is judged beside blue';
}

function describeCommand(command: Command): string {
  switch (command.kind) {
    case 'promote':
      return `promote ${command.release.id} on pool ${command.pool}`;
    case 'abort':
      return `abort: ${command.reason}`;
    case 'approve':
      return `approve ${command.release}`;
    case 'hold':
      return `keep the old environment warm: ${command.because}`;
    case 'let-go':
      return 'the old environment need not be kept';
    case 'extend':
      return `keep the old environment warm for ${durationText(command.byMs)} from now`;
    case 'keep':
      return `keep ${command.project}`;
    case 'adopt':
      return `adopt ${command.blue?.project ?? 'nothing'}`;
    case 'restore':
      return 'restore the load balancer';
  }
}

export function describeEntry(entry: Entry | Fact): string {
  switch (entry.type) {
    case 'asked':
      return `asked by ${entry.by}: ${describeCommand(entry.command)}`;
    case 'entered':
      return `${entry.phase}: ${entry.because}`;
    case 'requested':
      return `approval awaited: ${entry.because}`;
    case 'advanced':
      return `${advanced(entry.to)}: ${entry.because}`;
    case 'committed':
      return `commit point: ${entry.because}`;
    case 'acted':
      return `${describeEffect(entry.effect)}: ${entry.because}`;
    case 'settled':
      return entry.ok
        ? `done: ${describeEffect(entry.effect)}`
        : `failed: ${describeEffect(entry.effect)}: ${entry.because ?? 'no reason given'}`;
    case 'leased':
      return `driven by ${entry.by}`;
  }
}
