import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finder, login, PASSWORD, platform } from './least-rights.ts';
import {
  freePort,
  isReplicated,
  loseListeners,
  newFolder,
  type Server,
  startServer,
  type Tls,
  until,
} from './server.ts';

/** A master and its replica, watched by a Sentinel; `url` is that of the users with the least rights. */
export type TestSentinel = {
  url: string;
  master: Server;
  replica: Server;
  /** Takes the master away, by killing it unless said otherwise, and resolves when the replica has been promoted. */
  failOver(away?: (master: Server) => unknown): Promise<void>;
  /** Breaks the connections of all that listen to messages. */
  loseListeners(): Promise<void>;
  stop(): Promise<void>;
};

/** Of the default users. */
const password = 'of-redis@1';

export async function startTestSentinel(tls?: Tls): Promise<TestSentinel> {
  const settings = ['--requirepass', password, '--masterauth', password, '--save', '', '--appendonly', 'no'];
  settings.push('--repl-diskless-sync-delay', '0');
  const options = { password, tls, users: platform.lines };
  const master = await startServer(settings, options);
  const replica = await startServer([...settings, '--replicaof', `${master.host} ${master.port}`], options);
  await until(() => isReplicated(master, 'test'), 'it is replicated');
  const folder = newFolder();
  const file = join(folder, 'sentinel.conf');
  writeFileSync(
    file,
    [
      `sentinel monitor main ${master.host} ${master.port} 1`,
      `sentinel auth-pass main ${password}`,
      'sentinel down-after-milliseconds main 500',
      // The first try fails where the Sentinel has not asked the replica for five seconds; the next is after twice that.
      'sentinel failover-timeout main 1000',
      `requirepass "${password}"`,
      '',
    ].join('\n'),
  );
  const sentinel = await startServer([file, '--sentinel'], {
    password,
    folder,
    tls,
    users: finder.lines,
  });
  const nobody = await freePort();
  await until(
    async () => /flags,slave,/.test(String(await sentinel.admin.call('SENTINEL', 'REPLICAS', 'main'))),
    'the Sentinel knows the replica',
  );
  const parameters = `sentinel_username=${finder.name}&sentinel_password=${encodeURIComponent(PASSWORD)}`;
  return {
    // The first Sentinel is not there.
    url: `${tls ? 'rediss' : 'redis'}+sentinel://${login(platform)}@127.0.0.1:${nobody},127.0.0.1:${sentinel.port}/main/0?${parameters}`,
    master,
    replica,
    async failOver(away = ({ kill }) => kill()) {
      await away(master);
      await until(
        async () => /role:master/.test(await replica.admin.info('replication')),
        'the replica is promoted',
      );
    },
    loseListeners: async () => void (await Promise.all([master, replica].map(loseListeners))),
    stop: async () => void (await Promise.all([master, replica, sentinel].map(server => server.stop()))),
  };
}
