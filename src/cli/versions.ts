// `web=v2 worker=sha256:…` or a single `v2` → versions by service.
import { refused } from './exit.ts';

export function versionsOf(words: readonly string[]): Readonly<Record<string, string>> {
  // Without a prototype: `__proto__` is a name like any other.
  const versions: Record<string, string> = Object.create(null);
  for (const word of words) {
    const [service, version] = split(String(word));
    if (version === '' || !/^[\w.:@+-]+$/.test(version))
      throw refused(`${word} is not a version: write SERVICE=TAG, SERVICE=sha256:… or one TAG`);
    if (Object.hasOwn(versions, service))
      throw refused(`two versions were given for ${service === '*' ? 'all services' : service}`);
    versions[service] = version;
  }
  return versions;
}

function split(word: string): readonly [string, string] {
  const index = word.indexOf('=');
  return index === -1 ? ['*', word] : [word.slice(0, index), word.slice(index + 1)];
}
