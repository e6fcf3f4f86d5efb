// What the lab is made of: its names, its ports, its places on disk.
import { join } from 'node:path';

export type LabDroplet = {
  id: number;
  name: string;
  /** 127.0.1.<id>: loopback, so that tests never send anything off this machine. */
  address: string;
  container: string;
  pool: 'a' | 'b';
};

export type LabImage = { tag: string; digest: string; reference: string };

export type Lab = {
  droplets: LabDroplet[];
  ssh: { user: 'root'; key: string; knownHosts: string; port: number };
  /** `host` is host:port as the droplets see it. */
  registry: { host: string; user: string; password: string };
  images: Record<string, LabImage>;
  /** The range that each droplet publishes on its own address, both ends included. */
  ports: { from: number; to: number };
  /** Strings that must appear in no output, journal or error. */
  canaries: string[];
  /** The sample app: its compose file here, its env file on every droplet. */
  app: { composeFile: string; envFile: string; repository: string };
};

/** One line of progress for a person. */
export type Say = (line: string) => void;

export const root = join(import.meta.dirname, '..', '..');
export const here = import.meta.dirname;
/** Keys, passwords, pid files and what was built: 0700, git-ignored. */
export const state = join(root, '.lab');

export const label = 'bgctl.lab';
export const network = 'bgctl-lab';
export const registryContainer = 'bgctl-lab-registry';
export const registryHost = 'registry.lab:5000';
export const repository = 'shop/web';
export const envFile = '/opt/shop/env/web.env';
export const ports = { from: 8000, to: 8011 };

export const droplets: readonly LabDroplet[] = [1, 2, 3, 4].map((id) => ({
  id,
  name: `lab-${id}`,
  address: `127.0.1.${id}`,
  container: `bgctl-lab-${id}`,
  pool: id <= 2 ? 'a' : 'b',
}));
