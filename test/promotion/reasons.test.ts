// Every step says why, in a sentence that a person can act on; every wait says until when (I9).
import { describe, expect, test } from 'vitest';
import type { App } from '../../src/promotion/app.ts';
import { known, type Observation } from '../../src/promotion/observation.ts';
import type { Step } from '../../src/promotion/rules.ts';
import { step } from '../../src/promotion/step.ts';
import { acted, anApp, attach, continued, detach, done, failed } from '../builders/app.ts';
import { abort, adopt, keep, promote, restore } from '../builders/command.ts';
import { anObservation, type Seen } from '../builders/observation.ts';
import { aPolicy } from '../builders/policy.ts';
import { anEnvironment } from '../builders/release.ts';

type Told = Pick<Step, 'because'> & { readonly until?: number | null };

/** What is said, of an app as it is seen `afterMs` later, or as `look` changes it. */
function told<A extends App>(app: A, look: (seen: Seen) => Seen = (seen) => seen, afterMs = 1_000) {
  const seen = look(anObservation(app, afterMs)).seen;
  const next = step(app, seen);
  return { because: next.because, ...(next.is === 'wait' ? { until: next.until } : {}) };
}

function rows(
  title: string,
  table: readonly (readonly [() => Told, Told['because'], Told['until']?])[],
) {
  describe(title, () => {
    test.each(table.map(([tells, because, until]) => ({ tells, because, until })))(
      '$because',
      ({ tells, because, until }) => {
        expect(tells()).toEqual(until === undefined ? { because } : { because, until });
      },
    );
  });
}

// One entry a second: r41 was adopted at 3 s, starting is entered at 5 s, gating at 10 s, switching at 11 s, the commit
// point is written at 14 s, verifying is entered at 17 s, retiring and aborting at 18 s.
const by = 'anna';
const asks = (
  command: ReturnType<typeof abort | typeof promote | typeof keep | typeof adopt> | typeof restore,
) => ({ type: 'asked', by, command }) as const;
const strict = aPolicy({ switch: { limitMs: 40_000, floor: 2 } });
const lenient = aPolicy({ start: { limitMs: 60_000, missingMax: 1, restartsMax: 2 } });
const slowGate = aPolicy({ gate: { ...aPolicy().gate, limitMs: 90_000 } });
const thrice = (effect: Parameters<typeof acted>[0], because: string) =>
  [1, 2, 3].flatMap(() => [acted(effect), failed(effect, because)]);
const exited =
  (project: string, ...on: readonly number[]) =>
  (seen: Seen) =>
    seen.withProject(project, 'exited', on);
const watched = (seen: Observation, since: number, ...droplets: readonly number[]) =>
  known(
    { since, seen: Object.fromEntries(droplets.map((d) => [d, seen.at])), trouble: null },
    seen.at,
  );
const nowOf = (app: App, afterMs = 1_000) => app.seq * 1_000 + afterMs;

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

const starting = () => anApp().in('starting');
const start = { kind: 'start-project', project: 'shop-r42', droplet: 3 } as const;

rows('starting', [
  [
    () => told(starting(), (seen) => seen.withoutDroplets([4], 50_000), 29_000),
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
    () => told(anApp({ policy: lenient }).in('starting'), exited('shop-r42', 4)),
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
    'shop-r42 on droplet 3 cannot be looked at: not looked at yet',
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
    'healthy: every droplet gave 3 good answers in a row',
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
    'green was not proven: nothing was proven within 30 s: healthy: 3 good answers in a row are wanted from every droplet; ' +
      'droplet 3 has 1, droplet 4 has 1',
  ],
  [
    () => told({ ...gating(), unsure: [3] }, (seen) => seen.withAttached(1, 2, 3)),
    'droplet 3 got into the load balancer before shop-r42 was proven',
  ],
]);

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
  [
    () => told(draining()),
    'shop-r41 fails its health check, so that the load balancer stops sending',
  ],
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
    'healthy: every droplet gave 5 good answers in a row',
  ],
  [
    () => told(verifying()),
    'healthy: 5 good answers in a row are wanted from every droplet; droplet 3 has 3, droplet 4 has 3',
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
      'healthy: 5 good answers in a row are wanted from every droplet; droplet 3 has 4, droplet 4 has 4',
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

const retiring = () => anApp().in('retiring');

rows('retiring', [
  [() => told(retiring()), 'shop-r41 stays warm', 14_000 + 12_000],
  [() => told(retiring(), (seen) => seen, 12_000), 'shop-r41 is retired'],
  [
    () => told(retiring(), (seen) => seen.with({ connections: {} }), 12_000),
    'open connections to shop-r41 cannot be counted',
    18_000 + 20_000,
  ],
  [
    // Of a droplet that was destroyed there are no connections to wait for.
    () => told(retiring(), (seen) => seen.withoutDroplets([2]).withLost(2), 12_000),
    'shop-r41 is retired',
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
  [() => told(away()), 'shop-r41 comes back'],
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
  [() => told(out(), alone, 2_000), 'shop-r42 is retired'],
  [() => told(out(), (seen) => seen.withServing(1, 2, 4), 20_000), 'shop-r42 is retired'],
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

rows('in every phase', [
  [
    () => told(continued(idle(), acted(remove, 90_000))),
    'remove-project of shop-r40 on droplet 3 has not ended',
    90_000,
  ],
  [
    // What is wanted next, were it not for the effect, is to be held for drift.
    () => told(continued(gating(), acted(start, 90_000)), (seen) => seen.withAttached(2)),
    'start-project of shop-r42 on droplet 3 has not ended',
    90_000,
  ],
  [
    // Our own write explains what is seen: this is no drift, and the switch has its limit.
    () =>
      told(continued(switching(), acted(attach(3, 4), 90_000)), (seen) =>
        seen.withAttached(1, 2, 3, 4).withServing(1, 2),
      ),
    'attach-droplets 3, 4 has not ended',
    11_000 + 40_000,
  ],
  [
    () => told(continued(gating(), acted(start, 90_000)), (seen) => seen, 2_000),
    'start-project of shop-r42 on droplet 3 has not ended',
    90_000,
  ],
  [
    () =>
      told(continued(switching(), acted(attach(3, 4), 90_000), asks(abort())), (seen) =>
        seen.withAttached(1, 2),
      ),
    'attach-droplets 3, 4 has not ended',
    90_000,
  ],
  [
    () => {
      const app = continued(gating(), acted(start, 90_000));
      return told(app, (seen) => seen.with({ samples: {} }));
    },
    'start-project of shop-r42 on droplet 3 has not ended',
    10_000 + 30_000,
  ],
  [
    () =>
      told(continued(starting(), acted(start, 90_000)), (seen) =>
        seen.withProject('shop-r42', 'absent', [3]),
      ),
    'shop-r42 is not running everywhere',
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
