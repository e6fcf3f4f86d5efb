// What the keys of a probe demand of one another, of their gate's judge and of their phase.
import { durationText } from './duration.ts';
import { httpRules } from './http-rules.ts';
import { nearest } from './nearest.ts';
import type { WrittenProbe } from './probe-schema.ts';
import { placeholders } from './probe-spec.ts';
import type { Finding, Path } from './problem.ts';
import { eachGate, type Rule } from './rule.ts';
import type { WrittenGate, WrittenPolicy } from './schema.ts';
import { withoutSecrets } from './secret.ts';

type Keys = Exclude<WrittenProbe, 'container'>;
type Kind = keyof Keys;

export const probeRules: readonly Rule[] = [
  ...httpRules,
  addressesHoldNoSecrets,
  queriesAreOneOrTwo,
  placeholdersAreKnown,
  boundsLeaveRoom,
  numbersCanBeBad,
  logsMatchOneThing,
  commandsHaveAPlace,
  balancerQuantitiesSuit,
  greenIsNotInTheBalancersMetrics,
  sourcesAnswerInTime,
];

export const probeWarnings: readonly Rule[] = [queriesTellEnvironmentsApart, pointsComeInTime];

/** Of every gate whose probe is of that kind. */
function each<K extends Kind>(
  policy: Partial<WrittenPolicy>,
  kind: K,
  rule: (keys: NonNullable<Keys[K]>, at: Path, gate: WrittenGate, limitMs: number) => Finding[],
): Finding[] {
  return eachGate(policy, (gate, at, { limit }) => {
    const keys = gate.probe === 'container' ? undefined : gate.probe[kind];
    return keys === undefined ? [] : rule(keys, [...at, 'probe', kind], gate, limit);
  });
}

/** The same, and of what a floor knows real traffic by. */
function eachSource<K extends 'prometheus' | 'logs'>(
  policy: Partial<WrittenPolicy>,
  kind: K,
  rule: (keys: NonNullable<Keys[K]>, at: Path, gate: WrittenGate, limitMs: number) => Finding[],
): Finding[] {
  const ofFloors = eachGate(policy, (gate, at, { limit }) => {
    const keys = gate.probe === 'container' ? undefined : gate.probe.http?.floor?.traffic[kind];
    const place = [...at, 'probe', 'http', 'floor', 'traffic', kind];
    return keys === undefined ? [] : rule(keys, place, gate, limit);
  });
  return [...each(policy, kind, rule), ...ofFloors];
}

/** An address is journaled and shown: a password in it would be too. */
function addressesHoldNoSecrets(policy: Partial<WrittenPolicy>): Finding[] {
  return eachSource(policy, 'prometheus', ({ url }, at) =>
    withoutSecrets(url) === url
      ? []
      : [
          {
            path: [...at, 'url'],
            message: 'must hold no password; what stands here is not shown',
            // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
            mend: 'write headers: { authorization: "Basic ${PROMETHEUS_LOGIN}" } instead',
          },
        ],
  );
}

function queriesAreOneOrTwo(policy: Partial<WrittenPolicy>): Finding[] {
  return eachSource(policy, 'prometheus', ({ query, numerator, denominator, url, tls }, at) => {
    const ratio = numerator !== undefined && denominator !== undefined;
    const none = numerator === undefined && denominator === undefined;
    const insecure = tls !== undefined && !url.startsWith('https:');
    return [
      ...((query !== undefined && none) || (query === undefined && ratio)
        ? []
        : [
            {
              path: at,
              message: 'must have one query, or a numerator and a denominator',
              mend: 'write query, or both numerator and denominator',
            },
          ]),
      ...(insecure
        ? [
            {
              path: [...at, 'tls'],
              message: 'the address is not https',
              mend: 'write https:// in url',
            },
          ]
        : []),
    ];
  });
}

function placeholdersAreKnown(policy: Partial<WrittenPolicy>): Finding[] {
  const unknownIn = (text: string, path: Path): Finding[] => {
    const words = [...text.matchAll(/\{([a-z]+)\}/g)].map(([, word = '']) => word);
    const bad = words.find((word) => !placeholders.some((known) => known === word));
    if (bad === undefined) return [];
    const meant = nearest(bad, placeholders);
    const message = `{${bad}} is nothing that bgctl fills in`;
    const known = placeholders.map((word) => `{${word}}`).join(', ');
    const mend = meant === null ? `write one of ${known}` : `did you mean {${meant}}?`;
    return [{ path, message, mend }];
  };
  return [
    ...eachSource(policy, 'prometheus', (keys, at) =>
      (['query', 'numerator', 'denominator'] as const).flatMap((key) =>
        unknownIn(keys[key] ?? '', [...at, key]),
      ),
    ),
    ...each(policy, 'exec', ({ command }, at) =>
      command.flatMap((word, index) => unknownIn(word, [...at, 'command', index])),
    ),
  ];
}

function boundsLeaveRoom(policy: Partial<WrittenPolicy>): Finding[] {
  const room = ({ min, max }: { min?: number | undefined; max?: number | undefined }, at: Path) =>
    min === undefined || max === undefined || min <= max
      ? []
      : [{ path: [...at, 'min'], message: `${min} is more than max, ${max}`, mend: 'write less' }];
  return [
    ...eachSource(policy, 'prometheus', room),
    ...eachSource(policy, 'logs', room),
    ...each(policy, 'exec', room),
  ];
}

/** A number without a bound is never an error: then only its value can be judged. */
function numbersCanBeBad(policy: Partial<WrittenPolicy>): Finding[] {
  const unjudged = (
    bounded: boolean,
    at: Path,
    { judge: { threshold } }: WrittenGate,
  ): Finding[] => {
    const counts: readonly string[] = ['errors', 'errorRate'];
    if (bounded || (threshold !== undefined && !counts.includes(threshold.quantity))) return [];
    const message =
      'without a bound no number is an error, so this judge would pass whatever is measured';
    const mend = 'write max or min here, or judge a threshold of the value';
    return [{ path: at, message, mend }];
  };
  const bounded = ({ min, max }: { min?: unknown; max?: unknown }) =>
    min !== undefined || max !== undefined;
  return [
    ...each(policy, 'prometheus', (keys, at, gate) => unjudged(bounded(keys), at, gate)),
    ...each(policy, 'logs', (keys, at, gate) => unjudged(bounded(keys), at, gate)),
    ...each(policy, 'exec', (keys, at, gate) =>
      unjudged(bounded(keys) || keys.number !== true, at, gate),
    ),
    ...each(policy, 'balancer', (keys, at, gate) =>
      unjudged(keys.max !== undefined || keys.quantity === 'health', at, gate),
    ),
  ];
}

function logsMatchOneThing(policy: Partial<WrittenPolicy>): Finding[] {
  return eachSource(policy, 'logs', ({ match, text }, at) =>
    (match === undefined) !== (text === undefined)
      ? []
      : [
          {
            path: at,
            message: 'must say once what a line must match',
            mend: 'write either match (a regular expression) or text',
          },
        ],
  );
}

function commandsHaveAPlace(policy: Partial<WrittenPolicy>): Finding[] {
  return each(policy, 'exec', ({ on, service, number, min, max }, at) => [
    ...(on === 'container' && service === undefined
      ? [
          {
            path: at,
            message: 'needs a service in whose container the command runs',
            mend: 'write service: web, or on: controller',
          },
        ]
      : []),
    ...(on === 'controller' && service !== undefined
      ? [
          {
            path: [...at, 'service'],
            message: 'on the controller there is no service',
            mend: 'leave it out, or write on: container',
          },
        ]
      : []),
    ...(number !== true && (min !== undefined || max !== undefined)
      ? [
          {
            path: [...at, min === undefined ? 'max' : 'min'],
            message: 'an exit code is not measured',
            mend: 'write number: true if the command prints a number',
          },
        ]
      : []),
  ]);
}

function balancerQuantitiesSuit(policy: Partial<WrittenPolicy>): Finding[] {
  return each(policy, 'balancer', ({ quantity, quantile, max }, at) => {
    const wanted = { health: 'undefined', errors: 'number', responseTime: 'object' }[quantity];
    const mends = {
      health: 'leave it out: a droplet is healthy or not',
      errors: 'write a share such as 1%',
      responseTime: 'write a duration such as 800ms',
    };
    return [
      ...(quantile !== undefined && quantity !== 'responseTime'
        ? [
            {
              path: [...at, 'quantile'],
              message: `${quantity} has no quantiles`,
              mend: 'leave it out, or write quantity: responseTime',
            },
          ]
        : []),
      ...(max === undefined || typeof max === wanted
        ? []
        : [
            {
              path: [...at, 'max'],
              message: `is no bound of ${quantity}`,
              mend: mends[quantity],
            },
          ]),
    ];
  });
}

function greenIsNotInTheBalancersMetrics({ gate }: Partial<WrittenPolicy>): Finding[] {
  if (gate === undefined) return [];
  return each({ gate }, 'balancer', (_, at) => [
    {
      path: at,
      message: "before the switch the balancer's metrics tell of blue, not of green",
      mend: 'move this gate to verify',
    },
  ]);
}

function sourcesAnswerInTime(policy: Partial<WrittenPolicy>): Finding[] {
  const late = ({ timeout }: { timeout: number }, at: Path, _: WrittenGate, limitMs: number) =>
    timeout < limitMs
      ? []
      : [
          {
            path: [...at, 'timeout'],
            message: `${durationText(timeout)} is not shorter than the limit of ${durationText(limitMs)}`,
            mend: 'write a shorter timeout, such as 2s',
          },
        ];
  return [...eachSource(policy, 'prometheus', late), ...each(policy, 'exec', late)];
}

/** One number for green and blue together says nothing of either. */
function queriesTellEnvironmentsApart(policy: Partial<WrittenPolicy>): Finding[] {
  return eachSource(policy, 'prometheus', ({ query, numerator }, at) => {
    const text = query ?? numerator ?? '';
    if (placeholders.some((word) => word !== 'app' && text.includes(`{${word}}`))) return [];
    return [
      {
        path: [...at, query === undefined ? 'numerator' : 'query'],
        message: 'nothing in it tells green from blue',
        mend: 'select by a label, as with {release="{release}"}',
      },
    ];
  });
}

const pointsNeedMs = 300_000;

function pointsComeInTime(policy: Partial<WrittenPolicy>): Finding[] {
  return each(policy, 'balancer', (_, at, __, limitMs) =>
    limitMs > pointsNeedMs
      ? []
      : [
          {
            path: at,
            message: `DigitalOcean shows a point every 2 min, and late: within ${durationText(limitMs)} there may be none`,
            mend: `write a limit of more than ${durationText(pointsNeedMs)}`,
          },
        ],
  );
}
