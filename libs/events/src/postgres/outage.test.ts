import { outageContract } from '../outage.contract.ts';
import { silent } from '../testing/inventory.ts';
import { postgresEventLog } from './log.ts';

outageContract("the log's role may not log in and its connections are cut", {
  open: database => postgresEventLog({ url: database.eventLogUrl, log: silent }),
  async begin(database) {
    await database.admin(`alter role ${database.eventLogRole} nologin`);
    await database.admin('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [
      database.eventLogRole,
    ]);
  },
  async end(database) {
    await database.admin(`alter role ${database.eventLogRole} login`);
  },
});
