import { chainedAuditLogStatements } from '@rivergate/audit-chain';
import { AUDIT_OWNER, auditLogStatements } from '@rivergate/events';
import pg from 'pg';
import { SERVICES } from '../services.ts';

/** PostgreSQL role of a service; its schema has the service's name with `_` for `-`. */
export function roleOf(service: string): string {
  return `rivergate_${schemaOf(service)}`;
}

function schemaOf(service: string): string {
  return service.replaceAll('-', '_');
}

/** Role and schema of the embedded event log. */
export const EVENT_LOG_ROLE = 'rivergate_events';
const EVENT_LOG_SCHEMA = 'event_log';

/** The service whose audit log is that of organizations as a whole: it gathers what the others record. */
const GATHERS_AUDIT = 'organization';

/**
 * Extensions that migrations may use, all of which come with PostgreSQL itself, in a schema of their own: services name
 * what they need of it, as `extensions.gin_trgm_ops`.
 */
const extensionStatements = [
  'create schema if not exists extensions',
  'grant usage on schema extensions to public',
  'create extension if not exists pg_trgm with schema extensions',
];

/** Every role that a database of the platform has, with the schema that it owns. */
export const DATABASE_ROLES: readonly { role: string; schema: string }[] = [
  ...SERVICES.map(({ name }) => ({ role: roleOf(name), schema: schemaOf(name) })),
  { role: EVENT_LOG_ROLE, schema: EVENT_LOG_SCHEMA },
];

export interface Provision {
  /** Superuser's address of the cluster, to any database of it. */
  adminUrl: string;
  /** Database to create, if it is missing, and to furnish. */
  database: string;
  /** Password for each of DATABASE_ROLES. */
  passwords: Record<string, string>;
}

/**
 * Creates the database with a role and a schema for every service, and one for the embedded event log. A role has
 * no right on any schema but its own, in which it creates its tables and may not drop what others own: the audit log
 * of each service belongs to a role of its own (see auditLogStatements). Idempotent; passwords are set anew.
 */
export async function provisionDatabase({ adminUrl, database, passwords }: Provision): Promise<void> {
  await connected(adminUrl, async client => {
    // Roles belong to the whole cluster: two provisioners at once would trip over each other.
    await client.query("select pg_advisory_lock(hashtextextended('rivergate provision', 0))");
    await ensureAuditOwner(client);
    for (const { role } of DATABASE_ROLES) await ensureRole(client, role, passwords[role]);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [database]);
    if (rowCount === 0) await client.query(`create database ${quote(database)}`);
  });
  await connected(databaseUrl(adminUrl, database), async client => {
    await client.query("select pg_advisory_lock(hashtextextended('rivergate provision', 0))");
    await client.query(furnishing(database));
  });
}

/** SQL that furnishes a database with what every service needs before it migrates: another one where that has changed. */
export function furnishing(database: string): string {
  const statements = [
    ...settingsOf(database),
    'revoke all on schema public from public',
    ...extensionStatements,
    ...DATABASE_ROLES.flatMap(({ role, schema }) => [
      // The owner of a schema may drop every table in it.
      `create schema if not exists ${quote(schema)}`,
      `alter schema ${quote(schema)} owner to ${AUDIT_OWNER}`,
      `grant usage, create on schema ${quote(schema)} to ${quote(role)}`,
    ]),
    ...SERVICES.map(({ name }) => {
      const place = { schema: quote(schemaOf(name)), writer: quote(roleOf(name)) };
      return name === GATHERS_AUDIT ? chainedAuditLogStatements(place) : auditLogStatements(place);
    }),
  ];
  return statements.join(';\n');
}

/** Creates a database like `template`, which was provisioned and to which nobody is connected. */
export async function cloneDatabase(adminUrl: string, template: string, database: string): Promise<void> {
  await connected(adminUrl, async client => {
    await client.query(`create database ${quote(database)} template ${quote(template)} strategy file_copy`);
    await client.query(settingsOf(database).join(';\n'));
  });
}

/** What PostgreSQL keeps for a database as a whole, and does not copy with it. */
function settingsOf(database: string): string[] {
  return [
    `revoke all on database ${quote(database)} from public`,
    ...DATABASE_ROLES.flatMap(({ role, schema }) => [
      `grant connect on database ${quote(database)} to ${quote(role)}`,
      `alter role ${quote(role)} in database ${quote(database)} set search_path = ${quote(schema)}`,
    ]),
  ];
}

async function ensureAuditOwner(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [AUDIT_OWNER]);
  if (rowCount === 0) await client.query(`create role ${AUDIT_OWNER} nologin`);
}

async function ensureRole(client: pg.Client, role: string, password: string | undefined): Promise<void> {
  if (!password) throw new Error(`No password was given for the role ${role}`);
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role]);
  const verb = rowCount === 0 ? 'create' : 'alter';
  await client.query(
    `${verb} role ${quote(role)} login nosuperuser nocreatedb nocreaterole nobypassrls password ${client.escapeLiteral(password)}`,
  );
}

const quote = (name: string) => pg.escapeIdentifier(name);

/** The same cluster, another database and, if given, another role. */
export function databaseUrl(
  adminUrl: string,
  database: string,
  role?: { name: string; password: string },
): string {
  const url = new URL(adminUrl);
  url.pathname = `/${encodeURIComponent(database)}`;
  if (role) {
    url.username = encodeURIComponent(role.name);
    url.password = encodeURIComponent(role.password);
  }
  return url.href;
}

async function connected(
  connectionString: string,
  work: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
