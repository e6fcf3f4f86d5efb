// The value of a Prometheus query, or of one divided by another; no data and NaN are unknown, never zero (I5).
import type { Agent } from 'node:http';
import { z } from 'zod';
import { because } from '../lib/failure.ts';
import type { PrometheusProbe } from '../policy/probe-spec.ts';
import type { DropletId, Environment } from '../promotion/environment.ts';
import { ask } from './ask.ts';
import { excerpt } from './detail.ts';
import { fillIn } from './fill-in.ts';
import type { HttpParts } from './http.ts';
import { type Ready, ready } from './request.ts';
import { digits, measured, type Seen, unknown } from './seen.ts';
import { tlsOf } from './tls.ts';

type Asked = { readonly environment: Environment; readonly droplet: DropletId };
type Parts = Pick<HttpParts, 'reach' | 'variables' | 'clock'>;

/** What it read, or why it could not. */
type Read = { readonly value: number } | { readonly because: string };

export async function askPrometheus(
  spec: PrometheusProbe,
  asked: Asked,
  parts: Parts,
): Promise<Seen> {
  const message = ready(spec, asked.environment.project, parts.variables);
  if (!message.ok) return unknown(message.because);
  try {
    const query = (text: string) => askOne(spec, text, asked, message, parts);
    const [top, bottom] = await Promise.all([
      query(spec.query),
      spec.denominator === undefined ? null : query(spec.denominator),
    ]);
    return judge(spec, top, bottom, message.clean);
  } catch (error) {
    return unknown(message.clean(`Prometheus could not be asked: ${because(error)}`));
  }
}

function judge(
  spec: PrometheusProbe,
  top: Read,
  bottom: Read | null,
  clean: (text: string) => string,
): Seen {
  if ('because' in top) return unknown(clean(top.because));
  if (bottom === null) return measured(top.value, spec, `Prometheus says ${digits(top.value)}`);
  if ('because' in bottom) return unknown(clean(`the denominator: ${bottom.because}`));
  const told = `Prometheus says ${digits(top.value)} of ${digits(bottom.value)}`;
  if (bottom.value === 0) return unknown(`${told}: of nothing there is no share`);
  return measured(top.value / bottom.value, spec, told);
}

async function askOne(
  spec: PrometheusProbe,
  text: string,
  { environment, droplet }: Asked,
  { headers }: Extract<Ready, { ok: true }>,
  { reach, clock }: Parts,
): Promise<Read> {
  const query = fillIn(text, environment, droplet);
  const url = new URL(`${spec.url.replace(/\/+$/, '')}/api/v1/query`);
  url.searchParams.set('query', query);
  const agent: { agent?: Agent } =
    spec.through === 'droplet' ? { agent: reach.agent(droplet, url.hostname, portOf(url)) } : {};
  const tls = await tlsOf(spec.tls);
  const answer = await ask({ url, timeoutMs: spec.timeoutMs, headers, tls, ...agent }, clock);
  if (answer.is !== 'answer') return { because: `Prometheus did not answer: ${answer.because}` };
  return read(answer.status, answer.body);
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

const sample = z.tuple([z.number(), z.string()]);
const success = z.object({
  status: z.literal('success'),
  data: z.discriminatedUnion('resultType', [
    z.object({ resultType: z.literal('vector'), result: z.array(z.object({ value: sample })) }),
    z.object({ resultType: z.literal('scalar'), result: sample }),
  ]),
});
const refusal = z.object({ status: z.literal('error'), error: z.string() });

function read(status: number, body: string): Read {
  const value = json(body);
  const refused = refusal.safeParse(value);
  if (refused.success)
    return { because: `Prometheus refuses the query: ${excerpt(refused.data.error)}` };
  const answered = success.safeParse(value);
  if (!answered.success)
    return {
      because: `HTTP ${status} is no answer of Prometheus to an instant query: ${excerpt(body)}`,
    };
  const { data } = answered.data;
  if (data.resultType === 'scalar') return { value: numberOf(data.result[1]) };
  const [first, second] = data.result;
  if (first === undefined) return { because: 'Prometheus has no data for the query' };
  if (second !== undefined)
    return {
      because: `the query gives ${data.result.length} series; write one that gives one, as with sum(…)`,
    };
  return { value: numberOf(first.value[1]) };
}

/** As Prometheus writes it: `NaN`, `+Inf`. */
function numberOf(text: string): number {
  if (/^[+-]?Inf$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return text === '' ? Number.NaN : Number(text);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
