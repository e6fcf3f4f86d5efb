// What bgctl refuses in a compose file before anything starts; each rule is a small named function.
import { portRules } from './compose-port-rules.ts';
import { statefulImage } from './compose-roles.ts';
import { textAt } from './compose-services.ts';
import { at, type ComposeView, type Trouble } from './compose-view.ts';

type Rule = (view: ComposeView) => readonly Trouble[];

export const composeRules: readonly Rule[] = [
  servicesAreMaps,
  somethingIsSwitched,
  namedServicesExist,
  noSingletons,
  dataIsShared,
  switchedServicesHaveImages,
  volumesMayBeLost,
  containersAreNotNamed,
  nothingRunsOnceAndEnds,
  neighboursAreSwitched,
  theHostNetworkIsNotShared,
  networksAreNotNamed,
  theFileIsWhole,
  ...portRules,
];

function servicesAreMaps({ misshapen }: ComposeView): readonly Trouble[] {
  return misshapen;
}

function somethingIsSwitched({ switched, place }: ComposeView): Trouble[] {
  if (switched.length > 0) return [];
  const message = 'no service is switched: there would be nothing to promote';
  return [
    {
      ...place,
      path: 'services',
      message,
      mend: 'give the web services the role switched in compose.services of bgctl.yml',
    },
  ];
}

function namedServicesExist({ services, settings, place }: ComposeView): Trouble[] {
  const known = services.map((service) => service.name);
  const named = [
    ...Object.keys(settings.images).map((name) => [name, 'images'] as const),
    ...Object.keys(settings.compose.services).map((name) => [name, 'compose.services'] as const),
  ];
  return named
    .filter(([name]) => !known.includes(name))
    .map(([name, key]) => ({
      ...place,
      path: 'services',
      message: `there is no service "${name}" that starts without a profile, but ${key} of bgctl.yml names it`,
      mend: `services here: ${known.join(', ') || 'none'}`,
    }));
}

function noSingletons({ services }: ComposeView): Trouble[] {
  return services
    .filter((service) => service.role === 'singleton')
    .map((service) => {
      const why = service.derivedBecause === null ? '' : ` (${service.derivedBecause})`;
      return at(service, '', {
        message: `is a singleton${why}: one may run at a time, and singletons come with a later version`,
        mend: `run it in a project of its own and write \`${service.name}: shared\` under compose.services of bgctl.yml; write switched if several may run at once`,
      });
    });
}

function dataIsShared({ services }: ComposeView): Trouble[] {
  return services.flatMap((service) => {
    const image = statefulImage(service.image);
    if (image === null || (service.role === 'shared' && service.derivedBecause === null)) return [];
    return [
      at(service, 'image', {
        message: `runs ${image}, which keeps data: a second one beside it would start empty`,
        mend: `run it in a project of its own and write \`${service.name}: shared\` under compose.services of bgctl.yml`,
      }),
    ];
  });
}

function switchedServicesHaveImages({ switched, settings }: ComposeView): Trouble[] {
  return switched.flatMap((service) => {
    const { name, image, tree } = service;
    if (image === null && tree.entries.has('build')) {
      const message = 'is built, not pulled: every droplet would build something else';
      return [
        at(service, 'build', {
          message,
          mend: `push it to a registry and write \`image:\` as well`,
        }),
      ];
    }
    if (image === null)
      return [at(service, '', { message: 'has no image', mend: 'write `image:`' })];
    if (Object.hasOwn(settings.images, name)) return [];
    const message = 'is switched, but images of bgctl.yml has no repository for it';
    return [
      at(service, 'image', {
        message,
        mend: `write \`${name}: …\` there, or give it another role`,
      }),
    ];
  });
}

function volumesMayBeLost({ switched, settings }: ComposeView): Trouble[] {
  const { ephemeralVolumes } = settings.compose;
  return switched.flatMap((service) =>
    service.volumePlaces
      .filter(({ name }) => !ephemeralVolumes.includes(name))
      .map(({ name, line, column }) => ({
        line,
        column,
        path: `services.${service.name}.volumes`,
        message: `the volume "${name}" is new and empty in every release, and goes with it`,
        mend: `keep its data elsewhere (a shared service, object storage, a directory of the droplet), or write \`ephemeralVolumes: [${name}]\` under compose of bgctl.yml if it may be lost`,
      })),
  );
}

function containersAreNotNamed({ switched }: ComposeView): Trouble[] {
  return switched
    .filter((service) => service.tree.entries.has('container_name'))
    .map((service) =>
      at(service, 'container_name', {
        message:
          'fixes the name of the container: the next release on the same droplets would meet the last one under it',
        mend: 'remove it; Compose names containers by project and service',
      }),
    );
}

function nothingRunsOnceAndEnds({ services, switched }: ComposeView): Trouble[] {
  const waitedFor = services
    .flatMap((service) => service.dependsOn)
    .filter(({ condition }) => condition === 'service_completed_successfully');
  return switched
    .filter(({ name }) => waitedFor.some((dependency) => dependency.name === name))
    .map((service) =>
      at(service, '', {
        message:
          'runs once and ends, on every droplet of the pool; migrations come with a later version',
        mend: 'run it before `bgctl promote` and give it a profile here, so that it is left out',
      }),
    );
}

function neighboursAreSwitched({ services, switched }: ComposeView): Trouble[] {
  const own = new Set(switched.map((service) => service.name));
  const others = new Set(services.map(({ name }) => name).filter((name) => !own.has(name)));
  return switched.flatMap((service) =>
    ['network_mode', 'links', 'volumes_from', 'pid', 'ipc'].flatMap((key) => {
      const value = service.tree.entries.get(key)?.value;
      const texts = value?.kind === 'list' ? value.items : value === undefined ? [] : [value];
      return texts.flatMap((text) => {
        if (text.kind !== 'text') return [];
        const name = text.value.replace(/^service:/, '').replace(/:.*$/, '');
        if (!others.has(name)) return [];
        const message = `needs "${name}" in the same project, but that is not switched`;
        return [
          at(service, key, {
            message,
            mend: 'reach it over an external network, or by its address',
          }),
        ];
      });
    }),
  );
}

function theHostNetworkIsNotShared({ switched }: ComposeView): Trouble[] {
  return switched
    .filter((service) => textAt(service.tree, 'network_mode') === 'host')
    .map((service) =>
      at(service, 'network_mode', {
        message:
          'uses the network of the droplet: bgctl could neither see its ports nor count its connections',
        mend: 'remove it and publish ports',
      }),
    );
}

function networksAreNotNamed({ root }: ComposeView): Trouble[] {
  const networks = root.entries.get('networks')?.value;
  if (networks?.kind !== 'map') return [];
  return [...networks.entries].flatMap(([name, { value }]) => {
    const fixed = value.kind === 'map' ? value.entries.get('name') : undefined;
    if (value.kind !== 'map' || fixed === undefined || value.entries.has('external')) return [];
    const { line, column } = fixed;
    const message = 'fixes the name of the network: two releases on one droplet would share it';
    const mend = 'remove it, or write `external: true` if it was made beforehand';
    return [{ line, column, path: `networks.${name}.name`, message, mend }];
  });
}

/** Only this one file is sent to the droplets. */
function theFileIsWhole({ root, switched }: ComposeView): Trouble[] {
  const mend = 'write it out; `docker compose config --no-interpolate` prints the whole';
  const include = root.entries.get('include');
  const included =
    include === undefined
      ? []
      : [{ ...include, path: 'include', message: 'includes another file', mend }];
  return [
    ...included.map(({ line, column, path, message }) => ({ line, column, path, message, mend })),
    ...switched
      .filter((service) => service.tree.entries.has('extends'))
      .map((service) => at(service, 'extends', { message: 'extends another service', mend })),
  ];
}
