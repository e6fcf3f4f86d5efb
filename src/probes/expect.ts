// Whether an HTTP answer is what the policy expects, and in what it is not.
import { at, jsonPath } from '../lib/json-path.ts';
import type { HttpRequest, JsonCondition } from '../policy/probe-spec.ts';
import { excerpt, statusAnd } from './detail.ts';
import type { Seen } from './seen.ts';

export function judged(wanted: HttpRequest, answer: { status: number; body: string }): Seen {
  const { status, body } = answer;
  const { status: ranges = [{ from: 200, to: 299 }], expect, json = [] } = wanted;
  const told = statusAnd(status, body);
  if (!ranges.some(({ from, to }) => status >= from && status <= to))
    return { outcome: 'error', detail: told };
  if (expect !== null && !body.includes(expect)) {
    const detail = `HTTP ${status} without ${JSON.stringify(expect)}: ${excerpt(body)}`;
    return { outcome: 'error', detail };
  }
  const wrong = json.length === 0 ? null : wrongJson(json, body);
  if (wrong === null) return { outcome: 'ok', detail: told };
  return { outcome: 'error', detail: `HTTP ${status}: ${wrong}: ${excerpt(body)}` };
}

function wrongJson(conditions: readonly JsonCondition[], body: string): string | null {
  const read = parsed(body);
  if (read === null) return 'the body is not JSON';
  return conditions.map((condition) => unmet(condition, read.value)).find(Boolean) ?? null;
}

function unmet({ path, equals, exists = true }: JsonCondition, body: unknown): string | null {
  const steps = jsonPath(path);
  const value = steps === null ? undefined : at(body, steps);
  if (equals !== undefined)
    return value === equals ? null : `${path} is ${shown(value)}, not ${JSON.stringify(equals)}`;
  if ((value !== undefined) === exists) return null;
  return exists ? `there is nothing at ${path}` : `there is something at ${path}`;
}

function shown(value: unknown): string {
  return value === undefined ? 'not there' : excerpt(JSON.stringify(value), 60);
}

/** In a box, since null is a value too. */
function parsed(body: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(body) };
  } catch {
    return null;
  }
}
