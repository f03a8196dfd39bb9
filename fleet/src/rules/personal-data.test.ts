import { HOLDERS_OF_PERSONAL_DATA } from '@rivergate/contracts';
import { DATABASE_ROLES, personalDataIn, roleOf } from '@rivergate/service';
import { type TestEnvironment, testEnvironment } from '@rivergate/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { definitions } from '../services.ts';

let environment: TestEnvironment;
let database: pg.Client;
beforeAll(async () => {
  environment = await testEnvironment(definitions);
  database = new pg.Client(environment.databaseAdminUrl);
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  await environment?.remove();
});

/** Tables that every service has, and why no export or erasure is about them. */
const IN_EVERY_SERVICE: Record<string, string> = {
  migrations: 'names of migrations',
  inbox: 'ids of events',
  outbox: 'events on their way to the event log, which keeps them for as long as the operator says',
  idempotency_keys: 'answers, sealed and kept for a day',
};

/** The same of one service. An id of a user alone, in what belongs to an organization, tells nothing once nothing explains it. */
const NOTHING_PERSONAL: Record<string, string> = {
  'identity.browser_sessions': 'of sessions, with which they go: hashes',
  'identity.logout_notices': 'ids, until the application has been told that the session ended',
  'identity.oauth_applications': "an organization's",
  'identity.oauth_device_requests':
    'from where a device asked, for ten minutes; of nobody until it is approved',
  'identity.oauth_pushed_requests': 'what an application asks for, for some minutes',
  'identity.oauth_registration_tokens': "an organization's; who made it is an id",
  'identity.organization_branding': "an organization's",
  'identity.organization_policies': "an organization's settings",
  'identity.outgoing_mail': 'sealed, until it is sent',
  'identity.refresh_tokens': 'of sessions, with which they go: hashes',
  'identity.signing_keys': 'keys of the platform',
  'identity.social_states': 'sealed, for ten minutes; of nobody',
  'identity.sso_requirements': "an organization's; whom it lets in otherwise are ids",
  'organization.audit_heads': 'hashes',
  'organization.audit_shipping': "an organization's",
  'organization.branding': "an organization's",
  'organization.deletion_confirmations': 'ids and times',
  'organization.deletions': 'ids and times',
  'organization.domains': "an organization's",
  'organization.organizations': "an organization's; who made or deleted it is an id",
  'organization.outgoing_mail': 'sealed, until it is sent',
  'organization.roles': "an organization's",
  'organization.taken_addresses': 'ids, for some minutes',
  'organization.user_erasures': 'ids and times: the proof that somebody was erased',
  'organization.webhook_deliveries': "of messages: what an organization's own system answered",
  'organization.webhooks': "an organization's; who made it is an id",
  'organization.workspaces': "an organization's",
  'sso.enforcements': "an organization's; whom it lets in otherwise are ids",
  'sso.migration_plans': "an organization's",
  'sso.notice_runs': "an organization's: numbers",
  'sso.organizations': "an organization's",
  'sso.outgoing_mail': 'sealed, until it is sent',
  'sso.providers': "an organization's; who made it is an id",
  'sso.roles': 'ids',
  'sso.scim_groups': "an organization's; who is in them stands elsewhere",
  'sso.scim_settings': "an organization's",
  'sso.scim_tokens': "an organization's; who had one issued is an id",
  'sso.provider_keys': 'keys of the platform',
  'sso.tickets': 'sealed, for ten minutes',
  'sso.verified_domains': "an organization's",
  'sso.workspaces': 'ids',
  'sso.abac_policies': "an organization's; whom a condition names is an id",
};

const schemaOf = (service: string) => DATABASE_ROLES.find(({ role }) => role === roleOf(service))!.schema;

/** Tables of which nobody has said what they hold on people. */
async function undeclared(): Promise<string[]> {
  const { rows } = await database.query<{ schema: string; table: string }>(
    `select n.nspname as schema, c.relname as table from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'm', 'f') and not c.relispartition and n.nspname = any($1) order by 1, 2`,
    [definitions.map(({ name }) => schemaOf(name))],
  );
  const declared = new Set(
    definitions.flatMap(definition =>
      personalDataIn(definition).map(({ table }) => `${schemaOf(definition.name)}.${table}`),
    ),
  );
  return rows
    .filter(({ table }) => !(table in IN_EVERY_SERVICE))
    .map(({ schema, table }) => `${schema}.${table}`)
    .filter(table => !declared.has(table) && !(table in NOTHING_PERSONAL));
}

describe('every table of every service', () => {
  it('says what it holds on people, for exports and erasures, or why it holds nothing', async () => {
    expect(await undeclared()).toEqual([]);
  });

  it('is missed where it does not: a new one, also of a service that held nothing until now', async () => {
    await database.query('create table storage.drawings (id bigint, user_id bigint)');
    await database.query('create table identity.nicknames (nickname text)');
    try {
      expect(await undeclared()).toEqual(['identity.nicknames', 'storage.drawings']);
    } finally {
      await database.query('drop table storage.drawings, identity.nicknames');
    }
  });

  it('is named once, and is there', async () => {
    const { rows } = await database.query<{ table: string }>(
      "select n.nspname || '.' || c.relname as table from pg_class c join pg_namespace n on n.oid = c.relnamespace",
    );
    const there = new Set(rows.map(({ table }) => table));
    const named = definitions.flatMap(definition =>
      personalDataIn(definition).map(({ table }) => `${schemaOf(definition.name)}.${table}`),
    );
    const all = [...named, ...Object.keys(NOTHING_PERSONAL)];
    expect(all.filter(table => !there.has(table))).toEqual([]);
    expect(all.filter((table, index) => all.indexOf(table) !== index)).toEqual([]);
  });
});

describe('what a service holds on people', () => {
  it('is asked for and erased where there is any: the service says so, and is among those that are asked', () => {
    const holding = definitions.filter(({ modules }) =>
      modules.some(({ personalData = [] }) => personalData.length > 0),
    );
    const names = holding.map(({ name }) => name);
    expect(names.toSorted()).toEqual([...HOLDERS_OF_PERSONAL_DATA].toSorted());
    for (const { name, personalData } of holding)
      expect(personalData?.erased.type).toBe(`${name}.user.erased`);
    expect(holding.length).toBeGreaterThan(1);
  });

  it('is shown without secrets and without their hashes', () => {
    const shown = definitions.flatMap(definition =>
      personalDataIn(definition).flatMap(({ table, shows }) =>
        shows.map(column => `${definition.name}.${table}.${column}`),
      ),
    );
    expect(shown.length).toBeGreaterThan(50);
    expect(
      shown.filter(column =>
        /hash|secret|seal|token\b|code\b|challenge|\*/.test(column.split('.').slice(2).join('.')),
      ),
    ).toEqual([]);
  });
});
