import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { CREDENTIAL_HEADER, credentialKey, issueCredential, type Principal } from '@rivergate/caller';
import { progressOn } from '@rivergate/fleet/progress';
import { administrator, credentialCaller, signedIn, testEnvironment } from '@rivergate/testing';
import { Pool } from 'undici';
import { cores, type Running, startProcess } from './gateway/process.ts';
import { type Question, questions } from './organization/questions.ts';
import { type Filled, openSeed } from './organization/seed.ts';

const LARGE = Number(process.env.BENCH_MEMBERS ?? 1_000_000);
const SMALL = 1_000;
const ORGANIZATIONS = LARGE / 10;

/** Milliseconds in which a question is asked, of each organization, and how often at most. */
const LENGTH = 2_000;
const MOST = 300;

/** Milliseconds; `cpu` is processor time of the service and of PostgreSQL. */
type Times = { p50: number; p99: number; samples: number };

export async function benchOrganization({ print = console.log } = {}): Promise<void> {
  const environment = await testEnvironment();
  let service: Running | undefined;
  let seed: Awaited<ReturnType<typeof openSeed>> | undefined;
  try {
    service = await startProcess(
      join(import.meta.dirname, '../../services/organization/src/main.ts'),
      [],
      {
        ...environment.of('organization'),
        PORT: undefined,
        NODE_ENV: 'production',
        SMTP_URL: 'smtp://127.0.0.1:9',
        IDENTITY_URL: 'http://127.0.0.1:9',
        LOG_LEVEL: 'error',
        RATE_LIMIT_ORGANIZATION_CREATION: 'off',
        PLAN_SEATS_ENTERPRISE: '100000000',
      },
      cores.proxy,
    );
    const as = (principal: Parameters<typeof credentialCaller>[3]) =>
      credentialCaller(environment.of('gateway'), service!.url, 'organization', principal);
    const identity = credentialCaller(environment.of('identity'), service.url, 'organization', {
      ...signedIn({ userId: 1 }),
      kind: 'service',
      service: 'identity',
      userId: null,
      sessionId: null,
    });
    await identity
      .put('/internal/users/1/personal-organization', { email: 'ada@example.com', display_name: 'Ada' })
      .expect(200);
    const found = async (name: string, members: number, firstUser: number): Promise<Filled> => {
      const made = await as(signedIn({ userId: 1 }))
        .post('/api/v1/organizations', { name })
        .expect(201);
      const { organization, workspace } = made.body.data;
      const { body } = await as(administrator({ userId: 1, organizationId: organization.id })).get(
        `/api/v1/organizations/${organization.id}/roles`,
      );
      const viewer = body.data.roles.find((role: { name: string }) => role.name === 'Viewer');
      return {
        id: organization.id,
        workspaceId: workspace.id,
        roleId: viewer.id,
        members,
        entries: members,
        firstUser,
      };
    };
    const small = await found('Small', SMALL, 100_000_000);
    const large = await found('Large', LARGE, 1_000_000);
    const progress = progressOn(process.stdout, process.stderr);
    seed = await openSeed(environment.databaseAdminUrl, progress);
    const tables = [
      'people',
      'memberships',
      'role_assignments',
      'workspace_members',
      'workspaces',
      'roles',
      'organizations',
      'audit_log',
    ];
    const { members, entries, organizations, withoutIndexes, client } = seed;
    await withoutIndexes(tables, async () => {
      for (const organization of [small, large]) {
        await progress.step(`${organization.members} members`, () => members(organization));
        await progress.step(`${organization.entries} entries of the audit log`, () => entries(organization));
      }
      await progress.step(`${ORGANIZATIONS} organizations`, () =>
        organizations(ORGANIZATIONS, 1_000_000, 1_000_000),
      );
    });
    await progress.step('vacuum, analyze', async () => {
      for (const table of tables) await client.query(`vacuum analyze ${table}`);
      await client.query('checkpoint');
    });

    if (process.env.BENCH_HOLD) {
      print(environment.databaseAdminUrl, large.id, small.id);
      await new Promise(() => {});
    }
    const ask = asker(environment.of('gateway'), service.url);
    print('organization                             1,000 members        1,000,000 members     ratio of');
    print('                                       p50 ms    p99 ms      p50 ms     p99 ms    p50    p99');
    for (const question of questions.filter(({ name }) => name.includes(process.env.BENCH_ONLY ?? ''))) {
      const [one, other] = [await times(ask, question, small), await times(ask, question, large)];
      const cells = [one.p50, one.p99, other.p50, other.p99].map(time => time.toFixed(2).padStart(10));
      const ratios = [other.p50 / one.p50, other.p99 / one.p99].map(ratio => ratio.toFixed(1).padStart(7));
      print(`  ${question.name.padEnd(36)}${cells.join(' ')}${ratios.join('')}`);
    }
    await ask.close();
  } finally {
    await seed?.client.end();
    await service?.stop();
    await environment.remove();
  }
}

type Ask = ReturnType<typeof asker>;

/** Asks as the gateway does for an administrator. */
function asker(env: NodeJS.ProcessEnv, url: string) {
  const key = credentialKey(env);
  const pool = new Pool(url, { connections: 4 });
  const ask = async (path: string, principal: Principal) => {
    const audience = 'organization';
    const credential = issueCredential(key, {
      audience,
      method: 'GET',
      path: path.split('?', 1)[0]!,
      principal,
    });
    const answer = await pool.request({
      method: 'GET',
      path,
      headers: { 'x-request-id': randomUUID(), [CREDENTIAL_HEADER]: credential },
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}: ${text}`);
    return JSON.parse(text);
  };
  return Object.assign(ask, { close: () => pool.close() });
}

async function times(ask: Ask, { path }: Question, organization: Filled): Promise<Times> {
  const principal = administrator({ userId: 1, organizationId: organization.id });
  const once = async (number: number) => {
    const began = performance.now();
    await ask(path(organization, number), principal);
    return performance.now() - began;
  };
  for (let number = 0; number < 5; number++) await once(number);
  const samples: number[] = [];
  for (const end = performance.now() + LENGTH; performance.now() < end && samples.length < MOST; )
    samples.push(await once(samples.length));
  samples.sort((one, other) => one - other);
  const at = (share: number) => samples[Math.floor(samples.length * share)]!;
  return { p50: at(0.5), p99: at(0.99), samples: samples.length };
}
