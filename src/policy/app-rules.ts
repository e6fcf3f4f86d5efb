// What the keys of a bgctl.yml demand of one another; each rule is a small named function over the sound sections.
import type { WrittenApp, WrittenOrder } from './app-schema.ts';
import { shippedPolicies } from './defaults.ts';
import { nearest } from './nearest.ts';
import type { Finding, Path } from './problem.ts';

type Rule = (app: Partial<WrittenApp>) => Finding[];

export const appRules: readonly Rule[] = [
  poolsAreApart,
  portsAreNamedOnce,
  theTokenTravelsEncrypted,
  identityHasAPlace,
  drainNamesAService,
  drainKeepsTheAppAlive,
  drainOrdersDiffer,
  rolesSuitTheImages,
  shippedPolicyExists,
];

/** Allowed, but worth a word. */
export const appWarnings: readonly Rule[] = [theJournalLivesOutsideThePools];

function poolsAreApart({ pools }: Partial<WrittenApp>): Finding[] {
  if (pools === undefined) return [];
  const mend = 'give each pool its own droplets: one serves while the other is prepared';
  const { a, b } = pools;
  const tag: Finding[] =
    a.tag !== undefined && a.tag.toLowerCase() === b.tag?.toLowerCase()
      ? [{ path: ['pools', 'b', 'tag'], message: `"${b.tag}" is the tag of pool a, too`, mend }]
      : [];
  const shared = (b.droplets ?? []).flatMap((droplet, index) =>
    a.droplets?.includes(droplet)
      ? [
          {
            path: ['pools', 'b', 'droplets', index],
            message: `droplet ${droplet} is in pool a, too`,
            mend,
          },
        ]
      : [],
  );
  return [...tag, ...shared, ...twice(a.droplets, 'a'), ...twice(b.droplets, 'b')];
}

function twice(droplets: readonly number[] | undefined, pool: string): Finding[] {
  return repeated(droplets ?? [], ['pools', pool, 'droplets'], (id) => `droplet ${id}`);
}

function portsAreNamedOnce({ traffic }: Partial<WrittenApp>): Finding[] {
  return repeated(traffic?.ports ?? [], ['traffic', 'ports'], (port) => `port ${port}`);
}

function repeated(values: readonly number[], at: Path, say: (value: number) => string): Finding[] {
  return values.flatMap((value, index) =>
    values.indexOf(value) === index
      ? []
      : [{ path: [...at, index], message: `${say(value)} is listed twice`, mend: 'list it once' }],
  );
}

/** Plain http is for an emulated cloud on this machine only. */
function theTokenTravelsEncrypted({ cloud }: Partial<WrittenApp>): Finding[] {
  if (cloud === undefined) return [];
  const { protocol, hostname, username, password } = new URL(cloud.endpoint);
  const path = ['cloud', 'endpoint'];
  if (username !== '' || password !== '') {
    return [
      {
        path,
        message: 'must not carry a user or a password',
        mend: 'remove what stands before the @',
      },
    ];
  }
  const here = /^(127(\.\d+){3}|localhost|\[::1\])$/.test(hostname);
  if (protocol === 'https:' || here) return [];
  return [
    {
      path,
      message: 'would send the token unencrypted',
      mend: 'write an address that begins with https://',
    },
  ];
}

function identityHasAPlace({ traffic }: Partial<WrittenApp>): Finding[] {
  if (traffic === undefined || traffic.identity === 'none') return [];
  const { header, droplet, path } = traffic.identity;
  if (header === undefined && path === undefined) {
    return [
      {
        path: ['traffic', 'identity'],
        message: 'names neither a header nor a path',
        mend: 'write { header: x-bgctl-environment, path: / }, or { path: /whoami }, or none',
      },
    ];
  }
  if (header !== undefined || droplet === undefined) return [];
  return [
    {
      path: ['traffic', 'identity', 'droplet'],
      message: 'is a second header, but the first is not named',
      mend: 'write header: as well, or leave droplet: out (the body of the path may say it)',
    },
  ];
}

function drainNamesAService({ traffic, images }: Partial<WrittenApp>): Finding[] {
  const service = traffic?.drain?.service;
  if (service === undefined || images === undefined || Object.hasOwn(images, service)) return [];
  return [
    {
      path: ['traffic', 'drain', 'service'],
      message: `"${service}" is no service of images`,
      mend: `write one of: ${Object.keys(images).join(', ')}`,
    },
  ];
}

const stopping = ['SIGKILL', 'SIGSTOP', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGABRT'];

function drainKeepsTheAppAlive({ traffic }: Partial<WrittenApp>): Finding[] {
  const drain = traffic?.drain;
  if (drain === undefined) return [];
  return (['fail', 'restore'] as const).flatMap((order) => {
    const signal = drain[order].signal;
    if (signal === undefined || !stopping.includes(signal)) return [];
    const path = ['traffic', 'drain', order, 'signal'];
    const message = `${signal} stops the app while the balancer still sends it requests`;
    return [
      { path, message, mend: 'use a signal that only changes the health answer, such as SIGUSR1' },
    ];
  });
}

/** An effect may be repeated (I6), so one order cannot mean both. */
function drainOrdersDiffer({ traffic }: Partial<WrittenApp>): Finding[] {
  const drain = traffic?.drain;
  if (drain === undefined || orderText(drain.fail) !== orderText(drain.restore)) return [];
  return [
    {
      path: ['traffic', 'drain', 'restore'],
      message: 'is the same order as fail',
      mend: 'give the app two different orders; one that toggles cannot be repeated safely',
    },
  ];
}

function orderText({ signal, command, request }: WrittenOrder): string {
  return JSON.stringify([signal, command, request]);
}

function rolesSuitTheImages({ compose, images }: Partial<WrittenApp>): Finding[] {
  if (images === undefined) return [];
  return Object.entries(compose?.services ?? {}).flatMap(([service, role]) => {
    if (role !== 'shared' || !Object.hasOwn(images, service)) return [];
    const message = `"${service}" is shared: bgctl never starts it and needs no image for it`;
    const mend = 'remove it here, or give it another role in compose.services';
    return [{ path: ['images', service], atKey: true, message, mend }];
  });
}

function shippedPolicyExists({ policy }: Partial<WrittenApp>): Finding[] {
  if (policy === undefined || !isPolicyName(policy)) return [];
  if (shippedPolicies.some((name) => name === policy)) return [];
  const meant = nearest(policy, shippedPolicies);
  const mend =
    meant === null
      ? `write one of: ${shippedPolicies.join(', ')}, or a path such as ./policy.yml`
      : `did you mean ${meant}? A file is named by a path, such as ./policy.yml`;
  return [{ path: ['policy'], message: `"${policy}" does not come with bgctl`, mend }];
}

/** A word alone names a policy that comes with bgctl; anything else is a path. */
export function isPolicyName(text: string): boolean {
  return !text.includes('/') && !/\.ya?ml$/.test(text);
}

function theJournalLivesOutsideThePools({ journal, pools }: Partial<WrittenApp>): Finding[] {
  if (pools === undefined) return [];
  const listed = [...(pools.a.droplets ?? []), ...(pools.b.droplets ?? [])];
  const inPool = (path: Path, droplet: number | undefined, then: string): Finding[] => {
    if (droplet === undefined || !listed.includes(droplet)) return [];
    const message = `droplet ${droplet} is in a pool: when it is lost, ${then}`;
    return [{ path, message, mend: 'name a droplet outside both pools if there is one' }];
  };
  const { ssh, postgres } = journal ?? {};
  return [
    ...inPool(['journal', 'ssh', 'droplet'], ssh?.droplet, 'so is the journal'),
    ...inPool(
      ['journal', 'postgres', 'through'],
      postgres?.through,
      'so is the way to the journal',
    ),
  ];
}

const takeReferences = ['cloud.token', 'journal.postgres.url'];

/** `${…}` elsewhere would be taken literally, which nobody means. */
export function references(data: unknown, at: Path = []): Finding[] {
  const place = at.join('.');
  if (takeReferences.includes(place) || /^traffic\.drain\.(fail|restore)\.command/.test(place))
    return [];
  if (typeof data === 'string' && data.includes('${')) {
    const message =
      'refers to a variable, which is understood in cloud.token and journal.postgres.url only';
    return [{ path: at, message, mend: 'write the value itself' }];
  }
  // Deeper than any known key there may be a circle of aliases.
  if (typeof data !== 'object' || data === null || at.length > 12) return [];
  const entries: [string | number, unknown][] = Array.isArray(data)
    ? [...data.entries()]
    : Object.entries(data);
  return entries.flatMap(([key, value]) => references(value, [...at, key]));
}
