import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@rivergate/testing';
import { type Running, startProgram } from '../process.ts';
import type { Verifying } from './verifying.ts';

export const hasHaproxy = () => spawnSync('haproxy', ['-v']).status === 0;

/**
 * HAProxy with one thread, connections to the service kept, no log: it verifies each token anew and counts each
 * subject's requests of the last minute in its own memory.
 */
export async function startHaproxy(verifying: Verifying, core: number | null): Promise<Running> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'rivergate-haproxy-'));
  const [file, key] = [join(folder, 'haproxy.cfg'), join(folder, 'key.pem')];
  writeFileSync(key, verifying.publicKey);
  writeFileSync(file, configuration(port, key, verifying));
  return startProgram({
    command: 'haproxy',
    argumentsOf: ['-db', '-f', file],
    port,
    signal: 'SIGTERM',
    folder,
    core,
  });
}

function configuration(port: number, key: string, { target, issuer, audience, limit }: Verifying): string {
  const unless = (condition: string) => `http-request deny deny_status 401 unless { ${condition} }`;
  const claim = (name: string) => `var(txn.token),jwt_payload_query('$.${name}')`;
  return `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend api
  bind 127.0.0.1:${port}
  stick-table type string len 64 size 100k expire 1m store http_req_rate(60s)
  http-request set-var(txn.token) http_auth_bearer
  ${unless('var(txn.token) -m found')}
  ${unless(`var(txn.token),jwt_header_query('$.alg') -m str ES256`)}
  ${unless(`var(txn.token),jwt_verify("ES256","${key}") -m int 1`)}
  ${unless(`${claim('iss')} -m str ${issuer}`)}
  ${unless(`${claim('aud')} -m str ${audience}`)}
  http-request set-var(txn.now) date
  http-request set-var(txn.expires) var(txn.token),jwt_payload_query('$.exp','int')
  ${unless('var(txn.expires),sub(txn.now) -m int gt 0')}
  http-request set-var(txn.subject) ${claim('sub')}
  ${unless('var(txn.subject) -m found')}
  http-request track-sc0 var(txn.subject)
  http-request deny deny_status 429 if { sc_http_req_rate(0) gt ${limit} }
  default_backend service
backend service
  server service ${target.replace('http://', '')}
`;
}
