// Whether the balancer's own settings suit the policy and the app: its health check, its ways in. Pure.
import { durationText } from '../../policy/duration.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Settings } from '../../policy/settings.ts';
import type { BalancerFacts, Inspection } from '../../wire.ts';
import type { Finding } from '../findings.ts';

type Given = {
  readonly balancer: BalancerFacts;
  readonly policy: Policy;
  readonly traffic: Settings['traffic'];
};

export function balancerFindings(given: Given): readonly Finding[] {
  return [ofPath(given), ofSwitch(given), ...ofDrain(given), ...ofEntry(given)];
}

/** What is not well of it, for `promote`, which goes on all the same. */
export function balancerNotes(
  { policy, settings }: { readonly policy: Policy; readonly settings: Pick<Settings, 'traffic'> },
  { balancer }: Pick<Inspection, 'balancer'>,
): readonly string[] {
  if (balancer === null) return [];
  return balancerFindings({ balancer, policy, traffic: settings.traffic })
    .filter(({ verdict }) => verdict !== 'ok')
    .map(({ what, detail, mend }) => `${what}: ${detail}: ${mend}`);
}

/** What the policy's gates and the drain order speak of should be what the balancer looks at. */
function ofPath({ balancer, traffic }: Given): Finding {
  const { protocol, path, port } = balancer.healthCheck;
  const what = 'health check of the load balancer';
  const mend = `let it ask http, ${traffic.health}, in its settings`;
  if (protocol === 'tcp') {
    const detail = `it only looks whether port ${port} is open: an app that says it is not well still gets requests`;
    return { verdict: 'warn', what, detail, mend };
  }
  if (path === traffic.health)
    return { verdict: 'ok', what, detail: `asks ${path} (traffic.health)` };
  const detail = `it asks ${path}, and traffic.health is ${traffic.health}: what gates see well it may see ill`;
  return { verdict: 'warn', what, detail, mend: `${mend}, or correct traffic.health` };
}

/** Each join has the policy's limit for itself. */
function ofSwitch({ balancer, policy }: Given): Finding {
  const what = 'switch within the policy’s limit';
  const { limitMs } = policy.switch;
  const takes = `the load balancer sends a droplet its first request after ${durationText(balancer.warmUpMs)}, and switch.limit is ${durationText(limitMs)}`;
  if (balancer.warmUpMs < limitMs) return { verdict: 'ok', what, detail: takes };
  const detail = `${takes}: every release would be taken back`;
  const mend = 'shorten its check interval or healthy threshold, or raise switch.limit';
  return { verdict: 'warn', what, detail, mend };
}

/** Only what can be told to fail its health check is emptied first. */
function ofDrain({ balancer, policy, traffic }: Given): readonly Finding[] {
  if (traffic.drain === null) return [];
  const what = 'drain within the policy’s limit';
  const { limitMs, quietMs } = policy.drain;
  const { evictionMs } = balancer;
  const takes = `the load balancer stops sending to a droplet that fails after up to ${durationText(evictionMs)}, then it is watched for ${durationText(quietMs)}, and drain.limit is ${durationText(limitMs)}`;
  if (evictionMs + quietMs < limitMs) return [{ verdict: 'ok', what, detail: takes }];
  const detail = `${takes}: it would be taken out before it is empty, and requests may be cut`;
  const mend = 'shorten its check interval or unhealthy threshold, or raise drain.limit';
  return [{ verdict: 'warn', what, detail, mend }];
}

function ofEntry({ balancer }: Given): readonly Finding[] {
  if (!balancer.plainToo) return [];
  const what = 'https of the load balancer';
  const detail = 'http is not redirected to it: people may come in without encryption';
  return [
    { verdict: 'warn', what, detail, mend: 'let it redirect http to https, in its settings' },
  ];
}
