import { join } from 'node:path';
import { progressOn } from '@rivergate/fleet/progress';
import {
  administrator,
  credentialCaller,
  signedIn,
  startMailCatcher,
  testEnvironment,
} from '@rivergate/testing';
import { cores, startProcess } from './gateway/process.ts';
import { benchAnswers } from './organization/answers.ts';
import { benchAuditExport } from './organization/audit-export.ts';
import { benchImport } from './organization/import.ts';
import { benchRights } from './organization/rights.ts';
import { type Filled, openSeed } from './organization/seed.ts';
import { keepSession } from './organization/session.ts';

const [SMALL, LARGE] = [1_000, 1_000_000];
/** Beside them, in the same database. */
const ORGANIZATIONS = 100_000;

const TABLES = [
  'people',
  'memberships',
  'role_assignments',
  'workspace_members',
  'workspaces',
  'roles',
  'organizations',
  'audit_log',
];

/**
 * The organization service with an organization of a million members and as many entries of its audit log, beside the same
 * with a thousand, in a database of a hundred thousand organizations. The service and, where it is measured, the gateway have
 * one core; PostgreSQL and Redis run where they like.
 */
export async function benchOrganization({ members = LARGE, print = console.log } = {}): Promise<void> {
  const environment = await testEnvironment();
  const parts: { stop(): Promise<void> }[] = [];
  try {
    const mail = await startMailCatcher();
    parts.push(mail);
    const service = await startProcess(
      join(import.meta.dirname, '../../services/organization/src/main.ts'),
      [],
      {
        ...environment.of('organization'),
        PORT: undefined,
        NODE_ENV: 'production',
        SMTP_URL: mail.smtpUrl,
        IDENTITY_URL: 'http://127.0.0.1:9',
        LOG_LEVEL: 'error',
        RATE_LIMIT_ORGANIZATION_CREATION: 'off',
        RATE_LIMIT_INVITATION_MAIL: 'off',
        RATE_LIMIT_INVITATION_ORGANIZATION: 'off',
        RATE_LIMIT_INVITATION_SENDER: 'off',
        PLAN_SEATS_ENTERPRISE: '100000000',
      },
      cores.proxy,
    );
    parts.push(service);
    const as = (principal: Parameters<typeof credentialCaller>[3]) =>
      credentialCaller(environment.of('gateway'), service.url, 'organization', principal);
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
    const found = async (name: string, size: number, firstUser: number) => {
      const made = await as(signedIn({ userId: 1 }))
        .post('/api/v1/organizations', { name })
        .expect(201);
      const { organization, workspace } = made.body.data;
      const admin = as(administrator({ userId: 1, organizationId: organization.id }));
      const { body } = await admin.get(`/api/v1/organizations/${organization.id}/roles`).expect(200);
      const roleId = (role: string): number =>
        body.data.roles.find((known: { name: string }) => known.name === role).id;
      const filled: Filled = {
        id: organization.id,
        workspaceId: workspace.id,
        roleId: roleId('Viewer'),
        members: size,
        entries: size,
        firstUser,
      };
      return { filled, adminId: roleId('Admin') };
    };
    const { filled: small } = await found('Small', SMALL, 100_000_000);
    const { filled: large, adminId } = await found('Large', members, 1_000_000);

    const progress = progressOn(process.stdout, process.stderr);
    const seed = await openSeed(environment.databaseAdminUrl, progress);
    try {
      await seed.withoutIndexes(TABLES, async () => {
        for (const organization of [small, large]) {
          const { members, entries } = organization;
          await progress.step(`${members} members`, () => seed.members(organization));
          await progress.step(`${entries} entries of the audit log`, () => seed.entries(organization));
        }
        const count = Math.min(ORGANIZATIONS, members);
        await progress.step(`${count} organizations`, () => seed.organizations(count, 1_000_000, 1_000_000));
      });
      await progress.step('vacuum, analyze', async () => {
        for (const table of TABLES) await seed.client.query(`vacuum analyze ${table}`);
      });
      for (const organization of [small, large]) organization.middle = await seed.middle(organization);
    } finally {
      await seed.client.end();
    }

    await keepSession(environment.redisUrl, { userId: 1, sessionId: 1 });
    const env = environment.of('gateway');
    await benchAnswers({ service, env, small, large }, print);
    await benchAuditExport({ service, env, large }, print);
    await benchImport(environment, { service, organizations: [small, large] }, print);
    await benchRights(environment, { service, large, viewerId: large.roleId, adminId }, print);
  } finally {
    for (const part of parts.reverse()) await part.stop();
    await environment.remove();
  }
}
