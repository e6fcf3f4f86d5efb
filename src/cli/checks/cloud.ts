// What check asks of DigitalOcean: the token's scopes, the balancer with the pools, its settings and certificates.
import type { Connection } from '../connect.ts';
import { type Finding, probesOf } from '../findings.ts';
import { balancerFindings } from './balancer.ts';
import { ofCertificates } from './certificates.ts';

const verdicts = { yes: 'ok', no: 'fail', unknown: 'warn' } as const;

export async function ofCloud({
  wired,
  policy,
  settings,
}: Connection): Promise<readonly Finding[]> {
  const metrics = probesOf(policy).some(({ kind }) => kind === 'balancer');
  const [scopes, inspection] = await Promise.all([wired.scopes({ metrics }), wired.inspect()]);
  return [
    ...scopes.map(({ scope, has, because: detail }): Finding => {
      return { verdict: verdicts[has], what: `token scope ${scope}`, detail };
    }),
    ...inspection.refusals.map(
      (detail): Finding => ({ verdict: 'fail', what: 'load balancer', detail }),
    ),
    ...inspection.warnings.map((detail): Finding => {
      return { verdict: 'warn', what: 'load balancer', detail };
    }),
    ...(inspection.balancer !== null && inspection.refusals.length === 0
      ? [
          {
            verdict: 'ok',
            what: 'load balancer',
            detail: `${inspection.balancer.name} at ${inspection.balancer.ip}`,
          } as const,
          ...balancerFindings({
            balancer: inspection.balancer,
            policy,
            traffic: settings.traffic,
          }),
          ...(await ofCertificates(wired, inspection.balancer, wired.world.clock.now())),
        ]
      : []),
  ];
}
