// A bgctl.yml as the rest of the program sees it: every default filled in, every path absolute, nothing secret.

/** What an operator says of a service of the compose file. */
export type Role =
  /** Runs in green beside blue: web tiers. */
  | 'switched'
  /** One at a time: schedulers, workers. */
  | 'singleton'
  /** A database or cache in a project of its own: never touched. */
  | 'shared';

export type PoolSpec = { readonly tag: string } | { readonly droplets: readonly number[] };

/** How to make the app fail its health check while it keeps serving, or stop doing so. */
export type HealthOrder =
  | { readonly signal: string }
  /** Run inside the service's container. */
  | { readonly command: readonly string[] }
  /** Sent to the droplet's port of the app. */
  | { readonly request: { readonly method: 'GET' | 'POST' | 'PUT'; readonly path: string } };

export type Settings = {
  /** Path of the bgctl.yml. */
  readonly file: string;
  readonly app: string;
  readonly cloud: {
    /** Name of the environment variable that holds the token; never the token itself. */
    readonly tokenVariable: string;
    readonly endpoint: string;
    readonly balancer: { readonly id: string } | { readonly name: string };
  };
  readonly pools: { readonly a: PoolSpec; readonly b: PoolSpec };
  readonly hosts: {
    readonly user: string;
    /** Private key file, or null: the agent at SSH_AUTH_SOCK. */
    readonly key: string | null;
    readonly knownHosts: string;
    readonly port: number;
    /** Which of a droplet's addresses SSH goes to. */
    readonly address: 'private' | 'public';
    /** How HTTP probes reach a droplet's private address: through its SSH connection, or directly. */
    readonly via: 'ssh' | 'direct';
    /** Prefix Docker and file words with `sudo -n`. */
    readonly sudo: boolean;
  };
  readonly compose: {
    readonly file: string;
    /** On the droplets: where relative paths of the compose file start and releases are kept. */
    readonly directory: string;
    /** On the droplets: passed as `--env-file` for interpolation and fingerprinted. */
    readonly envFiles: readonly string[];
    readonly services: Readonly<Record<string, Role>>;
    /** Named volumes whose content may be lost with a release. */
    readonly ephemeralVolumes: readonly string[];
  };
  /** Service → repository without tag: `ghcr.io/acme/shop/web`. */
  readonly images: Readonly<Record<string, string>>;
  readonly traffic: {
    /** The published port that the balancer targets, and any other to probe or count connections on. */
    readonly ports: readonly number[];
    /** Health path that gates ask, on the first port. */
    readonly health: string;
    /** Where people come in; null: the balancer's address and first http(s) rule. */
    readonly address: string | null;
    readonly identity:
      | {
          readonly kind: 'header';
          readonly environment: string;
          readonly droplet: string | null;
          readonly path: string;
        }
      /** The body of `path` is JSON with `environment` and perhaps `droplet`, or the environment's name as text. */
      | { readonly kind: 'path'; readonly path: string }
      | { readonly kind: 'none' };
    readonly drain: {
      readonly service: string;
      readonly fail: HealthOrder;
      readonly restore: HealthOrder;
    } | null;
  };
  readonly journal:
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'ssh'; readonly droplet: number; readonly path: string }
    | {
        readonly kind: 'postgres';
        /** Name of the environment variable that holds the address, and in it the password. */
        readonly urlVariable: string;
        /** Path of the CA's certificate, or null: the authorities that node trusts. */
        readonly ca: string | null;
        /** The droplet that the connection goes through, or null: directly. */
        readonly through: number | null;
      };
  /** Path of the policy file. */
  readonly policy: string;
};
