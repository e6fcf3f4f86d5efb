// Every step says why, in a sentence that a person can act on; every wait says until when (I9): before the switch.
// One entry a second: r41 was adopted at 3 s, starting is entered at 5 s, gating at 10 s, switching at 11 s, the commit
// point is written at 14 s, verifying is entered at 17 s, retiring and aborting at 18 s.
import { known } from '../../src/promotion/observation.ts';
import { anApp, continued, detach } from '../builders/app.ts';
import { promote } from '../builders/command.ts';
import { aPolicy } from '../builders/policy.ts';
import { anEnvironment } from '../builders/release.ts';
import { asks, exited, rows, thrice, told } from './told.ts';

const lenient = aPolicy({ start: { limitMs: 60_000, missingMax: 1, restartsMax: 2 } });
const slowGate = aPolicy({ gate: { ...aPolicy().gate, limitMs: 90_000 } });

const idle = () => anApp().in('idle');
const empty = () => anApp({ first: true }).in('idle');
const late = () => ({ ...continued(idle(), ...thrice(detach(3), '503')), unsure: [3] });

rows('idle', [
  [() => told(idle()), 'shop-r41 is live', null],
  [() => told(empty()), 'nothing runs yet', null],
  [() => told(continued(idle(), asks(promote('r42')))), 'asked to promote r42'],
  [() => told(idle(), (seen) => seen.without('attached')), 'no answer', 3_000 + 1_000 + 30_000],
  [
    () => told(empty(), (seen) => seen.withAttached(1)),
    'droplet 1 serves in the load balancer, but the journal knows of no release',
  ],
  [
    () => told(empty(), (seen) => seen.withAttached(1, 2)),
    'droplets 1, 2 serve in the load balancer, but the journal knows of no release',
  ],
  [
    () => told(empty(), (seen) => seen.with({ strangers: known(['shop'], 0) })),
    'shop runs on the pools, but the journal knows of no release',
  ],
  [
    () => told(empty(), (seen) => seen.with({ strangers: known(['shop', 'shop-r9'], 0) })),
    'shop, shop-r9 run on the pools, but the journal knows of no release',
  ],
  [
    () => told({ ...idle(), unsure: [3] }, (seen) => seen.withAttached(1, 2, 3)),
    'only blue belongs in the load balancer',
  ],
  [
    () => told({ ...idle(), silenced: [{ project: 'shop-r41', droplet: 2 }] }),
    'blue must pass its health check',
  ],
  [
    () => told({ ...idle(), present: [{ project: 'shop-r40', droplet: 3 }] }),
    'only blue runs on the pools',
  ],
  [
    () => told(late(), (seen) => seen.withAttached(1, 2, 3)),
    'droplet 3 could not be taken out of the load balancer',
    null,
  ],
]);

const starting = () => anApp().begun();
const start = { kind: 'start-project', project: 'shop-r42', droplet: 3 } as const;

rows('starting', [
  [
    () => told(starting(), (seen) => seen.withoutDroplets([4], 50_000), 25_000),
    'droplet 4 cannot be looked at: no answer',
    5_000 + 60_000,
  ],
  [
    () => told(starting(), (seen) => seen.withProject('shop-r42', 'absent', [3])),
    'shop-r42 is not running everywhere',
  ],
  [() => told(starting()), 'shop-r42 is healthy on every droplet'],
  [
    () => told(starting(), (seen) => seen.withProject('shop-r42', 'starting', [4])),
    'starting on droplet 4: starting in a test',
    5_000 + 60_000,
  ],
  [
    () => told(starting(), (seen) => seen.withoutDroplets([4])),
    'droplet 4 cannot be looked at: no answer',
    5_000 + 60_000,
  ],
  [
    () => told(starting(), (seen) => seen.withoutDroplets([4], 50_000), 30_000),
    'shop-r42 cannot become healthy: droplet 4 cannot be looked at: no answer',
  ],
  [
    () => told(starting(), (seen) => seen.withProject('shop-r42', 'starting', [3]), 60_000),
    'shop-r42 did not become healthy in time: starting on droplet 3: starting in a test',
  ],
  [
    () => told(continued(starting(), ...thrice(start, 'disk full'))),
    'shop-r42 cannot become healthy: it could not be started on droplet 3, 3 times: disk full',
  ],
  [
    () => told({ ...starting(), green: anEnvironment('r42', 'green', { droplets: [] }) }),
    'shop-r42 cannot become healthy: it has too few droplets',
  ],
  [
    () => told(anApp({ policy: lenient }).begun(), exited('shop-r42', 4)),
    'shop-r42 is healthy on enough droplets: exited on droplet 4: exited in a test',
  ],
  [
    () => told({ ...starting(), unsure: [3, 4] }, (seen) => seen.withAttached(1, 2, 3, 4)),
    'droplets 3, 4 got into the load balancer before shop-r42 was proven',
  ],
]);

const gating = () => anApp().in('gating');

rows('gating', [
  [
    () => told(gating(), (seen) => seen.with({ projects: {} })),
    'shop-r42 on droplet 3 cannot be looked at: the first look has not ended yet',
    10_000 + 30_000,
  ],
  [
    () =>
      told(gating(), (seen) => {
        const exit = known({ is: 'exited', detail: '', restarts: 0 } as const, seen.seen.at);
        return seen.with({ projects: { ...seen.seen.projects, 'shop-r42@4': exit } });
      }),
    'green lost its health: shop-r42 is exited on droplet 4',
  ],
  [
    () => told(gating(), (seen) => seen, 2_000),
    'healthy passes: every droplet gave 3 good answers in a row',
  ],
  [
    () => told(gating(), (seen) => seen, 1_500),
    'all gates pass; 1.5 s of at least 2 s have passed',
    10_000 + 30_000,
  ],
  [
    () => told(gating(), exited('shop-r42', 4)),
    'green lost its health: shop-r42 is exited on droplet 4: exited in a test',
  ],
  [
    () => told(gating(), (seen) => seen.withLost(3)),
    'green lost its health: droplet 3 no longer exists',
  ],
  [
    () => told(anApp({ policy: slowGate }).in('gating'), (seen) => seen.withoutDroplets([4])),
    'shop-r42 on droplet 4 cannot be looked at: no answer',
    11_000 + 30_000,
  ],
  [
    () =>
      told(anApp({ policy: slowGate }).in('gating'), (seen) => seen.withoutDroplets([4], 70_000)),
    'shop-r42 on droplet 4 cannot be looked at: no answer',
    10_000 + 30_000,
  ],
  [
    () => told(gating(), (seen) => seen.withoutDroplets([4]), 5_000),
    'shop-r42 on droplet 4 cannot be looked at: no answer',
    10_000 + 30_000,
  ],
  [
    () => told(gating(), (seen) => seen.withSamples('ok', 1), 30_000),
    'green was not proven: nothing was proven within 30 s: healthy waits: 3 good answers in a row are wanted from every droplet; ' +
      'droplet 3 has 1, droplet 4 has 1',
  ],
  [
    () => told({ ...gating(), unsure: [3] }, (seen) => seen.withAttached(1, 2, 3)),
    'droplet 3 got into the load balancer before shop-r42 was proven',
  ],
]);
