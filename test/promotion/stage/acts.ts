// What happens in a play and when, in a few words: `during('gating', asks(abort()))`.
import type { App, Phase } from '../../../src/promotion/app.ts';
import type { Command } from '../../../src/promotion/command.ts';
import { type Effect, isHookEffect } from '../../../src/promotion/effect.ts';
import type { Setting } from '../../builders/app.ts';
import { promote } from '../../builders/command.ts';
import { aPolicy } from '../../builders/policy.ts';
import { allCheckers } from './checkers.ts';
import { type Act, type End, Play } from './play.ts';
import type { FakeWorld } from './world.ts';

/** Phases, with switching cut in three. */
export type Moment = Phase | 'joined' | 'committed';

function momentOf(app: App): Moment {
  if (app.phase !== 'switching') return app.phase;
  if (app.committed) return 'committed';
  const joined = app.green.droplets.every((droplet) => app.attached.includes(droplet));
  return joined ? 'joined' : 'switching';
}

type Does = (play: Play) => void;

export function during(moment: Moment, ...does: readonly Does[]): Act {
  return later(moment, 0, ...does);
}

/** So long after the phase was entered. */
export function later(moment: Moment, afterMs: number, ...does: readonly Does[]): Act {
  return {
    when: ({ app, world }) => momentOf(app) === moment && world.now >= app.since + afterMs,
    does: (play) => {
      for (const one of does) one(play);
    },
  };
}

/** While an effect of this kind is under way. */
export function amid(kind: Effect['kind'], ...does: readonly Does[]): Act {
  return {
    when: ({ app }) => app.unsettled.some((one) => one.effect.kind === kind),
    does: (play) => {
      for (const one of does) one(play);
    },
  };
}

export function asks(command: Command): Does {
  return (play) => {
    const refusal = play.ask(command);
    if (refusal !== null) throw new Error(`refused: ${refusal.refused}`);
  };
}

export function world(change: (world: FakeWorld) => void): Does {
  return (play) => change(play.world);
}

/** r42 hangs, errs, exits… from now on. */
export function green(manner: 'hung' | 'exits' | 'errs' | 'unhealthy'): Does {
  return world((w) => {
    if (manner === 'errs') w.wrong.add('shop-r42');
    else w.manners.set('shop-r42', manner);
  });
}

export function blue(manner: 'hung' | 'exits'): Does {
  return world((w) => {
    w.manners.set('shop-r41', manner);
  });
}

export function destroy(...droplets: readonly number[]): Does {
  return world((w) => {
    for (const droplet of droplets) w.destroy(droplet);
  });
}

export function cutOff(...droplets: readonly number[]): Does {
  return world((w) => {
    for (const droplet of droplets) w.unreachable.add(droplet);
  });
}

export type Played = End & { readonly play: Play; readonly problems: readonly string[] };

/** r41 is live on pool a and r42 is promoted to pool b; all invariants are watched. */
export function played(acts: readonly Act[] = [], setting: Setting = {}): Played {
  const play = new Play(setting, allCheckers());
  const { drains = false, policy = aPolicy() } = setting;
  play.ask(promote('r42', { drains, policy }));
  return goOn(play, acts);
}

/** The same play further: after a person has chosen, or a controller has taken over. */
export function goOn(play: Play, acts: readonly Act[] = []): Played {
  const end = play.run(acts);
  return { ...end, play, problems: play.problems };
}

/** Effects as they were begun, in order, of some kinds: `detach-droplets 3,4`. */
export function begun(play: Play, ...kinds: readonly Effect['kind'][]): readonly string[] {
  return play.entries.flatMap((entry) => {
    if (entry.type !== 'acted' || !kinds.includes(entry.effect.kind)) return [];
    const { effect } = entry;
    const what = isHookEffect(effect)
      ? effect.id
      : 'project' in effect
        ? `${effect.project}@${effect.droplet}`
        : effect.droplets;
    return [`${effect.kind} ${what}`];
  });
}
