// Whether a gate sees enough to say anything: a droplet that cannot be measured keeps it from passing (I5).
import { askedName, type Window } from './sample.ts';
import { ofDroplets, runAtEnd, statsOf } from './window.ts';

/** Which droplets gave more than `unknownMax` unknown samples in a row just now; null if none. */
export function unmeasured(
  window: Window,
  droplets: readonly number[],
  unknownMax: number,
): string | null {
  const reasons = droplets.flatMap((droplet) => {
    const { samples } = ofDroplets(window, [droplet]);
    const blind = runAtEnd(samples, 'unknown');
    if (blind <= unknownMax) return [];
    const times = blind === 1 ? 'the last time' : `the last ${blind} times`;
    return [`${askedName(droplet)} could not be measured ${times} (${samples.at(-1)?.detail})`];
  });
  return reasons.length === 0 ? null : reasons.join(', ');
}

/** Which droplets have not been heard of at all; null if none. */
export function unheard(window: Window, droplets: readonly number[]): string | null {
  if (droplets.length === 0) return 'there is no droplet to ask';
  const silent = droplets.filter((droplet) => statsOf(ofDroplets(window, [droplet])).known === 0);
  return silent.length === 0 ? null : `no answer from ${silent.map(askedName).join(', ')} yet`;
}
