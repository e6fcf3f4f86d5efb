// The only file that knows every folder: builds the world of one app from its settings.
import { Agent } from 'node:http';
import { dirname } from 'node:path';
import type { ScopeCheck } from './cloud/account.ts';
import { checkToken } from './cloud/account.ts';
import { cloudBalancer } from './cloud/balancer.ts';
import { type CloudClient, cloudClient } from './cloud/client.ts';
import { lookUp } from './cloud/droplets.ts';
import type { BalancerFacts, CertificateFacts, DropletFacts } from './cloud/facts.ts';
import { balancerMetrics } from './cloud/metrics.ts';
import { type Inspection, inspectBalancer } from './cloud/preflight.ts';
import type { Survey } from './controller/prepare.ts';
import { operatorsHooks } from './hooks/hooks.ts';
import { judgeEnvFiles, mendEnvFiles } from './hosts/env-files.ts';
import { envFindings } from './hosts/env-findings.ts';
import { dropletFacts } from './hosts/facts.ts';
import type { HostFinding } from './hosts/finding.ts';
import { findingsOf } from './hosts/findings.ts';
import { githubLoginFindings } from './hosts/github-login.ts';
import { dropletHosts } from './hosts/hosts.ts';
import { runHere } from './hosts/local.ts';
import { downWords, privileged, pullWords, upWords } from './hosts/project.ts';
import { type SshPool, sshPool } from './hosts/ssh.ts';
import { fileJournal } from './journal/file.ts';
import { postgresJournal } from './journal/postgres.ts';
import { sshJournal } from './journal/ssh.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import { Failure } from './lib/failure.ts';
import type { ExpectedEnv } from './policy/env-expected.ts';
import type { Settings } from './policy/settings.ts';
import { probes } from './probes/probe.ts';
import { balancerTraffic } from './probes/traffic.ts';
import type { DropletId, ProjectAt } from './promotion/environment.ts';
import type { Journal, World } from './world.ts';

export type { BalancerFacts, CertificateFacts, HostFinding, Inspection };

export type Wired = {
  readonly world: World;
  readonly survey: Survey;
  /** Where people come in. */
  readonly address: string;
  /** Everything that forbids work with this balancer and these pools. Never rejects. */
  inspect(): Promise<Inspection>;
  /** `metrics`: whether the policy judges by the balancer's metrics too. */
  scopes(wanted: { readonly metrics: boolean }): Promise<readonly ScopeCheck[]>;
  /** A certificate of the balancer's rules. */
  certificate(id: string): Promise<CertificateFacts>;
  /** What `check` tells of a droplet. */
  examine(droplet: DropletId): Promise<readonly HostFinding[]>;
  /** And of its env files, judged there. */
  envFiles(droplet: DropletId, expected: ExpectedEnv): Promise<readonly HostFinding[]>;
  /** `repo@sha256:…` of every image on a droplet. */
  images(droplet: DropletId): Promise<readonly string[]>;
  /** Makes these env files root's alone; tells of those that it changed, or had to leave. */
  mend(droplet: DropletId, envFiles: readonly string[]): Promise<readonly HostFinding[]>;
  /** The words that starting and removing a project would run. */
  words(place: ProjectAt): {
    readonly start: readonly (readonly string[])[];
    readonly remove: readonly (readonly string[])[];
  };
  /** What was used so far, for the benchmark. */
  counters(): { readonly apiCalls: number; readonly sshCommands: number };
  close(): Promise<void>;
};

export type Secrets = {
  readonly token: string;
  /** Address of the journal's database, where it lies in one. */
  readonly journalUrl?: string;
};

export type Told = {
  /** Of every request to DigitalOcean and every command on a droplet, when it began or ended. */
  readonly onWork?: (line: string) => void;
  /** Of every line that a hook's command writes. */
  readonly onHook?: (line: string) => void;
};

/** What can be had without the cloud: the journal. The world is built when somebody needs it. */
export type Near = {
  readonly journal: Journal;
  /** Asks the cloud. */
  reach(): Promise<Wired>;
  close(): Promise<void>;
};

/** Of what is asked, only the address of a droplet that the journal lies on is asked of the cloud here. */
export async function near(
  settings: Settings,
  {
    token,
    journalUrl = '',
    clock = systemClock,
    onWork,
    onHook = () => undefined,
  }: Secrets & { clock?: Clock } & Told,
): Promise<Near> {
  const { endpoint } = settings.cloud;
  // Made when it is needed: it wants a token, and a journal on this machine does not.
  let made: CloudClient | null = null;
  const client = () => {
    made ??= cloudClient({ endpoint, token, clock, onCall: onWork });
    return made;
  };
  const known = new Addresses(client, settings);
  const pool = sshPool({
    hosts: settings.hosts,
    addresses: (droplet) => known.ofSsh(droplet),
    clock,
    ...(onWork === undefined
      ? {}
      : { onCommand: (droplet, words) => onWork(`droplet ${droplet}: ${words.join(' ')}`) }),
  });
  // First of all: an address that cannot be used is told before anything is asked.
  const journal = journalOf(settings, journalUrl, pool, clock);
  const beside = journalDroplet(settings);
  if (beside !== null) await known.alsoKnow(beside);
  return {
    journal,
    reach: async () =>
      reached(settings, {
        client: client(),
        pool,
        clock,
        known,
        inspection: await known.inspect(),
        journal,
        onHook,
      }),
    async close() {
      await journal.close();
      await pool.close();
      made?.close();
    },
  };
}

export async function wire(
  settings: Settings,
  given: Secrets & { clock?: Clock } & Told,
): Promise<Wired> {
  return (await near(settings, given)).reach();
}

async function reached(settings: Settings, parts: Parts): Promise<Wired> {
  const { client, pool, clock, known, inspection } = parts;
  const facts = dropletFacts({ settings, pool, clock });
  const world = await worldOf(settings, parts);
  return {
    world,
    address: addressOf(settings, inspection.balancer),
    survey: {
      resolveDigest: (droplet, repository, wanted) =>
        facts.resolveDigest(droplet, repository, wanted),
      fingerprints: async (droplet, paths) => present(await facts.envFiles(droplet, paths)),
      occupied: async (droplet) =>
        occupied(await facts.publishedPorts(droplet), await facts.containerNames(droplet)),
    },
    inspect: () => known.inspect(),
    scopes: (wanted) => checkToken(client, settings, wanted),
    certificate: (id) =>
      client.patiently({ limitMs: lookUpLimitMs }, (turn) => client.certificate(id, turn)),
    examine: async (droplet) => [
      ...findingsOf(settings, await facts.hostFacts(droplet, Object.values(settings.images))),
      ...(await githubLoginFindings(settings, pool.on(droplet))),
    ],
    envFiles: async (droplet, expected) =>
      envFindings(expected, await judgeEnvFiles(settings, pool.on(droplet), expected)),
    images: (droplet) => facts.images(droplet),
    mend: (droplet, envFiles) => mendEnvFiles(settings, pool.on(droplet), envFiles),
    words: (place) => ({
      start: [pullWords(settings, place), upWords(settings, place)],
      remove: [downWords(settings, place, 10)],
    }),
    counters: () => ({ apiCalls: client.calls(), sshCommands: pool.counters().commands }),
    async close() {
      await world.journal.close();
      await world.hosts.close();
      client.close();
    },
  };
}

const lookUpLimitMs = 20_000;

type Parts = {
  readonly client: CloudClient;
  readonly pool: SshPool;
  readonly clock: Clock;
  readonly known: Addresses;
  readonly inspection: Inspection;
  readonly journal: Journal;
  readonly onHook: (line: string) => void;
};

async function worldOf(settings: Settings, parts: Parts): Promise<World> {
  const { client, pool, clock, known, inspection, journal, onHook } = parts;
  const id = inspection.balancer?.id;
  // Its id is known from here on: no further look-up by name.
  const named =
    id === undefined ? settings : { ...settings, cloud: { ...settings.cloud, balancer: { id } } };
  const balancer = await cloudBalancer({ client, settings: named, clock });
  const hosts = dropletHosts({ settings, pool, clock });
  const address = addressOf(settings, inspection.balancer);
  const warmUpMs = async () => (inspection.balancer ?? (await balancer.facts())).warmUpMs;
  return {
    clock,
    balancer,
    hosts,
    traffic: balancerTraffic({ settings, address, warmUpMs, clock }),
    probes: probes({
      settings,
      insides: hosts,
      address,
      clock,
      reach: reachOf(settings, pool, known),
      readMetrics: balancerMetrics({ client, id: balancer.id, clock }),
      variables: (name) => (withheldOf(settings).includes(name) ? undefined : process.env[name]),
      runHere: runHere({ environment: process.env, withheld: withheldOf(settings), clock }),
    }),
    hooks: operatorsHooks({
      clock,
      environment: process.env,
      withheld: withheldOf(settings),
      directory: dirname(settings.file),
      onLine: onHook,
    }),
    journal,
  };
}

/** Variables that are bgctl's alone: no probe and no hook is given them. */
export function withheldOf({ cloud, journal }: Settings): readonly string[] {
  return [cloud.tokenVariable, ...(journal.kind === 'postgres' ? [journal.urlVariable] : [])];
}

function reachOf(settings: Settings, pool: SshPool, known: Addresses) {
  const direct = new Agent({ keepAlive: false });
  return {
    address: async (droplet: DropletId) => known.private(droplet),
    agent: (droplet: DropletId, address: string, port: number) =>
      settings.hosts.via === 'ssh' ? pool.on(droplet).httpAgent(address, port) : direct,
    async check(droplet: DropletId) {
      if (settings.hosts.via === 'ssh')
        await pool
          .on(droplet)
          .exec(['true'], { timeoutMs: 2_000, what: 'A look at the connection' });
    },
  };
}

/** The droplet that the journal lies on, or is reached through. */
export function journalDroplet({ journal }: Settings): DropletId | null {
  if (journal.kind === 'ssh') return journal.droplet;
  return journal.kind === 'postgres' ? journal.through : null;
}

function journalOf(settings: Settings, url: string, pool: SshPool, clock: Clock): Journal {
  const { journal, app } = settings;
  if (journal.kind === 'file') return fileJournal({ directory: journal.path, app, clock });
  if (journal.kind === 'postgres') {
    const { ca, through } = journal;
    if (through === null) return postgresJournal({ url, ca, app, clock });
    const name = `droplet ${through}`;
    const reach = (host: string, port: number) => pool.on(through).connectTcp(host, port);
    return postgresJournal({ url, ca, app, clock, through: { name, reach } });
  }
  const host = pool.on(journal.droplet);
  return sshJournal({
    directory: journal.path,
    app,
    place: `droplet ${journal.droplet}:${journal.path}`,
    clock,
    run: (words, { stdin, timeoutMs }) =>
      host.exec(privileged(settings, words), {
        timeoutMs,
        what: 'The journal',
        outputMaxBytes: 64 * 1024 * 1024,
        ...(stdin === undefined ? {} : { stdin }),
      }),
  });
}

/** Where people come in: what bgctl.yml says, else the balancer's own address and first http(s) rule. */
function addressOf(settings: Settings, balancer: BalancerFacts | null): string {
  if (settings.traffic.address !== null) return settings.traffic.address;
  const entry = balancer?.entry ?? { protocol: 'http', port: 80 };
  return `${entry.protocol}://${balancer?.ip || '0.0.0.0'}:${entry.port}`;
}

/** Addresses of the pools' droplets, looked up once. */
class Addresses {
  readonly #client: () => CloudClient;
  readonly #settings: Settings;
  #inspection: Promise<Inspection> | null = null;
  #found: Inspection['pools'] | null = null;
  readonly #others: DropletFacts[] = [];

  constructor(client: () => CloudClient, settings: Settings) {
    this.#client = client;
    this.#settings = settings;
  }

  inspect(): Promise<Inspection> {
    this.#inspection ??= inspectBalancer({ client: this.#client(), settings: this.#settings }).then(
      (inspection) => {
        this.#found = inspection.pools;
        return inspection;
      },
    );
    return this.#inspection;
  }

  /** The journal may lie on a droplet outside both pools. */
  async alsoKnow(droplet: DropletId): Promise<void> {
    if (this.#find(droplet) !== undefined) return;
    const client = this.#client();
    const { found } = await client.patiently({ limitMs: lookUpLimitMs }, (turn) =>
      lookUp(client, [droplet], turn),
    );
    this.#others.push(...found);
  }

  ofSsh(droplet: DropletId): string {
    const { address } = this.#settings.hosts;
    const facts = this.#facts(droplet);
    const found = address === 'private' ? facts.privateAddress : facts.publicAddress;
    if (found === null)
      throw new Failure('cloud', `droplet ${droplet} has no ${address} address (hosts.address)`);
    return found;
  }

  private(droplet: DropletId): string {
    const { privateAddress } = this.#facts(droplet);
    if (privateAddress === null)
      throw new Failure('cloud', `droplet ${droplet} has no private address`);
    return privateAddress;
  }

  #find(droplet: DropletId): DropletFacts | undefined {
    const pools = [...(this.#found?.a.found ?? []), ...(this.#found?.b.found ?? [])];
    return [...pools, ...this.#others].find(({ id }) => id === droplet);
  }

  #facts(droplet: DropletId): DropletFacts {
    const facts = this.#find(droplet);
    if (facts === undefined)
      throw new Failure(
        'cloud',
        `droplet ${droplet} is not in the pools, or could not be looked up`,
      );
    return facts;
  }
}

function present(
  files: Awaited<ReturnType<ReturnType<typeof dropletFacts>['envFiles']>>,
): Readonly<Record<string, string>> {
  const readable = Object.entries(files).flatMap(([path, file]) =>
    file === null || file.sha256 === null ? [] : [[path, file.sha256] as const],
  );
  return Object.fromEntries(readable);
}

function occupied(
  ports: readonly { container: string; project: string; hostPort: number }[],
  names: readonly { name: string; project: string }[],
): Awaited<ReturnType<Survey['occupied']>> {
  return names.map(({ name, project }) => ({
    container: name,
    project: project === '' ? null : project,
    hostPorts: ports.filter((port) => port.container === name).map(({ hostPort }) => hostPort),
  }));
}
