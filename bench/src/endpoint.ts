import { join } from 'node:path';
import { anonymous, credentialKey, issueCredential } from '@rivergate/caller';
import { testEnvironment } from '@rivergate/testing';
import pg from 'pg';
import { load } from './gateway/load.ts';
import { cores, type Running, startProcess } from './gateway/process.ts';

/** `cpu` is processor time in microseconds a request. */
export type EndpointFigures = Record<'endpoint' | 'bare' | 'bound', { perSecond: number; cpu: number }>;

const path = '/api/v1/notes';
const [userId, organizationId] = [7, 700];
const NOTES = 8;
/** More than a core here answers. */
const CREDENTIALS_A_SECOND = 15_000;
const CONNECTIONS = 64;
/** Seconds of load before anything counts: Node compiles what is hot for about as long. */
const WARM_UP = 5;

/**
 * The endpoint library, with a credential in every request and one query under row-level security, beside bare Express
 * with pg that does the same query and answers the same JSON to anybody: once as a superuser, whom row-level security
 * does not concern, and once bound as the service is. Each has one core in its turn; the load has the other, and
 * PostgreSQL runs where it likes.
 */
export async function benchEndpoint({
  seconds = 3,
  rounds = 3,
  print = console.log,
}: {
  seconds?: number;
  rounds?: number;
  print?: (line: string) => void;
} = {}): Promise<EndpointFigures> {
  const environment = await testEnvironment();
  const started: Running[] = [];
  const start = async (file: string, given: string[], env: NodeJS.ProcessEnv) => {
    const running = await startProcess(join(import.meta.dirname, 'endpoint', file), given, env, cores.proxy);
    started.push(running);
    return running;
  };
  try {
    const place = { PORT: undefined, NODE_ENV: 'production', LOG_LEVEL: 'info' };
    const endpoint = await start('service.ts', [], { ...environment.of('prompt'), ...place });
    await writeNotes(environment.databaseAdminUrl);
    const bare = await start('bare.ts', [String(organizationId)], {
      DATABASE_URL: withSearchPath(environment.databaseAdminUrl),
    });
    const bound = await start('bare.ts', [String(organizationId), 'bound'], {
      DATABASE_URL: environment.of('prompt').DATABASE_URL,
    });
    const key = credentialKey(environment.of('gateway'));
    const principal = {
      ...anonymous('127.0.0.1'),
      kind: 'user',
      userId,
      organizationId,
      isMember: true,
    } as const;
    const credentials = (length: number) =>
      Array.from({ length: CREDENTIALS_A_SECOND * length }, () =>
        issueCredential(key, { audience: 'prompt', method: 'GET', path, principal }),
      );
    const measure = async (running: Running, length: number) => {
      const own = running === endpoint ? credentials(length) : null;
      const before = running.cpu();
      const { perSecond, failures } = await load({
        url: running.url + path,
        headers: {},
        connections: CONNECTIONS,
        seconds: length,
        core: cores.around,
        credentials: own,
      });
      if (failures > 0) throw new Error(`${failures} requests failed`);
      return { perSecond, cpu: (running.cpu() - before) / (perSecond * length) };
    };
    const targets = { endpoint, bare, bound };
    const figures = {} as EndpointFigures;
    for (const running of Object.values(targets)) await measure(running, WARM_UP);
    for (let round = 0; round < rounds; round++) {
      for (const name of Object.keys(targets) as (keyof typeof targets)[]) {
        const { perSecond, cpu } = await measure(targets[name], seconds);
        const best = figures[name] ?? { perSecond, cpu };
        figures[name] = { perSecond: Math.max(perSecond, best.perSecond), cpu: Math.min(cpu, best.cpu) };
      }
    }
    report(figures, print);
    return figures;
  } finally {
    for (const running of started.reverse()) await running.stop();
    await environment.remove();
  }
}

async function writeNotes(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  await client.query(
    `insert into prompt.notes (organization_id, author_id, text)
     select $1, $2, 'A note of the usual length, number ' || number from generate_series(1, $3) as number`,
    [organizationId, userId, NOTES],
  );
  await client.query('analyze prompt.notes');
  await client.end();
}

/** The superuser's address, with the service's schema. */
function withSearchPath(adminUrl: string): string {
  const url = new URL(adminUrl);
  url.searchParams.set('options', '-c search_path=prompt');
  return url.href;
}

function report({ endpoint, bare, bound }: EndpointFigures, print: (line: string) => void): void {
  print('authenticated GET with one query     requests/s   cpu µs/request');
  const rows = { 'endpoint library': endpoint, 'bare Express, pg': bare, 'the same, bound': bound };
  for (const [name, { perSecond, cpu }] of Object.entries(rows))
    print(`  ${name.padEnd(30)}${perSecond.toFixed(0).padStart(15)}${cpu.toFixed(1).padStart(17)}`);
  const share = (other: typeof bare) =>
    `${(endpoint.perSecond / other.perSecond).toFixed(2)} (by processor time ${(other.cpu / endpoint.cpu).toFixed(2)})`;
  print(
    `  the endpoint library carries ${share(bare)} of bare Express, ${share(bound)} of it where it is bound`,
  );
}
