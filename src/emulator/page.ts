// Lists in pages: the part asked for, absolute links to its neighbours, and the total.
import { unprocessable } from './problem.ts';

/** `all` as one page under the key `plural`; `url` is the absolute address that was asked. */
export function page<T>(plural: string, all: readonly T[], url: URL, view: (item: T) => unknown) {
  const number = parameter(url, 'page', 1, Number.MAX_SAFE_INTEGER);
  const perPage = parameter(url, 'per_page', 20, 200);
  const lastNumber = Math.max(1, Math.ceil(all.length / perPage));
  const start = (number - 1) * perPage;
  const at = (to: number) => {
    const link = new URL(url);
    link.searchParams.set('page', String(to));
    link.searchParams.set('per_page', String(perPage));
    return link.href;
  };
  const pages = {
    ...(number > 1 ? { first: at(1), prev: at(Math.min(number - 1, lastNumber)) } : {}),
    ...(number < lastNumber ? { next: at(number + 1), last: at(lastNumber) } : {}),
  };
  return {
    [plural]: all.slice(start, start + perPage).map(view),
    links: lastNumber === 1 && number === 1 ? {} : { pages },
    meta: { total: all.length },
  };
}

function parameter(url: URL, name: string, otherwise: number, most: number): number {
  const text = url.searchParams.get(name);
  if (text === null) return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw unprocessable(`${name} must be an integer between 1 and ${most}.`);
}
