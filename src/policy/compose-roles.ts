// Which role a service plays when the operator did not say: by its image, its ports, its name and its command.
import type { Role } from './settings.ts';

export type Derived = { readonly role: Role; readonly because: string };

const stateful = new Set(
  (
    'postgres postgresql postgis timescaledb pgvector mysql mariadb percona mongo mongodb redis redis-stack ' +
    'redis-stack-server valkey keydb dragonfly rabbitmq elasticsearch opensearch minio memcached kafka zookeeper ' +
    'nats etcd clickhouse clickhouse-server cassandra scylla influxdb couchdb neo4j cockroach meilisearch ' +
    'typesense qdrant weaviate vault consul mssql-server azure-sql-edge'
  ).split(' '),
);
const singletonName =
  /(^|[-_.])(workers?|celery|scheduler|cron|crond|beat|sidekiq|resque|horizon|queue|consumer|jobs?)([-_.]?\d*)($|[-_.])/i;
const singletonWords = new Set(
  (
    'worker celery cron crond supercronic beat scheduler sidekiq resque rq dramatiq huey_consumer good_job ' +
    'solid_queue que queue:work queue:listen schedule:work schedule:run horizon'
  ).split(' '),
);

/** `postgres` of `bitnami/postgres:16`, when an image of that name keeps data; else null. */
export function statefulImage(image: string | null): string | null {
  const name =
    repositoryOf(image ?? '')
      .split('/')
      .at(-1) ?? '';
  return stateful.has(name.toLowerCase()) ? name : null;
}

/** Without tag and digest. */
export function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
}

export function deriveRole(service: {
  readonly name: string;
  readonly image: string | null;
  readonly words: readonly string[];
  readonly trafficPort: number | null;
}): Derived {
  const data = statefulImage(service.image);
  if (data !== null) return { role: 'shared', because: `its image ${data} keeps data` };
  if (service.trafficPort !== null) {
    return {
      role: 'switched',
      because: `it publishes port ${service.trafficPort} of traffic.ports`,
    };
  }
  if (singletonName.test(service.name)) {
    return { role: 'singleton', because: `its name "${service.name}" sounds like one` };
  }
  const word = service.words.find((one) => singletonWords.has(one.split('/').at(-1) ?? ''));
  if (word !== undefined) return { role: 'singleton', because: `its command says "${word}"` };
  return { role: 'switched', because: 'nothing says otherwise' };
}
