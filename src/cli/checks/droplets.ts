// What check asks of every droplet of both pools, and mends there where it is told to.
import { because } from '../../lib/failure.ts';
import type { ExpectedEnv } from '../../policy/env-expected.ts';
import type { DropletId } from '../../promotion/environment.ts';
import type { Wired } from '../../wire.ts';
import type { Finding } from '../findings.ts';

export const notAsked: Finding = {
  verdict: 'warn',
  what: 'droplets',
  detail: 'not asked: bgctl reaches them by SSH, and that lacks what is named above',
};

type Asked = { readonly env: ExpectedEnv; readonly fix: boolean };
type Asking = Pick<Wired, 'examine' | 'envFiles' | 'mend'>;

export async function ofDroplets(
  wired: Asking,
  droplets: readonly DropletId[],
  asked: Asked,
): Promise<readonly Finding[]> {
  const all = await Promise.all(droplets.map((droplet) => ofDroplet(wired, droplet, asked)));
  return all.flatMap((findings, index) =>
    findings.map((finding) => ({
      ...finding,
      what: `droplet ${droplets[index]}: ${finding.what}`,
    })),
  );
}

async function ofDroplet(
  wired: Asking,
  droplet: DropletId,
  { env, fix }: Asked,
): Promise<readonly Finding[]> {
  const told: Finding[] = [];
  try {
    told.push(...(await wired.examine(droplet)));
  } catch (error) {
    return [{ verdict: 'fail', what: 'SSH', detail: because(error) }];
  }
  try {
    const paths = env.files.map(({ path }) => path);
    if (fix) told.push(...(await wired.mend(droplet, paths)));
    told.push(...(await wired.envFiles(droplet, env)));
  } catch (error) {
    told.push({ verdict: 'fail', what: 'env files', detail: because(error) });
  }
  return told;
}
