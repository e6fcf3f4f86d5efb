// A promotion's report, from the journal and what controllers kept beside it; and what GitHub Actions is told of it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { within } from '../lib/within.ts';
import type { Entry } from '../promotion/entry.ts';
import { type Promotion, promotionsOf } from '../promotion/history.ts';
import { reportOf } from '../report/build.ts';
import { summaryOf } from '../report/markdown.ts';
import { pageOf } from '../report/page.ts';
import { decodeRecording, type Recording, recordingName } from '../report/recording.ts';
import type { Report } from '../report/report.ts';
import type { Connection, Records } from './connect.ts';
import { conclude, type Evidence, exit } from './exit.ts';
import { pageAssets } from './page-assets.ts';

/** A cancelled job has a few seconds; without a report it ends all the same. */
export const patienceMs = { ended: 5_000, interrupted: 1_000 } as const;

export async function makeReport(
  records: Pick<Records, 'settings' | 'redact' | 'journal'>,
  promotion: Promotion,
  entries: readonly Entry[],
): Promise<Report> {
  const { settings, redact, journal } = records;
  const { id } = promotion.release;
  const parts = await Promise.all(
    epochsOf(promotion, entries).map((epoch) => journal.recall(recordingName(id, epoch))),
  );
  const recordings = parts
    .map((text) => (text === null ? null : decodeRecording(text)))
    .filter((part): part is Recording => part !== null);
  return cleaned(reportOf(settings.app, promotion, recordings, toldOf(promotion)), redact);
}

export async function makePage(report: Report): Promise<string> {
  return pageOf(report, await pageAssets());
}

export function pageFile(release: string): string {
  return `bgctl-report-${release}.html`;
}

/** For the page of the CI run, with the report as a file to be uploaded; null where it cannot be made in time. */
export function evidenceFor(
  connection: Pick<Connection, 'settings' | 'policy' | 'redact' | 'wired'>,
  release: string,
  directory = '.',
  limitMs: number = patienceMs.ended,
): Promise<Evidence | null> {
  const { clock, journal } = connection.wired.world;
  const make = async (): Promise<Evidence | null> => {
    const { entries } = await journal.read();
    const { settings, policy } = connection;
    const promotions = promotionsOf(settings.app, policy, entries);
    const promotion = promotions.findLast((one) => one.release.id === release);
    if (promotion === undefined) return null;
    const report = await makeReport({ ...connection, journal }, promotion, entries);
    const file = pageFile(release);
    await writeFile(join(directory, file), await makePage(report));
    const outputs = {
      release,
      result: report.result.is,
      report: file,
      url: connection.wired.address,
    };
    return { summary: summaryOf(report), outputs };
  };
  return within(limitMs, clock, make());
}

/** Who drove it: everybody who took the lease from before it was asked for to its end. */
function epochsOf({ entries: own }: Promotion, all: readonly Entry[]): readonly number[] {
  const [first, last] = [own[0]?.seq ?? 0, own.at(-1)?.seq ?? 0];
  const leased = all.filter((entry) => entry.type === 'leased');
  const before = leased.findLast(({ seq }) => seq < first);
  const during = leased.filter(({ seq }) => seq >= first && seq <= last);
  return [...(before === undefined ? [] : [before]), ...during].map(({ epoch }) => epoch);
}

function toldOf({ app, release, outcome }: Promotion) {
  if (outcome === null && app.phase !== 'held')
    return { code: exit.underWay, message: `${release.id} is under way: ${app.phase}.` };
  return conclude({ kind: 'promote', release: release.id }, { is: 'rest', app });
}

/** Every text without the secrets that this command knows: before it is escaped, or it would not be found. */
function cleaned<T>(value: T, redact: (text: string) => string): T {
  if (typeof value === 'string') return redact(value) as T;
  if (Array.isArray(value)) return value.map((one) => cleaned(one, redact)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const pairs = Object.entries(value).map(([key, one]) => [redact(key), cleaned(one, redact)]);
  return Object.fromEntries(pairs) as T;
}
