// A release and a policy as a team would have them.
import { createHash } from 'node:crypto';
import { parsePolicy } from '../../src/policy/parse.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { Release } from '../../src/promotion/release.ts';

const text = `
name: standard, shortened
attempts: 5
unreachable: 2m
start: { limit: 2m, missing: 0, restarts: 2 }
gate:
  limit: 2m
  minimum: 15s
  gates:
    - name: healthy
      probe: { http: { of: droplets } }
      every: 1s
      judge: { consecutive: { passes: 5, failures: 5 } }
    - name: containers
      probe: container
      every: 5s
      judge: { consecutive: { passes: 3, failures: 3 } }
switch: { limit: 2m, floor: 1 }
verify:
  limit: 5m
  minimum: 90s
  gates:
    - name: errors
      probe: { http: { of: droplets, path: /cart } }
      every: 250ms
      judge: { errorRate: { acceptable: 1%, unacceptable: 5% } }
    - name: fast
      probe: { http: { of: droplets, path: /cart } }
      every: 500ms
      judge: { latency: { objective: 300ms, acceptable: 5%, unacceptable: 15% } }
drain: { limit: 1m, quiet: 2s, warm: 60s }
`;

function policy(): Policy {
  const parsed = parsePolicy(text, 'policy.yml');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

export const realPolicy = policy();

export function realRelease(release: Release): Release {
  const sha256 = (of: string) => createHash('sha256').update(`${release.id} ${of}`).digest('hex');
  return {
    ...release,
    images: {
      web: `registry.example/acme/shop/web@sha256:${sha256('web')}`,
      assets: `registry.example/acme/shop/assets@sha256:${sha256('assets')}`,
    },
    composeHash: sha256('compose'),
    env: { '/srv/shop/.env': sha256('env') },
    requestedBy: 'https://github.com/acme/shop/actions/runs/7001',
  };
}
