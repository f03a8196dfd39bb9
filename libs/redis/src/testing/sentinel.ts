import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, isReplicated, newFolder, type Server, startServer, until } from './server.ts';

/** A master and its replica, watched by a Sentinel. All ask for a password. */
export type TestSentinel = {
  url: string;
  master: Server;
  replica: Server;
  /** Takes the master away, by killing it unless said otherwise, and resolves when the replica has been promoted. */
  failOver(away?: (master: Server) => unknown): Promise<void>;
  stop(): Promise<void>;
};

const password = 'of-redis@1';
const sentinelPassword = 'of/sentinel:2';

export async function startTestSentinel(): Promise<TestSentinel> {
  const secured = ['--requirepass', password, '--masterauth', password, '--save', '', '--appendonly', 'no'];
  secured.push('--repl-diskless-sync-delay', '0');
  const master = await startServer(secured, { password });
  const replica = await startServer([...secured, '--replicaof', `${master.host} ${master.port}`], {
    password,
  });
  await until(() => isReplicated(master, 'test'), 'it is replicated');
  const folder = newFolder();
  const file = join(folder, 'sentinel.conf');
  writeFileSync(
    file,
    [
      `sentinel monitor main ${master.host} ${master.port} 1`,
      `sentinel auth-pass main ${password}`,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 3000',
      `requirepass "${sentinelPassword}"`,
      '',
    ].join('\n'),
  );
  const sentinel = await startServer([file, '--sentinel'], { password: sentinelPassword, folder });
  const nobody = await freePort();
  await until(
    async () => /flags,slave,/.test(String(await sentinel.admin.call('SENTINEL', 'REPLICAS', 'main'))),
    'the Sentinel knows the replica',
  );
  const login = `:${encodeURIComponent(password)}`;
  return {
    // The first Sentinel is not there.
    url: `redis+sentinel://${login}@127.0.0.1:${nobody},127.0.0.1:${sentinel.port}/main/0?sentinel_password=${encodeURIComponent(sentinelPassword)}`,
    master,
    replica,
    async failOver(away = ({ kill }) => kill()) {
      await away(master);
      await until(
        async () => /role:master/.test(await replica.admin.info('replication')),
        'the replica is promoted',
      );
    },
    stop: async () => void (await Promise.all([master, replica, sentinel].map(server => server.stop()))),
  };
}
