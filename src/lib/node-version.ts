// Whether the Node.js that runs is one that bgctl runs on; told at once, not by what happens to be missing in it.

/** One line, or null where it will do. `engines` as in package.json: `>=22.20`; `running` as in process.version: `v20.20.2`. */
export function tooOld(engines: string, running: string): string | null {
  const [wanted, has] = [engines, running].map((text) => text.replace(/^[^0-9]+/, ''));
  const [major = 0, minor = 0] = numbers(wanted);
  const [runningMajor = 0, runningMinor = 0] = numbers(has);
  if (runningMajor > major || (runningMajor === major && runningMinor >= minor)) return null;
  return `bgctl needs Node.js ${wanted} or newer; this is ${has}.`;
}

function numbers(version = ''): readonly number[] {
  return version.split('.').map(Number);
}
