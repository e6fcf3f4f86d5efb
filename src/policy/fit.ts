// What a policy demands of the bgctl.yml that it is used with: gates that could not tell anything there are named beforehand.
import type { Finding, Path } from './problem.ts';
import type { WrittenPolicy } from './schema.ts';
import type { Settings } from './settings.ts';
import { httpOf } from './written-probe.ts';

type Traffic = Settings['traffic'];
type Http = NonNullable<ReturnType<typeof httpOf>>;
type FitRule = (policy: Partial<WrittenPolicy>, traffic: Traffic) => Finding[];

export const fitRules: readonly FitRule[] = [
  blueIsNotComparedByItsHealthPath,
  answersWhileBothServeHaveAName,
];

/** Told to drain, blue fails that path on purpose; that it is not written at all is the policy's own rule. */
function blueIsNotComparedByItsHealthPath(
  { verify }: Partial<WrittenPolicy>,
  { health, drain, ports }: Traffic,
): Finding[] {
  return (verify?.gates ?? []).flatMap(({ probe, judge }, index) => {
    const http = httpOf(probe);
    const compares = (judge.errorRate ?? judge.latency)?.against === 'blue';
    if (!compares || drain === null || http?.of !== 'droplets') return [];
    if (http.port !== undefined && http.port !== ports[0]) return [];
    return pathsOf(http)
      .filter(({ path }) => path !== undefined && isSame(path, health))
      .map(({ path, at }) => ({
        path: ['verify', 'gates', index, 'probe', 'http', ...at],
        message: `${path} is the health path (traffic.health), which the old environment may fail on purpose by then, so it is nothing to compare with`,
        mend: 'write a path that people ask for, such as path: /',
      }));
  });
}

/** Blue may have given an answer that names nobody: it is no sample, so a gate without others never passes. */
function answersWhileBothServeHaveAName(
  policy: Partial<WrittenPolicy>,
  { identity, health }: Traffic,
): Finding[] {
  return (policy.switch?.gates ?? []).flatMap(({ probe, dryRun }, index) => {
    const http = httpOf(probe);
    if (http?.of !== 'balancer' || dryRun || identity.kind === 'header') return [];
    const at = ['switch', 'gates', index, 'probe', 'http'];
    if (identity.kind === 'none')
      return [
        {
          path: [...at, 'of'],
          message:
            'this gate could never pass: both environments answer there, and no answer names its own (traffic.identity: none)',
          mend: 'write of: droplets, or let answers name their environment and say how: traffic.identity in bgctl.yml',
        },
      ];
    if (pathsOf(http).some(({ path = health }) => path === identity.path)) return [];
    return [
      {
        path: [...at, 'path'],
        message: `this gate could never pass: both environments answer there, and only ${identity.path} names its own (traffic.identity.path)`,
        mend: `write path: ${identity.path}, or of: droplets, or traffic.identity with a header`,
      },
    ];
  });
}

/** Each path that is asked, and where it stands; undefined: the health path. */
function pathsOf({ path, endpoints }: Http): { path: string | undefined; at: Path }[] {
  if (endpoints === undefined) return [{ path, at: ['path'] }];
  return endpoints.map((one, index) => ({
    path: one.path ?? path,
    at: one.path === undefined ? ['path'] : ['endpoints', index, 'path'],
  }));
}

function isSame(path: string, health: string): boolean {
  return path.split('?')[0] === health.split('?')[0];
}
