// The sample app's images: built on the first droplet from a bare node and bash, pushed once a version.
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { versions } from '../app/versions.ts';
import { execIn, publishedTags } from './containers.ts';
import {
  droplets,
  type LabImage,
  registryHost,
  repository,
  root,
  type Say,
  state,
} from './model.ts';
import { docker, LabError, run } from './run.ts';
import { fingerprint } from './secrets.ts';

const source = join(root, 'compose', 'app');
const sources = ['app.js', 'streams.js', 'health', 'Dockerfile'];
const builtFile = join(state, 'images.json');

type Built = { recipe: string; digests: Record<string, string> };

/** Publishes what the registry lacks; returns every version by its digest. */
export async function ensureApp(say: Say): Promise<Record<string, LabImage>> {
  const wanted = recipe();
  const published = await publishedTags(repository);
  const missing = Object.keys(versions).filter((tag) => !published.has(tag));
  const built = readBuilt();
  const current = built?.recipe === wanted && missing.length === 0;
  if (!current) await publish(say, wanted);
  const tags = current ? published : await publishedTags(repository);
  return Object.fromEntries([...tags].map(([tag, digest]) => [tag, image(tag, digest)]));
}

/** Has every droplet hold the app's large layers, so that a test's first pull is as quick as its second. */
export async function prepull(reference: string): Promise<void> {
  const script = `docker image inspect ${reference} >/dev/null 2>&1 || docker pull -q ${reference}`;
  await Promise.all(
    droplets.map(async ({ container, name }) => {
      const done = await execIn(container, ['sh', '-c', script]);
      if (done.code !== 0) throw new LabError(`${name} could not pull: ${done.stderr}`);
    }),
  );
}

function image(tag: string, digest: string): LabImage {
  return { tag, digest, reference: `${registryHost}/${repository}@${digest}` };
}

function recipe(): string {
  const files = sources.map((file) => readFileSync(join(source, file), 'utf8'));
  return fingerprint(JSON.stringify(versions), ...files);
}

function readBuilt(): Built | null {
  return existsSync(builtFile) ? JSON.parse(readFileSync(builtFile, 'utf8')) : null;
}

async function publish(say: Say, made: string): Promise<void> {
  const builder = droplets[0]?.container ?? '';
  say(`Building and pushing the sample app: ${Object.keys(versions).join(' ')}.`);
  await importBase(builder);
  const context = makeContext();
  await docker(['exec', builder, 'rm', '-rf', '/tmp/shop']);
  await docker(['cp', context, `${builder}:/tmp/shop`]);
  const done = await execIn(builder, ['bash', '-s'], script());
  if (done.code !== 0) throw new LabError(`The sample app could not be built: ${done.stderr}`);
  const digests = Object.fromEntries(await publishedTags(repository));
  writeFileSync(builtFile, JSON.stringify({ recipe: made, digests }), { mode: 0o600 });
}

function makeContext(): string {
  const context = join(state, 'shop');
  rmSync(context, { recursive: true, force: true });
  mkdirSync(context);
  for (const file of sources) {
    cpSync(join(source, file), join(context, file));
  }
  writeFileSync(join(context, 'package.json'), '{ "type": "module" }\n');
  return context;
}

/** Words for bash on the builder: tags there are removed again, so that all droplets are alike. */
function script(): string {
  const builds = Object.entries(versions).map(([tag, env]) => {
    const lines = Object.entries({ APP_VERSION: tag, ...env }).map(
      ([key, value]) => `${key}=${value}`,
    );
    return `version ${tag} ${lines.join(' ')}`;
  });
  return `set -e
export DOCKER_BUILDKIT=0
version() {
  local to=${registryHost}/${repository}:$1
  printf 'FROM shop-app\\nENV %s\\n' "\${*:2}" | docker build -q -t "$to" - 2>&1
  docker push -q "$to"
  docker rmi "$to"
}
chmod 0755 /tmp/shop /tmp/shop/health
docker build -q -t shop-app /tmp/shop 2>&1
${builds.join('\n')}
docker rmi shop-app
rm -rf /tmp/shop
`;
}

async function importBase(builder: string): Promise<void> {
  const tar = await baseTar();
  const made = `LABEL made-from=${basename(tar)}`;
  const format = '{{index .Config.Labels "made-from"}}';
  const seen = await execIn(builder, ['docker', 'inspect', '--format', format, 'shop-base']);
  if (seen.stdout.trim() === basename(tar)) return;
  const words = ['exec', '-i', builder, 'docker', 'import', '--change', made, '-', 'shop-base'];
  await docker(words, { inputFile: tar });
}

/** node, bash and the libraries that they name, as one tar; kept in .lab for the next time. */
async function baseTar(): Promise<string> {
  const node = join(root, 'node_modules', 'node', 'bin', 'node');
  if (!existsSync(node)) throw new LabError('node_modules is missing: run `npm install` first.', 2);
  const tar = join(state, `shop-base-${fingerprint((await run([node, '--version'])).stdout)}.tar`);
  if (existsSync(tar)) return tar;
  const directory = join(state, 'shop-base');
  rmSync(directory, { recursive: true, force: true });
  const wanted = new Map([
    ['/bin/node', node],
    ['/bin/bash', '/bin/bash'],
  ]);
  for (const program of wanted.values()) {
    for (const library of await libraries(program)) wanted.set(library, library);
  }
  for (const [to, from] of wanted) {
    mkdirSync(dirname(join(directory, to)), { recursive: true });
    copyFileSync(from, join(directory, to));
  }
  mkdirSync(join(directory, 'tmp'));
  const reproducible = ['--sort=name', '--owner=0', '--group=0', '--mtime=2020-01-01T00:00:00Z'];
  await run(['tar', '-C', directory, ...reproducible, '-cf', tar, '.']);
  rmSync(directory, { recursive: true, force: true });
  return tar;
}

async function libraries(program: string): Promise<string[]> {
  const listed = await run(['ldd', program]);
  const paths = listed.stdout.split('\n').map((line) => /(\/\S+) \(0x/.exec(line)?.[1]);
  return paths.filter((path) => path !== undefined);
}
