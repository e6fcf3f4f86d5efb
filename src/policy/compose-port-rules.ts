// What bgctl refuses of a compose file's published ports.
import { isLoopback } from './compose-ports.ts';
import { textAt } from './compose-services.ts';
import { at, type ComposeView, type Trouble } from './compose-view.ts';

export const portRules: readonly ((view: ComposeView) => Trouble[])[] = [
  portsAreReadable,
  portsAreTakenOnce,
  replicasDoNotShareAPort,
  trafficReachesTheApp,
];

function portsAreReadable({ switched }: ComposeView): Trouble[] {
  return switched.flatMap((service) =>
    service.wrongPorts.map(({ line, column }) => ({
      line,
      column,
      path: `services.${service.name}.ports`,
      message: 'is not a port',
      mend: 'write "8000:8000": the port of the droplet, then the port of the container',
    })),
  );
}

function portsAreTakenOnce({ switched }: ComposeView): Trouble[] {
  const all = switched.flatMap((service) => service.ports.map((port) => ({ ...port, service })));
  return all.flatMap((port, index) => {
    const first = all
      .slice(0, index)
      .find(
        (other) =>
          other.host === port.host &&
          other.protocol === port.protocol &&
          (other.address === null || port.address === null || other.address === port.address),
      );
    if (first === undefined) return [];
    const { line, column } = port;
    return [
      {
        line,
        column,
        path: `services.${port.service.name}.ports`,
        message: `port ${port.host} of the droplet is already taken by ${first.service.name} (line ${first.line})`,
        mend: 'publish another port',
      },
    ];
  });
}

function replicasDoNotShareAPort({ switched }: ComposeView): Trouble[] {
  return switched.flatMap((service) => {
    const deploy = service.tree.entries.get('deploy')?.value;
    const count = Number(
      textAt(service.tree, 'scale') ?? (deploy?.kind === 'map' ? textAt(deploy, 'replicas') : 1),
    );
    if (!(count > 1) || service.ports.length === 0) return [];
    const key = service.tree.entries.has('scale') ? 'scale' : 'deploy';
    const message = `${count} containers cannot all publish port ${service.ports[0]?.host} of one droplet`;
    return [
      at(service, key, {
        message,
        mend: 'run one a droplet, and add droplets or worker processes',
      }),
    ];
  });
}

/** Where a port depends on variables unknown here, nothing is claimed. */
function trafficReachesTheApp({ switched, settings, place }: ComposeView): Trouble[] {
  const unsure = switched.some((service) => service.unknownPorts.length > 0);
  return settings.traffic.ports.flatMap((port) => {
    const published = switched.flatMap((service) =>
      service.ports
        .filter(({ host, protocol }) => host === port && protocol === 'tcp')
        .map((one) => ({ one, service })),
    );
    if (published.some(({ one }) => !isLoopback(one))) return [];
    const [bound] = published;
    if (bound !== undefined) {
      const { line, column } = bound.one;
      const path = `services.${bound.service.name}.ports`;
      const message = `port ${port} is bound to ${bound.one.address}: the balancer asks the droplet's private address`;
      return [
        {
          line,
          column,
          path,
          message,
          mend: `write "${port}:${bound.one.container}", and let the firewall keep others out`,
        },
      ];
    }
    if (unsure) return [];
    const message = `no switched service publishes port ${port}, which traffic.ports of bgctl.yml names`;
    return [
      {
        ...place,
        path: 'services',
        message,
        mend: `write \`ports: ["${port}:…"]\` at the service that the balancer should reach`,
      },
    ];
  });
}
