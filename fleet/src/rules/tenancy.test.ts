import { catalogue } from '@rivergate/events';
import { DATABASE_ROLES, startService } from '@rivergate/service';
import { startMailCatcher, type TestEnvironment, testEnvironment } from '@rivergate/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { definitions } from '../services.ts';

let environment: TestEnvironment;
let database: pg.Client;
const stopping: (() => Promise<void>)[] = [];
beforeAll(async () => {
  environment = await testEnvironment();
  const mail = await startMailCatcher();
  stopping.push(() => mail.stop());
  environment.set({ SMTP_URL: mail.smtpUrl });
  for (const definition of definitions) {
    const running = await startService(definition, environment.of(definition.name));
    stopping.push(() => running.stop());
  }
  database = new pg.Client(environment.databaseAdminUrl);
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  for (const stop of stopping.reverse()) await stop();
  await environment?.remove();
});

/** Tables that hold an organization's id and are not a tenant's: why their rows are not confined to it. */
const notTenants: Record<string, string> = {
  'identity.impersonations':
    "a member's and an administrator's: it ends with sessions of either, wherever these act",
  'identity.memberships': "a user's, asked for the password policies of all organizations of that user",
  'identity.oauth_applications': 'found by its client_id before anybody knows for which organization',
  'identity.oauth_grants': 'found by the hash of a code before anybody knows for which organization',
  'identity.oauth_registration_tokens': 'found by their hash before anybody knows for which organization',
  'identity.organization_branding': 'shown to who is not signed in yet, by the application that leads there',
  'identity.organization_policies': 'asked at sign-in, for all organizations of a user',
  'identity.personal_tokens': "a user's, found by its hash before anybody knows for whom",
  'identity.sessions': "a user's; the organization is where the session acts at the moment",
  'identity.sso_requirements': 'asked about whoever signs in, before anybody knows where',
  'identity.sso_logins': 'found by the hash of a code before anybody knows for which organization',
  'sso.scim_tokens': 'found by their hash before anybody knows for which organization',
};

it('every table that holds an organization is under forced row-level security, or says why not', async () => {
  const { rows } = await database.query<{ table: string; confined: boolean }>(
    `select n.nspname || '.' || c.relname as table, c.relrowsecurity and c.relforcerowsecurity
       and exists (select from pg_policy p where p.polrelid = c.oid) as confined
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and not c.relispartition and n.nspname = any($1) and (
       exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id')
       or (n.nspname, c.relname) = ('organization', 'organizations'))
     order by 1`,
    [DATABASE_ROLES.map(({ schema }) => schema)],
  );
  expect(rows.length).toBeGreaterThan(9);
  expect(rows.filter(row => !row.confined).map(row => row.table)).toEqual(Object.keys(notTenants).toSorted());
});

it('every service that holds an organization confirms that it has erased a deleted one', async () => {
  const { rows } = await database.query<{ schema: string }>(
    `select distinct n.nspname as schema from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
     where c.relkind in ('r', 'p') and c.relname <> 'audit_log' and n.nspname = any($1)`,
    [DATABASE_ROLES.map(({ schema }) => schema)],
  );
  const confirmed = rows.map(({ schema }) => `${schema.replaceAll('_', '-')}.organization.erased`);
  expect(confirmed.length).toBeGreaterThan(1);
  const types = catalogue.map(({ type }) => type);
  // Organization erases its own rows in the transaction that emits the event.
  expect(confirmed.filter(type => !types.includes(type))).toEqual(['organization.organization.erased']);
});

it('no service may bypass row-level security, and none owns its audit log or its schema', async () => {
  const roles = DATABASE_ROLES.map(({ role }) => role);
  const { rows: mighty } = await database.query(
    'select rolname from pg_roles where rolname = any($1) and (rolsuper or rolbypassrls or rolcreaterole)',
    [roles],
  );
  expect(mighty).toEqual([]);
  const { rows: owned } = await database.query(
    `select nspname as what from pg_namespace where nspowner::regrole::text = any($1)
     union all select n.nspname || '.audit_log' from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relname = 'audit_log' and c.relowner::regrole::text = any($1)`,
    [roles],
  );
  expect(owned).toEqual([]);
});
