import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { Pool } from 'undici';

/**
 * What the machine gives without a service around it, in a process of its own: signed POSTs by undici, from memory and into
 * none. Prints JSON: how many in a second, and how many in a second of processor time.
 */
const [url = '', count = '1000', concurrency = '40', payload = '{}'] = process.argv.slice(2);
const { origin, pathname: path } = new URL(url);
const pool = new Pool(origin, { connections: Number(concurrency) });
const secret = randomBytes(32);

async function send(): Promise<void> {
  const id = randomUUID();
  const seconds = Math.floor(Date.now() / 1_000);
  const signature = createHmac('sha256', secret).update(`${id}.${seconds}.${payload}`).digest('base64');
  const { body } = await pool.request({
    method: 'POST',
    path,
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${signature}`,
    },
    body: payload,
  });
  await body.dump();
}

await send();
let left = Number(count);
const cpuBefore = process.cpuUsage();
const began = performance.now();
await Promise.all(
  Array.from({ length: Number(concurrency) }, async () => {
    while (left-- > 0) await send();
  }),
);
const elapsed = (performance.now() - began) / 1_000;
const { user, system } = process.cpuUsage(cpuBefore);
const done = Number(count);
console.log(JSON.stringify({ perSecond: done / elapsed, perCpuSecond: done / ((user + system) / 1e6) }));
await pool.close();
