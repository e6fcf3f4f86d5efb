// The containers' own health as a sample: anything but healthy is an error, what cannot be seen is unknown.
import type { Clock } from '../lib/clock.ts';
import { because } from '../lib/failure.ts';
import type { ProjectAt } from '../promotion/environment.ts';
import type { ProjectHealth } from '../promotion/observation.ts';
import type { Seen } from './http.ts';

/** Above what the way to the droplet allows itself: only a lost promise gets here (I9). */
const limitMs = 30_000;

/** Gates run after the project was healthy, so `starting` means that it restarted. */
export async function askContainers(
  place: ProjectAt,
  inspect: (place: ProjectAt) => Promise<ProjectHealth>,
  clock: Clock,
): Promise<Seen> {
  const over = new AbortController();
  const late = clock.sleep(limitMs, over.signal).then(() => null);
  try {
    const health = await Promise.race([inspect(place), late]);
    if (health === null)
      return { outcome: 'unknown', detail: `Docker did not answer within ${limitMs / 1000} s` };
    const detail = health.detail === '' ? health.is : `${health.is}: ${health.detail}`;
    return { outcome: health.is === 'healthy' ? 'ok' : 'error', detail };
  } catch (error) {
    return { outcome: 'unknown', detail: because(error) };
  } finally {
    over.abort();
  }
}
