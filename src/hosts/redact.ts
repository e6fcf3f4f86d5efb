// Keeps secrets out of what is said of a container or a command (I8).

/** Names whose values say nothing secret, and would make log lines unreadable when masked. */
const plain =
  /^(BGCTL_\w*|PATH|HOME|HOSTNAME|PWD|USER|LANG|LC_\w+|TZ|TERM|PORT|NODE_ENV|RAILS_ENV|\w*_VERSION|\w*_LOG_LEVEL)$/;
const shortest = 6;

/** Text without the values of a container's environment (`NAME=value`), whichever of them are long enough to tell. */
export function redact(text: string, env: readonly string[]): string {
  const values = env
    .map((line) => ({
      name: line.split('=', 1)[0] ?? '',
      value: line.slice(line.indexOf('=') + 1),
    }))
    .filter(({ name, value }) => !plain.test(name) && value.trim().length >= shortest)
    .flatMap(({ value }) => [value, ...value.split(/\r?\n/), ...passwords(value)])
    .filter((value) => value.trim().length >= shortest)
    .sort((one, other) => other.length - one.length);
  return maskLogins(values.reduce((now, value) => now.replaceAll(value, '***'), text));
}

/** `hunter2` of `postgres://shop:hunter2@db/shop`: programs name the parts of an address one by one. */
function passwords(value: string): readonly string[] {
  return [...value.matchAll(/:\/\/[^\s:@/]*:([^\s@/]+)@/g)].map(([, password = '']) => password);
}

const charsMax = 2000;
/** Compose tells of every step; only what is left says why it failed. */
const progress =
  /^\s*$|^\s*\S+ (Pulling|Pulled|Waiting|Extracting|Downloading|Verifying Checksum|Download complete|Pull complete|Already exists)\b|(Creating|Created|Starting|Started|Recreate|Recreated|Running|Healthy|Interrupted|Stopping|Stopped|Removing|Removed)\s*$/;

/** The last meaningful lines of Docker Compose's stderr, at most 2000 characters. */
export function complaint(stderr: string): string {
  const lines = stderr.split(/\r?\n/).map((line) => line.trimEnd());
  const said = lines.filter((line) => !progress.test(line) && !line.startsWith('bgctl-guard:'));
  const text = (said.length > 0 ? said : lines).map(maskQuotes).join('\n').trim();
  return maskLogins(text).slice(-charsMax) || 'no reason given';
}

/** Compose quotes what it stumbled over, and in an env file that is the rest of the file. */
function maskQuotes(line: string): string {
  return line
    .replace(/(near ).*$/, '$1***')
    .replace(/(invalid interpolation format for [^:]*:).*$/, '$1 ***')
    .replace(/(required variable \S+ is missing a value).*$/, '$1');
}

function maskLogins(text: string): string {
  return text
    .replace(/:\/\/[^\s/@]+@/g, '://***@')
    .replace(/\b(authorization:\s*)\S.*$/gim, '$1***')
    .replace(
      /\b([\w-]*(?:password|passwd|secret|token|api_?key)[\w-]*["']?\s*[=:]\s*)\S+/gi,
      '$1***',
    );
}
