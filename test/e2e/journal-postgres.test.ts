// The journal in PostgreSQL, against a real one: the contract of every journal, and what only a database can do to it.
import { afterAll, beforeAll, describe } from 'vitest';
import { type Cluster, startCluster } from '../journal/cluster.ts';
import { journalContract } from '../journal/contract.ts';
import { nameCluster } from '../journal/database.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
  nameCluster(cluster);
});
afterAll(() => cluster?.stop());

describe('a journal in PostgreSQL', () => {
  journalContract('postgres');
});
