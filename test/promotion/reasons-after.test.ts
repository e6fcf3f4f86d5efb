// Every step says why, in a sentence that a person can act on; every wait says until when (I9): after it, on the way back, and in every phase.
// One entry a second: r41 was adopted at 3 s, starting is entered at 5 s, gating at 10 s, switching at 11 s, the commit
// point is written at 14 s, verifying is entered at 17 s, retiring and aborting at 18 s.
import { known } from '../../src/promotion/observation.ts';
import { acted, anApp, attach, continued, detach, done } from '../builders/app.ts';
import { abort, adopt, keep, restore } from '../builders/command.ts';
import type { Seen } from '../builders/observation.ts';
import { aPolicy } from '../builders/policy.ts';
import { anEnvironment } from '../builders/release.ts';
import { asks, nowOf, rows, thrice, told, watched } from './told.ts';

const strict = aPolicy({ switch: { limitMs: 40_000, floor: 2 } });

const retiring = () => anApp().in('retiring');

rows('retiring', [
  [() => told(retiring()), 'shop-r41 stays warm', 14_000 + 12_000],
  [() => told(retiring(), (seen) => seen, 12_000), 'nobody is sent to shop-r41'],
  [
    () => told(retiring(), (seen) => seen.with({ connections: {} }), 12_000),
    'open connections to shop-r41 cannot be counted',
    18_000 + 20_000,
  ],
  [
    // Of a droplet that was destroyed there are no connections to wait for.
    () => told(retiring(), (seen) => seen.withoutDroplets([2]).withLost(2), 12_000),
    'nobody is sent to shop-r41',
  ],
  [
    () => told(retiring(), (seen) => seen.withoutDroplets([2]), 12_000),
    'open connections to shop-r41 cannot be counted',
    18_000 + 20_000,
  ],
  [
    () => told(retiring(), (seen) => seen.withConnections('shop-r41', 1, 0, [1, 2]), 12_000),
    '2 connections to shop-r41 still open',
    18_000 + 20_000,
  ],
  [
    () =>
      told(
        retiring(),
        (seen) => seen.with({ attached: known([3, 4], seen.seen.at - 10_001) }),
        20_000,
      ),
    'the load balancer is read once more',
    27_999 + 10_000 + 30_000,
  ],
  [
    () => told(retiring(), (seen) => seen.with({ attached: known([3, 4], 17_500) }), 12_000),
    'the load balancer is read once more',
    18_000 + 10_000 + 30_000,
  ],
  [
    () => told({ ...retiring(), unsure: [2] }, (seen) => seen.withAttached(2, 3, 4), 12_000),
    'droplet 2 must not be referred to',
  ],
  [
    () => {
      const app = continued({ ...retiring(), unsure: [2] }, ...thrice(detach(2), '503'));
      return told(app, (seen) => seen.withAttached(2, 3, 4), 12_000);
    },
    'detach-droplets 2 failed 3 times, last: 503',
  ],
  [
    () => told({ ...retiring(), present: [] }, (seen) => seen, 12_000),
    'shop-r42 is live and verified',
  ],
  [() => told(anApp({ first: true }).in('retiring')), 'shop-r42 is live and verified'],
]);

const away = () => anApp().in('aborting');
const home = () => continued(away(), acted(attach(1, 2)), done(attach(1, 2)));
const out = () => continued(home(), acted(detach(3, 4)), done(detach(3, 4)));
const alone = (seen: Seen) => seen.withServing(1, 2);

rows('aborting', [
  [() => told(away()), 'traffic returns to shop-r41'],
  [
    () => {
      const app = continued(away(), ...thrice(attach(1, 2), '503'));
      return told(app, (seen) => seen.withAttached(3, 4));
    },
    'attach-droplets 1,2 failed 3 times, last: 503',
  ],
  [
    () => told(home(), (seen) => seen.withLost(1, 2)),
    'nothing is left of shop-r41: no safe side. it failed',
  ],
  [
    () => {
      const app = continued(
        anApp({ policy: strict }).in('aborting'),
        acted(attach(1, 2)),
        done(attach(1, 2)),
      );
      return told(app, (seen) => seen.withAttached(2, 3, 4).withLost(1));
    },
    'only droplet 2 of shop-r41 is left, and 2 must serve: no safe side. it failed',
  ],
  [
    () => told(home(), (seen) => seen.withServing(1, 3, 4)),
    'droplet 2 of shop-r41 not yet seen to serve',
    20_000 + 40_000,
  ],
  [
    () => {
      const app = home();
      const since = nowOf(app) - 500;
      return told(app, (seen) => seen.with({ serving: watched(seen.seen, since) }));
    },
    'droplets 1, 2 of shop-r41 not yet seen to serve',
    20_500 + 40_000,
  ],
  [
    () => told(home(), (seen) => seen.withServing(3, 4), 40_000),
    'shop-r41 does not serve: no safe side. it failed',
  ],
  [() => told(home(), alone), 'shop-r42 leaves the load balancer'],
  [() => told({ ...home(), drop: null }, alone), 'what is not blue leaves the load balancer'],
  [
    () => {
      const app = continued(home(), ...thrice(detach(3, 4), '503'));
      return told(app, (seen) => alone(seen).withAttached(1, 2, 3, 4));
    },
    'detach-droplets 3,4 failed 3 times, last: 503',
  ],
  [
    () => told(out(), alone),
    'the load balancer may still send requests to shop-r42',
    22_000 + 20_000,
  ],
  [
    () => told(out(), (seen) => alone(seen).withConnections('shop-r42', 2, 0, [3])),
    '2 connections to shop-r42 still open',
    22_000 + 20_000,
  ],
  [() => told(out(), alone, 2_000), 'nobody is sent to shop-r42'],
  [() => told(out(), (seen) => seen.withServing(1, 2, 4), 20_000), 'nobody is sent to shop-r42'],
  [() => told({ ...out(), present: [] }, alone), 'it failed'],
]);

const held = () => anApp().in('held');

rows('held', [
  [() => told(held()), 'into held', null],
  [
    () => told(continued(held(), asks(keep('shop-r42'))), (seen) => seen.without('attached')),
    'no answer',
    20_000 + 30_000,
  ],
  [() => told(continued(held(), asks(keep('shop-r42')))), 'kept by hand: shop-r42'],
  [
    () => told(continued(held(), asks(restore))),
    'the load balancer is put back as the journal has it',
  ],
  [() => told(continued(held(), asks(adopt(anEnvironment('r41', 'blue'))))), 'adopted: shop-r41'],
  [() => told(continued(held(), asks(adopt(null)))), 'adopted: nothing'],
]);

const remove = { kind: 'remove-project', project: 'shop-r40', droplet: 3 } as const;

const idle = () => anApp().in('idle');
const gating = () => anApp().in('gating');
const start = { kind: 'start-project', project: 'shop-r42', droplet: 3 } as const;
const switching = () => anApp().in('switching');
const starting = () => anApp().begun();

rows('in every phase', [
  [
    () => told(continued(idle(), acted(remove, 90_000))),
    'remove shop-r40 on droplet 3: under way',
    90_000,
  ],
  [
    // What is wanted next, were it not for the effect, is to be held for drift.
    () => told(continued(gating(), acted(start, 90_000)), (seen) => seen.withAttached(2)),
    'start shop-r42 on droplet 3: under way',
    90_000,
  ],
  [
    // Our own write explains what is seen: this is no drift, and the switch has its limit.
    () =>
      told(continued(switching(), acted(attach(3, 4), 90_000)), (seen) =>
        seen.withAttached(1, 2, 3, 4).withServing(1, 2),
      ),
    'attach droplets 3, 4 to the load balancer: under way',
    11_000 + 40_000,
  ],
  [
    () => told(continued(gating(), acted(start, 90_000)), (seen) => seen, 2_000),
    'start shop-r42 on droplet 3: under way',
    90_000,
  ],
  [
    () =>
      told(continued(switching(), acted(attach(3, 4), 90_000), asks(abort())), (seen) =>
        seen.withAttached(1, 2),
      ),
    'attach droplets 3, 4 to the load balancer: under way',
    90_000,
  ],
  [
    () => {
      const app = continued(gating(), acted(start, 90_000));
      return told(app, (seen) => seen.with({ samples: {} }));
    },
    'start shop-r42 on droplet 3: under way',
    10_000 + 30_000,
  ],
  [
    () =>
      told(continued(starting(), acted(start, 90_000)), (seen) =>
        seen.withProject('shop-r42', 'absent', [3]),
      ),
    'start shop-r42 on droplet 3: under way',
    90_000,
  ],
  [
    () => told(gating(), (seen) => seen.withAttached().without('lost')),
    'droplets 1, 2 left the load balancer; whether they still exist is not known: no answer',
    11_000 + 30_000,
  ],
  [
    () => told(gating(), (seen) => seen.withAttached(3)),
    'the load balancer was changed by someone else: droplets 1, 2 should be in it and are not; droplet 3 is in it and should not be',
  ],
  [
    () => told(gating(), (seen) => seen.withAttached(2, 3, 4)),
    'the load balancer was changed by someone else: droplet 1 should be in it and is not; droplets 3, 4 are in it and should not be',
  ],
  [() => told(continued(gating(), asks(abort('a typo')))), 'a typo'],
]);
