// What the keys under `http` demand of one another; and that no secret is written where a reference should be (I8).
import { referencesIn } from '../lib/references.ts';
import { durationText } from './duration.ts';
import type { WrittenHttp } from './probe-schema.ts';
import type { Finding, Path } from './problem.ts';
import { eachGate, type Rule } from './rule.ts';
import type { WrittenPolicy } from './schema.ts';
import { withoutSecrets } from './secret.ts';
import { httpOf } from './written-probe.ts';

export const httpRules: readonly Rule[] = [
  secretsAreReferences,
  headersAreFree,
  endpointsHaveTheirOwnPaths,
  portsAreOfDroplets,
  conditionsSayOneThing,
  rangesAreRanges,
  certificatesAreCheckedOrNot,
  warmUpsLeaveTime,
];

type Request = Pick<WrittenHttp, 'headers' | 'body' | 'status' | 'json'>;

/** The probe's own request, its endpoints', and what else is sent with headers. */
function eachRequest(
  policy: Partial<WrittenPolicy>,
  rule: (request: Request, at: Path) => Finding[],
): Finding[] {
  return eachGate(policy, ({ probe }, above) => {
    const at = [...above, 'probe'];
    const http = httpOf(probe);
    const prometheus = probe === 'container' ? undefined : probe.prometheus;
    const traffic = http?.floor?.traffic.prometheus;
    return [
      ...(http === null ? [] : rule(http, [...at, 'http'])),
      ...(http?.endpoints ?? []).flatMap((endpoint, index) =>
        rule(endpoint, [...at, 'http', 'endpoints', index]),
      ),
      ...(prometheus === undefined ? [] : rule(prometheus, [...at, 'prometheus'])),
      ...(traffic === undefined
        ? []
        : rule(traffic, [...at, 'http', 'floor', 'traffic', 'prometheus'])),
    ];
  });
}

const secretName = /^(proxy-)?authorization$|^cookie$|token|secret|passw|api-?key/i;

/** A policy is journaled and shown: what is secret must not be in it. */
function secretsAreReferences(policy: Partial<WrittenPolicy>): Finding[] {
  return eachRequest(policy, ({ headers = {}, body = '' }, at) => {
    const bad = Object.entries(headers).filter(
      ([name, value]) =>
        withoutSecrets(value) !== value ||
        (secretName.test(name) && value !== '' && referencesIn(value).length === 0),
    );
    const told = (path: Path): Finding => ({
      path,
      message: 'may be a secret, so it must be a reference; what stands here is not shown',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
      mend: 'write ${PROBE_TOKEN} in its place and set that variable where bgctl runs',
    });
    return [
      ...bad.map(([name]) => told([...at, 'headers', name])),
      ...(withoutSecrets(body) === body ? [] : [told([...at, 'body'])]),
    ];
  });
}

const ours = ['connection', 'content-length', 'transfer-encoding', 'upgrade', 'bgctl-probe'];

function headersAreFree(policy: Partial<WrittenPolicy>): Finding[] {
  return eachRequest(policy, ({ headers = {} }, at) =>
    Object.keys(headers)
      .filter((name) => ours.includes(name.toLowerCase()))
      .map((name) => ({
        path: [...at, 'headers', name],
        message: 'is set by bgctl itself',
        mend: 'leave it out',
      })),
  );
}

function endpointsHaveTheirOwnPaths(policy: Partial<WrittenPolicy>): Finding[] {
  return eachGate(policy, ({ probe }, at) => {
    const http = httpOf(probe);
    if (http?.endpoints === undefined || http.path === undefined) return [];
    const message = 'is not asked where there are endpoints';
    const mend = 'leave it out, or write it as an endpoint';
    return [{ path: [...at, 'probe', 'http', 'path'], message, mend }];
  });
}

function portsAreOfDroplets(policy: Partial<WrittenPolicy>): Finding[] {
  return eachGate(policy, ({ probe }, at) => {
    const http = httpOf(probe);
    if (http?.port === undefined || http.of === 'droplets') return [];
    const message = "the balancer's address has its own port";
    const mend = 'leave it out; traffic.address in bgctl.yml says where people come in';
    return [{ path: [...at, 'probe', 'http', 'port'], message, mend }];
  });
}

function conditionsSayOneThing(policy: Partial<WrittenPolicy>): Finding[] {
  return eachRequest(policy, ({ json = [] }, at) =>
    json.flatMap(({ equals, exists }, index) =>
      equals === undefined || exists === undefined
        ? []
        : [
            {
              path: [...at, 'json', index, 'exists'],
              message: 'is said by equals already',
              mend: 'write either equals or exists',
            },
          ],
    ),
  );
}

function rangesAreRanges(policy: Partial<WrittenPolicy>): Finding[] {
  return eachRequest(policy, ({ status = [] }, at) =>
    status.flatMap(({ from, to }, index) =>
      from <= to
        ? []
        : [
            {
              path: [...at, 'status', index],
              message: `${from}-${to} goes backwards`,
              mend: `write ${to}-${from}`,
            },
          ],
    ),
  );
}

function certificatesAreCheckedOrNot(policy: Partial<WrittenPolicy>): Finding[] {
  return eachGate(policy, ({ probe }, above) => {
    const at = [...above, 'probe'];
    const written = probe === 'container' ? {} : probe;
    return (['http', 'prometheus'] as const).flatMap((kind) => {
      const tls = written[kind]?.tls;
      if (tls?.insecure !== true || tls.ca === undefined) return [];
      const message = 'with insecure no certificate is checked, so a ca means nothing';
      return [{ path: [...at, kind, 'tls', 'ca'], message, mend: 'write one of the two' }];
    });
  });
}

function warmUpsLeaveTime(policy: Partial<WrittenPolicy>): Finding[] {
  return eachGate(policy, ({ probe }, at, { limit }) => {
    const warmUp = httpOf(probe)?.warmUp;
    if (warmUp === undefined || warmUp < limit) return [];
    const message = `${durationText(warmUp)} of warm-up leave nothing of the limit of ${durationText(limit)}`;
    return [
      { path: [...at, 'probe', 'http', 'warmUp'], message, mend: 'write less, or a longer limit' },
    ];
  });
}
