// Whether the load balancer's certificates are about to expire, as DigitalOcean has them.
import type { Instant } from '../../lib/clock.ts';
import { because } from '../../lib/failure.ts';
import type { BalancerFacts, CertificateFacts, Wired } from '../../wire.ts';
import type { Finding } from '../findings.ts';

const dayMs = 24 * 3_600_000;
const soonDays = 14;

export function ofCertificates(
  wired: Pick<Wired, 'certificate'>,
  { certificates }: Pick<BalancerFacts, 'certificates'>,
  now: Instant,
): Promise<readonly Finding[]> {
  return Promise.all(
    certificates.map(async (id): Promise<Finding> => {
      try {
        return ofCertificate(await wired.certificate(id), now);
      } catch (error) {
        // It is of use to nothing else, so that a token without that scope is good enough.
        return { verdict: 'warn', what: `certificate ${id}`, detail: because(error) };
      }
    }),
  );
}

function ofCertificate(
  { name, state, renewed, notAfter }: CertificateFacts,
  now: Instant,
): Finding {
  const what = `certificate ${name}`;
  if (notAfter === null) {
    const detail = `it has no end yet: its state is ${state || 'not told'}`;
    return { verdict: 'warn', what, detail, mend: 'wait until it is verified' };
  }
  const day = new Date(notAfter).toISOString().slice(0, 10);
  const mend = renewed
    ? 'DigitalOcean renews it by itself: see that its names are still in DigitalOcean’s DNS'
    : 'upload a new one, and name it in the rules of the load balancer';
  if (notAfter <= now) return { verdict: 'fail', what, detail: `expired on ${day}`, mend };
  const days = Math.floor((notAfter - now) / dayMs);
  if (days < soonDays)
    return { verdict: 'warn', what, detail: `expires on ${day}, in ${days} days`, mend };
  return { verdict: 'ok', what, detail: `good until ${day}` };
}
