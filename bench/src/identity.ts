import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { anonymous, CREDENTIAL_HEADER, credentialKey, issueCredential } from '@rivergate/caller';
import { type TestEnvironment, testEnvironment } from '@rivergate/testing';
import { Pool } from 'undici';
import { cores, onCore, type Running, startProcess } from './gateway/process.ts';
import { PASSWORD, seed } from './identity/seed.ts';
import { startTokenChecks, type TokenChecks } from './identity/token-checks.ts';

/** What a second of wall clock carries, and what a second of the measured process's processor time does. */
export type Rate = { perSecond: number; perCpuSecond: number };

export type IdentityFigures = Record<
  | 'argon2'
  | 'logins'
  | 'transactions'
  | 'refreshes'
  | 'clients'
  | 'introspections'
  | 'warmChecks'
  | 'coldChecks',
  Rate
>;

const CONNECTIONS = 16;
const unlimited = Object.fromEntries(
  ['LOGIN', 'SIGNUP', 'SIGNUP_CODE', 'PASSWORD_RESET'].map(name => [`RATE_LIMIT_${name}`, 'off']),
);

/**
 * Logins, refreshes, client-credential grants and introspections against the identity service over HTTP, with the internal
 * credential, audit and events as in the fleet; and checks of personal access tokens at a gateway before it. What is measured
 * has one core; PostgreSQL, Redis and the load share the other. Beside them, in the same run and on the same core, what the
 * machine gives without a service: Argon2id hashes and empty transactions.
 */
export async function benchIdentity({
  seconds = 9,
  print = console.log,
}: {
  seconds?: number;
  print?: (line: string) => void;
} = {}): Promise<IdentityFigures> {
  const environment = await testEnvironment();
  let service: Running | undefined;
  let checks: TokenChecks | undefined;
  try {
    const env = environment.of('identity');
    service = await startProcess(
      join(import.meta.dirname, '../../services/identity/src/main.ts'),
      [],
      {
        ...env,
        ...unlimited,
        PORT: undefined,
        NODE_ENV: 'production',
        SMTP_URL: 'smtp://127.0.0.1:9',
        LOG_LEVEL: 'error',
      },
      cores.proxy,
    );
    const { emails, refreshTokens, clientCredentials } = await seed(
      environment.databaseAdminUrl,
      CONNECTIONS,
      CONNECTIONS,
      CONNECTIONS,
    );
    const send = sender(environment, service.url);
    const logIn = async (worker: number) => {
      await send('/api/v1/auth/login', { email: emails[worker]!, password: PASSWORD });
    };
    const refresh = async (worker: number) => {
      const { data } = await send('/api/v1/auth/refresh', { refresh_token: refreshTokens[worker]! });
      refreshTokens[worker] = data.refresh_token;
    };
    const grant = async (worker: number) => {
      await send('/oauth/token', { grant_type: 'client_credentials', ...clientCredentials[worker] }, FORM);
    };

    const own: string[] = [];
    for (const credentials of clientCredentials) {
      const grant = { grant_type: 'client_credentials', ...credentials };
      own.push((await send('/oauth/token', grant, FORM)).access_token);
    }
    const introspect = async (worker: number) => {
      await send('/oauth/introspect', { token: own[worker]!, ...clientCredentials[worker] }, FORM);
    };
    checks = await startTokenChecks(environment, service.url, CONNECTIONS);
    const { gateway, warm, cold } = checks;

    const parts: Record<keyof IdentityFigures, (length: number) => Promise<Rate>> = {
      argon2: length => baseline('argon2', length, 4),
      logins: length => measure(service!, logIn, length),
      transactions: length => baseline('transactions', length, 10, env.DATABASE_URL),
      refreshes: length => measure(service!, refresh, length),
      clients: length => measure(service!, grant, length),
      introspections: length => measure(service!, introspect, length),
      warmChecks: length => measure(gateway, warm, length),
      coldChecks: length => measure(gateway, cold, length),
    };
    const figures = await bestOfRounds(parts, seconds);
    await send.close();
    report(figures, print);
    return figures;
  } finally {
    await checks?.stop();
    await service?.stop();
    await environment.remove();
  }
}

const ROUNDS = 3;

/** Measures in turns and keeps the best of each, so that what else the machine does spoils no comparison. */
async function bestOfRounds<Name extends string>(
  parts: Record<Name, (seconds: number) => Promise<Rate>>,
  seconds: number,
): Promise<Record<Name, Rate>> {
  const best = {} as Record<Name, Rate>;
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of Object.keys(parts) as Name[]) {
      const rate = await parts[name](seconds / ROUNDS);
      if (!(best[name]?.perSecond > rate.perSecond)) best[name] = rate;
    }
  }
  return best;
}

const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';

/** Posts as the gateway does for somebody who is not signed in. */
function sender(environment: TestEnvironment, url: string) {
  const key = credentialKey(environment.of('gateway'));
  const pool = new Pool(url, { connections: CONNECTIONS });
  const principal = anonymous('192.0.2.1');
  const send = async (path: string, body: Record<string, string>, type = JSON_TYPE) => {
    const credential = issueCredential(key, { audience: 'identity', method: 'POST', path, principal });
    const answer = await pool.request({
      method: 'POST',
      path,
      headers: {
        'content-type': type,
        'x-request-id': randomUUID(),
        [CREDENTIAL_HEADER]: credential,
      },
      body: type === FORM ? new URLSearchParams(body).toString() : JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}: ${text}`);
    return JSON.parse(text);
  };
  return Object.assign(send, { close: () => pool.close() });
}

async function measure(
  service: Running,
  work: (worker: number) => Promise<void>,
  seconds: number,
): Promise<Rate> {
  let done = 0;
  const during = async (length: number) => {
    const end = performance.now() + length * 1000;
    const worker = async (_: unknown, index: number) => {
      while (performance.now() < end) {
        await work(index);
        done += 1;
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  };
  await during(1);
  done = 0;
  const cpuBefore = service.cpu();
  const began = performance.now();
  await during(seconds);
  const elapsed = (performance.now() - began) / 1000;
  return { perSecond: done / elapsed, perCpuSecond: done / ((service.cpu() - cpuBefore) / 1e6) };
}

async function baseline(kind: string, seconds: number, concurrency: number, databaseUrl = ''): Promise<Rate> {
  const script = join(import.meta.dirname, 'identity/baseline.ts');
  const given = [script, kind, String(seconds), String(concurrency), databaseUrl];
  const [command, argumentsOf] = onCore(cores.proxy, process.execPath, given);
  const { stdout } = await promisify(execFile)(command, argumentsOf);
  return JSON.parse(stdout);
}

function report(figures: IdentityFigures, print: (line: string) => void): void {
  const share = (part: Rate, whole: Rate) =>
    `${((100 * part.perCpuSecond) / whole.perCpuSecond).toFixed(0)} %`;
  const rows: [string, Rate, string][] = [
    ['Argon2id hashes alone', figures.argon2, ''],
    ['logins', figures.logins, `${share(figures.logins, figures.argon2)} of the hashes`],
    ['transactions alone', figures.transactions, ''],
    ['refreshes', figures.refreshes, `${share(figures.refreshes, figures.transactions)} of the transactions`],
    [
      'client credentials',
      figures.clients,
      `${share(figures.clients, figures.transactions)} of the transactions`,
    ],
    [
      'introspections',
      figures.introspections,
      `${share(figures.introspections, figures.transactions)} of the transactions`,
    ],
    ['token checks, warm', figures.warmChecks, "of the gateway's processor time"],
    [
      'token checks, cold',
      figures.coldChecks,
      `${share(figures.coldChecks, figures.warmChecks)} of the warm`,
    ],
  ];
  print('identity on one core          a second   a CPU second');
  for (const [name, rate, ratio] of rows) {
    const cells = [rate.perSecond, rate.perCpuSecond].map(figure => figure.toFixed(0).padStart(13));
    print(`  ${name.padEnd(24)}${cells.join('')}   ${ratio}`.trimEnd());
  }
}
