// From versions to a release: digests, fingerprints, what makes two releases the same, and what stands in the way.
import { describe, expect, test } from 'vitest';
import {
  type Blueprint,
  clashes,
  freePool,
  number,
  type Occupied,
  prepare,
  type Survey,
  Unprepared,
} from '../../src/controller/prepare.ts';
import { Failure } from '../../src/lib/failure.ts';
import { versionText } from '../../src/promotion/release.ts';
import { acted, anApp, continued } from '../builders/app.ts';

const blueprint: Blueprint = {
  images: { web: 'ghcr.io/acme/web', worker: 'ghcr.io/acme/worker' },
  envFiles: ['/opt/shop/.env'],
  fingerprintText: (images) => `compose ${JSON.stringify(images)}`,
  render: (release, images) => `${release} ${JSON.stringify(images)}`,
  claims: [
    { what: 'port', value: '8000', where: 'compose.yml:5' },
    { what: 'container-name', value: 'shop-web', where: 'compose.yml:3' },
  ],
};

describe('preparing a release', () => {
  test('pins every image by the digest that its tag has now', async () => {
    const prepared = await prepare(aSurvey(), given({ web: 'v2', worker: 'v9' }));
    expect(prepared.images).toEqual({
      web: 'ghcr.io/acme/web@sha256:v2',
      worker: 'ghcr.io/acme/worker@sha256:v9',
    });
    expect(prepared.env).toEqual({ '/opt/shop/.env': 'same' });
  });

  test('one tag goes for every service that is not named', async () => {
    const prepared = await prepare(aSurvey(), given({ '*': 'v2', worker: 'v9' }));
    expect(Object.values(prepared.images).map((image) => image.split(':')[1])).toEqual([
      'v2',
      'v9',
    ]);
  });

  test('tells all problems at once: versions, services, tags, env files', async () => {
    const survey = aSurvey({
      resolveDigest: async (_, repository, tag) => {
        throw new Failure('host', `${repository}:${tag} does not exist`);
      },
      fingerprints: async (droplet): Promise<Record<string, string>> =>
        droplet === 3 ? { '/opt/shop/.env': 'one' } : {},
    });
    await expect(prepare(survey, given({ web: 'v2', db: 'v1' }))).rejects.toMatchObject({
      problems: [
        'no version was given for worker: write worker=TAG or worker=sha256:…',
        'db is not a service that bgctl.yml names under images',
        'ghcr.io/acme/web:v2 does not exist',
        '/opt/shop/.env is missing on droplet 4: put it there before promoting',
      ],
    });
  });

  test('an env file that differs between droplets is a problem', async () => {
    const fingerprints = async (droplet: number) => ({ '/opt/shop/.env': `of ${droplet}` });
    await expect(prepare(aSurvey({ fingerprints }), given({ '*': 'v2' }))).rejects.toMatchObject({
      problems: ['/opt/shop/.env is not the same on droplets 3, 4: make them equal'],
    });
  });

  test('an outage is no problem of the release: it is told as it is', async () => {
    const outage = new Failure('host', 'no route to host', { retry: 'soon' });
    const resolveDigest = async () => {
      throw outage;
    };
    await expect(prepare(aSurvey({ resolveDigest }), given({ '*': 'v2' }))).rejects.toBe(outage);
  });

  test('a pool without droplets is refused before anything is asked', async () => {
    const asked = prepare(aSurvey(), { ...given({ '*': 'v2' }), droplets: [] });
    await expect(asked).rejects.toBeInstanceOf(Unprepared);
  });
});

describe('two releases are the same', () => {
  const keyOf = async (
    versions: Record<string, string> = { '*': 'v2' },
    changes: Partial<Survey> = {},
    other: Partial<Blueprint> = {},
  ) => {
    const wanted = { ...given(versions), blueprint: { ...blueprint, ...other } };
    return (await prepare(aSurvey(changes), wanted)).key;
  };

  test('where digests, compose file and env files are, however the versions were written', async () => {
    expect(await keyOf({ web: 'v2', worker: 'v2' })).toBe(await keyOf({ '*': 'v2' }));
    const { worker, web } = blueprint.images;
    const images = { worker: worker ?? '', web: web ?? '' };
    const fingerprintText = () => 'compose';
    expect(await keyOf(undefined, {}, { images, fingerprintText })).toBe(
      await keyOf(undefined, {}, { fingerprintText }),
    );
  });

  test('on whichever pool they are to run', async () => {
    const onA = await prepare(aSurvey(), { ...given({ '*': 'v2' }), pool: 'a', droplets: [1, 2] });
    expect(onA.key).toBe(await keyOf());
  });

  test('not where a tag was moved to another digest', async () => {
    const resolveDigest = async (_: number, repository: string) => `${repository}@sha256:moved`;
    expect(await keyOf(undefined, { resolveDigest })).not.toBe(await keyOf());
  });

  test('not where an env file or the compose file was changed', async () => {
    const fingerprints = async () => ({ '/opt/shop/.env': 'changed' });
    expect(await keyOf(undefined, { fingerprints })).not.toBe(await keyOf());
    const fingerprintText = () => 'another file';
    expect(await keyOf(undefined, {}, { fingerprintText })).not.toBe(await keyOf());
  });
});

describe('the number of a release', () => {
  test('is the next one of the app at that moment, in its name and in its compose file', async () => {
    const prepared = await prepare(aSurvey(), given({ '*': 'v2' }));
    const { release, compose } = number(prepared, anApp().in('idle'), blueprint);
    expect(release.id).toBe('r42');
    expect(compose).toMatch(/^r42 /);
    expect(release.key).toBe(prepared.key);
    expect(versionText(release)).toBe('v2');
    expect(Object.keys(release.versions ?? {})).toEqual(Object.keys(blueprint.images));
    expect(release.composeHash).toMatch(/^[0-9a-f]{64}$/);
  });

  test('the first goes to pool a, each other to the pool that is not live', () => {
    expect(freePool(anApp({ first: true }).in('idle'))).toBe('a');
    expect(freePool(anApp().in('idle'))).toBe('b');
    expect(freePool(anApp().in('verifying'))).toBe('a');
  });
});

describe('what stands in the way on a droplet', () => {
  const clash = async (occupied: readonly Occupied[], app = anApp().in('idle')) =>
    clashes(aSurvey({ occupied: async () => occupied }), app, {
      blueprint,
      droplets: [3],
      projects: async () => ['shop-old'],
    });

  test('is named with its place in the compose file, who holds it and what to do', async () => {
    const found = await clash([
      { container: 'nginx', project: null, hostPorts: [80, 8000] },
      { container: 'shop-web', project: 'legacy', hostPorts: [] },
    ]);
    expect(found).toEqual([
      'compose.yml:5: host port 8000 is taken on droplet 3 by container nginx: stop that, or publish another port',
      'compose.yml:3: container name shop-web is taken on droplet 3 by project legacy: stop that, or publish another name',
    ]);
  });

  test('is not what bgctl itself left there; what stands under the name of the next release, and was never begun, is', async () => {
    const left = acted({ kind: 'start-project', project: 'shop-r40', droplet: 3 });
    const app = continued(anApp().in('idle'), left);
    const found = await clash(
      [
        { container: 'a', project: 'shop-r40', hostPorts: [8000] },
        { container: 'b', project: 'shop-r42', hostPorts: [8000] },
      ],
      app,
    );
    expect(found).toEqual([
      'compose.yml:5: host port 8000 is taken on droplet 3 by project shop-r42: stop that, or publish another port',
    ]);
  });

  test('is not a project of the app while the journal knows of nothing live: it may serve people', async () => {
    const old = [{ container: 'a', project: 'shop-old', hostPorts: [8000] }];
    expect(await clash(old, anApp({ first: true }).in('idle'))).toEqual([]);
    expect(await clash(old)).toHaveLength(1);
  });
});

function aSurvey(changes: Partial<Survey> = {}): Survey {
  return {
    resolveDigest: async (_, repository, wanted) => `${repository}@sha256:${wanted}`,
    fingerprints: async () => ({ '/opt/shop/.env': 'same' }),
    occupied: async () => [],
    ...changes,
  };
}

function given(versions: Record<string, string>) {
  const wanted = { versions, requestedBy: 'anna' };
  return { blueprint, wanted, pool: 'b', droplets: [3, 4] } as const;
}
