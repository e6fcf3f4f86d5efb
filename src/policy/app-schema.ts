// The shape of a bgctl.yml: every key an operator can write is here.
import { z } from 'zod';
import { settingsDefaults as defaults } from './defaults.ts';
import { list, oneOf, section, tells, text, wants, whole } from './words.ts';

const name = /^[a-z0-9][a-z0-9_-]{0,39}$/;
const service = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;
const repository = /^[a-z0-9][a-z0-9._-]*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/;

const app = text(
  'the name of an app',
  'write lower-case letters, digits, _ and -, beginning with a letter or digit: compose project names begin with it',
  name,
);
const token = tells(
  'must be a reference to an environment variable; what stands here is not shown, it may be a token',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
  'write ${DIGITALOCEAN_TOKEN} and set that variable; revoke a token that was ever written here',
);
const databaseUrl = tells(
  'must be a reference to an environment variable; what stands here is not shown, it may hold a password',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what an operator writes.
  'write ${BGCTL_JOURNAL_URL} and set that variable to the address of the database; change a password that was ever written here',
);
/** The only way a secret comes in: by the name of the variable that holds it. */
const reference = (error: { error: string }) =>
  z.string(error).regex(/^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/, error);
const yesNo = z.boolean(wants('true or false', 'write true or false'));
const filePath = (example: string) => text('a path', `write a path such as ${example}`);
const farPath = (example: string) =>
  text(
    'an absolute path',
    `write an absolute path on the droplets, such as ${example}`,
    /^\/[^\r\n]*$/,
  );
const urlPath = text(
  'a path',
  'write a path that begins with a slash, such as /health',
  /^\/[^\s]*$/,
);
const port = whole(1, 65_535);
const dropletId = whole(1, Number.MAX_SAFE_INTEGER);
const header = text(
  'the name of a header',
  'write a name such as x-bgctl-environment',
  /^[\w!#$%&'*+.^`|~-]+$/,
);
const serviceName = text('the name of a service', 'write a service of the compose file', service);

const pool = oneOf({
  tag: text('a tag', 'write letters, digits, :, _ and -', /^[\w:-]{1,255}$/).optional(),
  droplets: list(dropletId, 'droplet ids').optional(),
});

const healthOrder = oneOf({
  signal: text('a signal', 'write a signal such as SIGUSR1', /^SIG[A-Z0-9]+$/).optional(),
  command: list(
    z.string(wants('a word', 'write a text; quote numbers')),
    'words of a command',
  ).optional(),
  request: text(
    'a request',
    'write a method and a path, such as POST /drain',
    /^(GET|POST|PUT) \/\S*$/,
  ).optional(),
});

const roles = wants('a role', 'write switched, singleton or shared');
const url = wants('an address', 'write an address such as https://app.example.com/');
const web = { protocol: /^https?$/, ...url };

const traffic = section({
  ports: list(port, 'ports that the app publishes'),
  health: urlPath,
  address: z.url(web).optional(),
  identity: z.union(
    [
      z.literal('none'),
      section({ header: header.optional(), droplet: header.optional(), path: urlPath.optional() }),
    ],
    wants(
      'a way to tell environments apart',
      'write { header: x-bgctl-environment, path: / }, or { path: /whoami }, or none if the app cannot say which environment it is',
    ),
  ),
  drain: section({ service: serviceName, fail: healthOrder, restore: healthOrder }).optional(),
});

export const appSchema = section({
  app,
  cloud: section({
    token: reference(token).prefault(defaults.token),
    balancer: text('a balancer', 'write the id or the name of the load balancer'),
    endpoint: z.url(web).prefault(defaults.endpoint),
  }),
  pools: section({ a: pool, b: pool }),
  hosts: section({
    user: text('a user', 'write the user to log in as, such as deploy', /^[a-z_][a-z0-9_.-]*$/),
    key: text('a key', 'write the path of a private key, or agent').prefault(defaults.hosts.key),
    knownHosts: filePath('~/.ssh/known_hosts').prefault(defaults.hosts.knownHosts),
    port: port.prefault(defaults.hosts.port),
    address: z
      .enum(['private', 'public'], wants('an address', 'write private or public'))
      .prefault(defaults.hosts.address),
    via: z
      .enum(['ssh', 'direct'], wants('a way', 'write ssh or direct'))
      .prefault(defaults.hosts.via),
    sudo: yesNo.prefault(defaults.hosts.sudo),
  }),
  compose: section({
    file: filePath('docker-compose.prod.yml'),
    directory: farPath('/opt/vulcan'),
    envFiles: z
      .array(farPath('/opt/vulcan/env/backend.env'), wants('a list', 'write a list of paths'))
      .optional(),
    services: z
      .record(
        serviceName,
        z.enum(['switched', 'singleton', 'shared'], roles),
        wants('a map', 'write a service and its role on each line, such as db: shared'),
      )
      .optional(),
    ephemeralVolumes: z
      .array(
        text('a volume', 'write the name of a volume'),
        wants('a list', 'write a list of volumes'),
      )
      .optional(),
  }),
  images: z
    .record(
      serviceName,
      text(
        'a repository',
        'write it without tag and digest, such as ghcr.io/acme/vulcan/backend: the tag is given to promote',
        repository,
      ),
      wants('a map', 'write a service and its repository on each line'),
    )
    .refine(
      (images) => Object.keys(images).length > 0,
      tells('is empty', 'write the image of each service'),
    ),
  traffic,
  journal: oneOf({
    file: filePath('./.bgctl/journal').optional(),
    ssh: section({ droplet: dropletId, path: farPath('/opt/vulcan/bgctl') }).optional(),
    postgres: section({
      url: reference(databaseUrl),
      ca: filePath('./ca-certificate.crt').optional(),
      through: dropletId.optional(),
    }).optional(),
  }).prefault(defaults.journal),
  policy: filePath('./policy.yml, or one of standard, cautious, swift').prefault(defaults.policy),
});

/** As written and with defaults; not yet checked by the rules, paths not yet absolute. */
export type WrittenApp = z.output<typeof appSchema>;
export type WrittenOrder = z.output<typeof healthOrder>;
