// A list of the API, page by page, until it is whole.
import type { Page } from './answers.ts';
import { CloudFailure } from './failure.ts';

export const pageSize = 200;
const pagesMax = 100;

/** Every item of a list, once. Rejects where the pages do not add up: what is missing is not absent. */
export async function allOf<T extends { readonly id: string | number }>(
  fetchPage: (page: number) => Promise<Page<T>>,
  does: string,
): Promise<readonly T[]> {
  const found = new Map<string | number, T>();
  for (let page = 1; page <= pagesMax; page += 1) {
    const { items, more, total } = await fetchPage(page);
    for (const item of items) found.set(item.id, item);
    if (more && items.length > 0) continue;
    if (total === null ? more : found.size < total) break;
    return [...found.values()];
  }
  throw new CloudFailure(
    'transient',
    `Could not ${does}: the list changed while it was read, or did not end. Nothing was changed; try again.`,
    { retry: 'soon' },
  );
}
