import keySlot from 'cluster-key-slot';
import { login, platform } from './least-rights.ts';
import {
  freePort,
  isReplicated,
  loseListeners,
  type Server,
  startServer,
  type Tls,
  until,
} from './server.ts';

/** Three masters, each with a replica; `url` is that of the user with the least rights. */
export type TestCluster = {
  url: string;
  masters: readonly Server[];
  /** Which of the masters had the slot of the key to begin with. */
  masterOf(key: string): Server;
  /** Takes the master away, by killing it unless said otherwise, and resolves when its replica has been promoted. */
  failOver(master: Server, away?: (master: Server) => unknown): Promise<void>;
  /** Makes the replica the master, as for maintenance. */
  promote(master: Server): Promise<void>;
  /** Breaks the connections of all that listen to messages. */
  loseListeners(): Promise<void>;
  /** Gives the slot of the key to another of the masters. */
  moveSlot(key: string, to: Server): Promise<void>;
  stop(): Promise<void>;
};

const MASTERS = 3;
const SLOTS = 16_384;
/** Milliseconds after which a node counts as lost. */
const NODE_TIMEOUT = 1_000;

export async function startTestCluster(tls?: Tls): Promise<TestCluster> {
  const servers = await Promise.all(Array.from({ length: 2 * MASTERS }, () => startNode(tls)));
  const masters: Server[] = servers.slice(0, MASTERS);
  const replicas = servers.slice(MASTERS);
  const firstOf = (index: number) => Math.ceil((index * SLOTS) / MASTERS);
  const masterOf = (key: string) =>
    masters[masters.findIndex((_, index) => keySlot(key) < firstOf(index + 1))]!;
  await Promise.all(
    servers.map(async ({ admin }, index) => {
      await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
      if (index < MASTERS)
        await admin.call('CLUSTER', 'ADDSLOTSRANGE', firstOf(index), firstOf(index + 1) - 1);
    }),
  );
  for (const { host, port, bus } of servers.slice(1))
    await servers[0]!.admin.call('CLUSTER', 'MEET', host, port, bus);
  await until(async () => (await Promise.all(servers.map(isComplete))).every(Boolean), 'the cluster stands');
  await Promise.all(
    replicas.map(async ({ admin }, index) => admin.cluster('REPLICATE', await idOf(masters[index]!))),
  );
  const keyOn = (master: Server) => {
    for (let key = 0; ; key++) if (masterOf(String(key)) === master) return String(key);
  };
  const replicating = masters.map(master =>
    until(() => isReplicated(master, keyOn(master)), 'it is replicated'),
  );
  await Promise.all(replicating);

  const replicaOf = (master: Server) => replicas[masters.indexOf(master)]!;
  return {
    url: `${tls ? 'rediss' : 'redis'}+cluster://${login(platform)}@${masters.map(({ host, port }) => `${host}:${port}`).join(',')}`,
    masters,
    masterOf,
    async failOver(master, away = ({ kill }) => kill()) {
      await away(master);
      await promoted(replicaOf(master));
    },
    async promote(master) {
      await replicaOf(master).admin.call('CLUSTER', 'FAILOVER');
      await promoted(replicaOf(master));
    },
    loseListeners: async () => void (await Promise.all(servers.map(loseListeners))),
    async moveSlot(key, to) {
      const slot = keySlot(key);
      const from = masterOf(key);
      const [fromId, toId] = [await idOf(from), await idOf(to)];
      await to.admin.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
      await from.admin.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
      const keys = (await from.admin.call('CLUSTER', 'GETKEYSINSLOT', slot, 1_000)) as string[];
      if (keys.length > 0) await from.admin.call('MIGRATE', to.host, to.port, '', 0, 5_000, 'KEYS', ...keys);
      for (const { admin } of [to, from, ...masters])
        await admin.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId).catch(() => {});
    },
    stop: async () => void (await Promise.all(servers.map(server => server.stop()))),
  };
}

const promoted = ({ admin }: Server) =>
  until(async () => /role:master/.test(await admin.info('replication')), 'a replica is promoted');

type Node = Server & { bus: number };

async function startNode(tls: Tls | undefined): Promise<Node> {
  const bus = await freePort();
  const settings = { 'cluster-enabled': 'yes', 'cluster-port': bus, 'cluster-node-timeout': NODE_TIMEOUT };
  const given = { ...settings, 'repl-diskless-sync-delay': 0, 'cluster-allow-replica-migration': 'no' };
  const options = Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const secured = tls ? ['--tls-cluster', 'yes'] : [];
  const server = await startServer([...options, ...secured, '--save', '', '--appendonly', 'no'], {
    tls,
    users: platform.lines,
  });
  return { ...server, bus };
}

const idOf = async ({ admin }: Server) => String(await admin.cluster('MYID'));

async function isComplete({ admin }: Server): Promise<boolean> {
  const info = String(await admin.cluster('INFO'));
  return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${2 * MASTERS}`);
}
