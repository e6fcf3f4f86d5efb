// What a promotion does where another release is under way: be refused, wait in line, or take its place before the switch.
import { insteadOf, type Refusal } from '../promotion/admit.ts';
import { type App, beforeSwitch, underWay } from '../promotion/app.ts';
import type { Controller, DriveOptions } from './controller.ts';
import type { Ending } from './status.ts';

export type OnBusy = 'refuse' | 'wait' | 'replace';

/** `free`: the app is idle, and the next release may be asked for. */
export type Way =
  | { readonly is: 'free' }
  | { readonly is: 'refused'; readonly why: Refusal }
  | Ending;

/**
 * Ends when the app is free, or with why it is not. Waiting goes on with what nobody drives any more, as `resume`
 * would: a lost controller must not keep everybody out.
 * @param by who takes the place, for the journal.
 */
export async function makeWay(
  controller: Controller,
  onBusy: Exclude<OnBusy, 'refuse'>,
  options: DriveOptions & { readonly by: string },
): Promise<Way> {
  if (onBusy === 'replace') {
    const refusal = await replace(controller, options.by);
    if (refusal !== null) return { is: 'refused', why: refusal };
  }
  const ending = await controller.drive(options);
  return ending.is === 'rest' && isFree(ending.app) ? { is: 'free' } : ending;
}

/** Aborts what is under way, exactly where it is still before the switch when that is written. Null: it goes, or is gone. */
async function replace(controller: Controller, by: string): Promise<Refusal | null> {
  const asked = await controller.ask((now) => {
    if (isFree(now) || now.phase === 'aborting') return gone;
    if (!beforeSwitch(now)) return tooLate(now);
    return { kind: 'abort', reason: `${by} replaces it with another release` };
  });
  return 'refused' in asked && asked !== gone ? asked : null;
}

const gone: Refusal = { refused: 'it is going already', why: 'busy' };

function tooLate(app: App): Refusal {
  return {
    refused: `${app.name} is ${app.phase} ${underWay(app)}: only a release before its switch is replaced`,
    instead: insteadOf(app),
    why: 'busy',
  };
}

function isFree(app: App): boolean {
  return app.phase === 'idle' && app.asked === null;
}
