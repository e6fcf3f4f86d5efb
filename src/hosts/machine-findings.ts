// What `check` tells of a droplet's kernel, engine, clock and room. Pure.
import type { HostFacts } from './facts.ts';
import type { HostFinding } from './finding.ts';

const gib = 1024 ** 3;
const disk = { fail: 2 * gib, warn: 5 * gib };
const memory = { fail: gib / 4, warn: gib / 2 };
const clock = { failMs: 30_000, warnMs: 2_000 };
/** What Ubuntu 22.04 came with. */
const usual = { kernel: '5.15', docker: '20.10' };

export function machineFindings(facts: HostFacts): readonly HostFinding[] {
  const { kernel, docker } = facts;
  return [
    docker === null
      ? { verdict: 'fail', what: 'Docker Engine', detail: facts.dockerTrouble }
      : atLeast('Docker Engine', docker, usual.docker),
    ofCompose(facts.compose),
    kernel === null
      ? { verdict: 'warn', what: 'kernel', detail: 'could not be read' }
      : atLeast('kernel', kernel, usual.kernel),
    ofClock(facts.ahead),
    ofSynchronisation(facts.synchronised),
    ofRoom('disk free', facts.diskFreeBytes, disk),
    ofRoom('memory available', facts.memoryAvailableBytes, memory),
  ];
}

function atLeast(what: string, version: string, wanted: string): HostFinding {
  if (isOlder(version, wanted)) {
    const detail = `${version} is older than what Ubuntu 22.04 came with (${wanted})`;
    return { verdict: 'warn', what, detail, mend: 'upgrade it' };
  }
  return { verdict: 'ok', what, detail: version };
}

function isOlder(version: string, wanted: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}

function ofCompose(compose: string | null): HostFinding {
  const what = 'Docker Compose';
  if (Number(/^v?(\d{1,3})\./.exec(compose ?? '')?.[1] ?? 0) >= 2)
    return { verdict: 'ok', what, detail: compose ?? '' };
  const detail = compose === null ? 'docker compose is missing' : `${compose} is not V2`;
  return { verdict: 'fail', what, detail, mend: 'install Compose V2' };
}

/** Only what is beyond a limit for certain is told to be: a slow answer is no wrong clock. */
function ofClock(ahead: HostFacts['ahead']): HostFinding {
  const what = 'clock';
  if (ahead === null) return { verdict: 'warn', what, detail: 'could not be read' };
  const { ms, withinMs } = ahead;
  const seconds = (Math.abs(ms) / 1000).toFixed(1);
  const detail = `${seconds} s ${ms < 0 ? 'behind' : 'before'} this machine's, ${(withinMs / 1000).toFixed(1)} s more or less`;
  const certain = Math.abs(ms) - withinMs;
  if (certain <= clock.warnMs) return { verdict: 'ok', what, detail };
  const mend = 'let both keep time: `timedatectl set-ntp true`';
  return { verdict: certain > clock.failMs ? 'fail' : 'warn', what, detail, mend };
}

function ofSynchronisation(synchronised: boolean | null): HostFinding {
  const what = 'time synchronisation';
  if (synchronised === true) return { verdict: 'ok', what, detail: 'on' };
  if (synchronised === false)
    return {
      verdict: 'warn',
      what,
      detail: 'the clock is not synchronised, or not yet',
      mend: '`timedatectl set-ntp true`, and let UDP port 123 out',
    };
  const detail = 'not known: neither systemd nor chrony tells';
  return { verdict: 'warn', what, detail, mend: 'install systemd-timesyncd or chrony' };
}

function ofRoom(
  what: string,
  bytes: number | null,
  limits: { readonly fail: number; readonly warn: number },
): HostFinding {
  if (bytes === null) return { verdict: 'warn', what, detail: 'could not be read' };
  const detail = `${(bytes / gib).toFixed(1)} GiB`;
  if (bytes >= limits.warn) return { verdict: 'ok', what, detail };
  const verdict = bytes < limits.fail ? 'fail' : 'warn';
  return {
    verdict,
    what,
    detail: `only ${detail}, want ${(limits[verdict] / gib).toFixed(2)} GiB`,
  };
}
