// Every step says why, in a sentence that a person can act on; every wait says until when (I9): at the switch.
// One entry a second: r41 was adopted at 3 s, starting is entered at 5 s, gating at 10 s, switching at 11 s, the commit
// point is written at 14 s, verifying is entered at 17 s, retiring and aborting at 18 s.
import { known } from '../../src/promotion/observation.ts';
import { acted, anApp, continued, detach, done } from '../builders/app.ts';
import { abort } from '../builders/command.ts';
import type { Seen } from '../builders/observation.ts';
import { asks, exited, nowOf, rows, thrice, told, watched } from './told.ts';

const switching = () => anApp().in('switching');
const joined = () => anApp().joined();
const first = () => anApp({ first: true }).joined();
const committed = () => anApp().committed();
const draining = () => anApp({ drains: true }).committed();
/** Blue was told to fail its health check long ago. */
const silenced = () => ({
  ...draining(),
  silenced: [1, 2].map((droplet) => ({ project: 'shop-r41', droplet })),
});
const quiet = (seen: Seen) => seen.withServing(3, 4);

rows('switching, green joins', [
  [() => told(switching()), 'green joins the load balancer'],
  [
    () => told(joined(), (seen) => seen.without('attached')),
    'the load balancer cannot be read: no answer',
    11_000 + 40_000,
  ],
  [
    () => told(joined(), (seen) => seen.with({ attached: known([1, 2], 0) })),
    'the load balancer cannot be read: the balancer was not read since the last write',
    11_000 + 40_000,
  ],
  [
    () => told(joined(), (seen) => seen.without('serving')),
    "the load balancer's address cannot be asked: no answer",
    11_000 + 40_000,
  ],
  [
    () => told(joined(), (seen) => seen.withServing(1, 2, 3)),
    'droplet 4 was not yet seen to answer through the load balancer',
    11_000 + 40_000,
  ],
  [
    () =>
      told(joined(), (seen) =>
        seen.with({ serving: known({ since: 0, seen: {}, trouble: 'HTTP 502' }, seen.seen.at) }),
      ),
    'droplets 3, 4 were not yet seen to answer through the load balancer (last trouble: HTTP 502)',
    11_000 + 40_000,
  ],
  [
    () => told(joined(), (seen) => seen.withoutDroplets([3])),
    'shop-r42 on droplet 3 cannot be looked at: no answer',
    11_000 + 40_000,
  ],
  [() => told(joined()), 'the load balancer was seen to serve from every droplet of green'],
  [
    () => told(joined(), exited('shop-r42', 4)),
    'green lost its health while switching: shop-r42 is exited on droplet 4: exited in a test',
  ],
  [
    () => told(joined(), (seen) => seen.withServing(1, 2, 3), 38_000),
    'green did not get traffic in time: droplet 4 was not yet seen to answer through the load balancer',
  ],
]);

rows('switching, the first release ever joins', [
  [
    () => told(first(), exited('shop-r42', 4)),
    'green lost its health while switching: shop-r42 is exited on droplet 4: exited in a test; ' +
      'people are served by it, and there is nothing to go back to',
  ],
  [
    () => told(first(), (seen) => exited('shop-r42', 4)(seen).withServing()),
    'whether people are served by the first release is not known',
    10_000 + 30_000,
  ],
  [
    () => told(first(), (seen) => exited('shop-r42', 4)(seen).without('serving')),
    'whether people are served by the first release is not known',
    11_000 + 30_000,
  ],
  [
    () => {
      const app = first();
      const since = nowOf(app) - 500;
      return told(app, (seen) =>
        exited('shop-r42', 4)(seen).with({ serving: watched(seen.seen, since) }),
      );
    },
    'whether people are served by the first release is not known',
    10_500 + 30_000,
  ],
  [
    () => told(continued(first(), asks(abort('a typo')))),
    'a typo, but there is no safe side to go back to',
  ],
]);

rows('switching, blue leaves', [
  [() => told(committed()), 'the old environment leaves the load balancer'],
  [
    () => told(committed(), exited('shop-r42', 3)),
    'the new environment lost its health: shop-r42 is exited on droplet 3: exited in a test',
  ],
  [() => told(anApp({ first: true }).committed()), 'all traffic is on the first release'],
  [
    // There is nothing to go back to: verifying will say so, and hold.
    () => told(anApp({ first: true }).committed(), exited('shop-r42', 3)),
    'all traffic is on the first release',
  ],
  [
    () => told(continued(committed(), acted(detach(1, 2)), done(detach(1, 2)))),
    'all traffic is on the new environment',
  ],
  [
    () => told(committed(), (seen) => seen.withServing(1, 2)),
    'fewer than 1 targets of the new environment were seen to serve just now',
    14_000 + 40_000,
  ],
  [
    () => {
      const app = committed();
      const since = nowOf(app) - 500;
      return told(app, (seen) => seen.with({ serving: watched(seen.seen, since) }));
    },
    'fewer than 1 targets of the new environment were seen to serve just now',
    14_500 + 40_000,
  ],
  [
    () => told(committed(), (seen) => seen.withServing(1, 2), 40_000),
    'the new environment no longer answers through the load balancer',
  ],
  [() => told(committed(), (seen) => seen.without('serving')), 'no answer', 15_000 + 30_000],
  [() => told(draining()), 'so that the load balancer stops sending to shop-r41'],
  [
    () => told(silenced(), (seen) => seen, 10_000),
    'the load balancer still sends requests to shop-r41',
    13_000 + 20_000,
  ],
  [
    () => told(silenced(), (seen) => quiet(seen).withoutDroplets([1]), 10_000),
    'requests in flight on shop-r41 cannot be counted',
    13_000 + 20_000,
  ],
  [
    () => told(silenced(), (seen) => quiet(seen).withConnections('shop-r41', 3, 1, [1]), 10_000),
    '1 request is in flight on shop-r41',
    13_000 + 20_000,
  ],
  [
    () => told(silenced(), (seen) => quiet(seen).withConnections('shop-r41', 3, 2, [1, 2]), 10_000),
    '4 requests are in flight on shop-r41',
    13_000 + 20_000,
  ],
  [
    () => {
      const app = continued(committed(), ...thrice(detach(1, 2), '503'));
      return told(app, (seen) => seen.withAttached(1, 2, 3, 4).withServing(3, 4));
    },
    'detach-droplets 1,2 failed 3 times, last: 503',
  ],
]);

const verifying = () => anApp().in('verifying');
const firstVerified = () => anApp({ first: true }).in('verifying');

rows('verifying', [
  [
    () => told(verifying(), (seen) => seen, 8_000),
    'healthy passes: every droplet gave 5 good answers in a row',
  ],
  [
    () => told(verifying()),
    'healthy waits: 5 good answers in a row are wanted from every droplet; droplet 3 has 3, droplet 4 has 3',
    17_000 + 40_000,
  ],
  [
    () => told(verifying(), (seen) => seen.withoutDroplets([3]), 8_000),
    'shop-r42 on droplet 3 cannot be looked at: no answer',
    17_000 + 40_000,
  ],
  [
    () => told(verifying(), (seen) => seen.withoutDroplets([3]), 40_000),
    'verification came to no result: shop-r42 on droplet 3 cannot be looked at: no answer',
  ],
  [
    () => told(verifying(), (seen) => seen.withSamples('ok', 4), 40_000),
    'verification came to no result: nothing was proven within 40 s: ' +
      'healthy waits: 5 good answers in a row are wanted from every droplet; droplet 3 has 4, droplet 4 has 4',
  ],
  [
    () => told(verifying(), exited('shop-r42', 3)),
    'the new environment lost its health: shop-r42 is exited on droplet 3: exited in a test',
  ],
  [
    () => told(firstVerified(), exited('shop-r42', 3)),
    'the new environment lost its health: shop-r42 is exited on droplet 3: exited in a test; ' +
      'this is the first release: there is nothing to go back to',
  ],
  [
    () => told(verifying(), (seen) => exited('shop-r41', 2)(seen).withLost(3)),
    'the new environment lost its health: droplet 3 no longer exists; ' +
      'and the old environment is no safe side: shop-r41 is exited on droplet 2: exited in a test',
  ],
]);
