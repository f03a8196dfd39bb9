import { hashPassword } from '@rivergate/secrets';
import pg from 'pg';

/**
 * What the machine gives without a service around it, in a process of its own: Argon2id hashes, or the shortest
 * transactions. Prints JSON: how many in a second, and how many in a second of processor time.
 */
const [kind, seconds = '5', concurrency = '4', databaseUrl] = process.argv.slice(2);
const pool =
  kind === 'transactions' ? new pg.Pool({ connectionString: databaseUrl, max: Number(concurrency) }) : null;

async function transaction(): Promise<void> {
  const client = await pool!.connect();
  try {
    await client.query('begin');
    await client.query('select 1');
    await client.query('commit');
  } finally {
    client.release();
  }
}

const work = pool ? transaction : () => hashPassword('Correct1horse');
await work();
let done = 0;
const cpuBefore = process.cpuUsage();
const began = performance.now();
const end = began + Number(seconds) * 1000;
await Promise.all(
  Array.from({ length: Number(concurrency) }, async () => {
    while (performance.now() < end) {
      await work();
      done += 1;
    }
  }),
);
const elapsed = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
console.log(JSON.stringify({ perSecond: done / elapsed, perCpuSecond: done / ((user + system) / 1e6) }));
await pool?.end();
