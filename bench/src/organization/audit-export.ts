import { randomUUID } from 'node:crypto';
import { CREDENTIAL_HEADER, credentialKey, issueCredential } from '@rivergate/caller';
import { memoryOf } from '@rivergate/fleet/memory';
import { administrator } from '@rivergate/testing';
import { request } from 'undici';
import type { Running } from '../gateway/process.ts';
import type { Filled } from './seed.ts';

/** Exports all entries of an organization: how fast the tenth parts of the file came, and what the service grew by. */
export async function benchAuditExport(
  { service, env, large }: { service: Running & { pid: number }; env: NodeJS.ProcessEnv; large: Filled },
  print: (line: string) => void,
): Promise<void> {
  const path = `/api/v1/organizations/${large.id}/audit-logs`;
  const principal = administrator({ userId: 1, organizationId: large.id });
  const place = { audience: 'organization', method: 'GET', path, principal };
  const memory = () => (memoryOf([service.pid]) ?? Number.NaN) / 1024 ** 2;
  const [before, cpuBefore] = [memory(), service.cpu()];
  let [lines, most, bytes] = [0, before, 0];
  const marks = [performance.now()];
  const { body, statusCode } = await request(`${service.url}${path}?format=ndjson`, {
    headers: {
      'x-request-id': randomUUID(),
      [CREDENTIAL_HEADER]: issueCredential(credentialKey(env), place),
    },
  });
  if (statusCode !== 200) throw new Error(`The export answered ${statusCode}`);
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines += 1;
    if (lines < (marks.length * large.entries) / 10) continue;
    marks.push(performance.now());
    most = Math.max(most, memory());
  }
  if (lines < large.entries) throw new Error(`The export broke off after ${lines} entries`);
  const seconds = (marks.at(-1)! - marks[0]!) / 1_000;
  const tenths = marks.slice(1).map((mark, index) => ((mark - marks[index]!) / 1_000).toFixed(1));
  const cpu = ((service.cpu() - cpuBefore) / lines).toFixed(1);
  print(
    `  export of ${lines.toLocaleString('en')} entries (${(bytes / 1024 ** 2).toFixed(0)} MiB): ${seconds.toFixed(1)} s, ${cpu} µs of processor time an entry`,
  );
  print(
    `  a tenth of it each: ${tenths.join(', ')} s; memory of the service ${before.toFixed(0)} MiB before, ${most.toFixed(0)} at most`,
  );
}
