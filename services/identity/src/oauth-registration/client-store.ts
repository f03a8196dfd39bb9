import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { isClientId } from '../oauth/client-store.ts';
import type { ApplicationRow } from '../oauth-applications/application-store.ts';
import { nameKey, COLUMNS as SHARED } from '../oauth-applications/application-store.ts';
import type { RegisteredAs } from './client-metadata.ts';

/** A client that registered itself. */
export interface RegisteredClient extends ApplicationRow {
  organization_id: number | null;
  secret_hash: string | null;
  client_uri: string | null;
  software_id: string | null;
  software_version: string | null;
}

const COLUMNS = [
  ...SHARED,
  'organization_id',
  'secret_hash',
  'client_uri',
  'software_id',
  'software_version',
];

/** Clients of an organization that registered themselves; those of none that nobody has used yet. */
const MOST_IN_ORGANIZATION = 1_000;
const MOST_UNUSED = 10_000;
/** Hours after which a client of no organization is forgotten that was never used, and days for one that was. */
const UNUSED_HOURS = 24;
const USED_DAYS = 90;

/** Names tell nobody of such clients apart: any number of them may have the same. */
const ownNameKey = (name: string, clientId: string) => `${nameKey(name)} ${clientId}`;

export async function hasRoom(db: Knex, organizationId: number | null): Promise<boolean> {
  const found = db('oauth_applications').where({ organization_id: organizationId, self_registered: true });
  if (organizationId === null) found.whereNull('last_used_at');
  const counted = await found.count('* as n').first();
  return Number(counted?.n) < (organizationId === null ? MOST_UNUSED : MOST_IN_ORGANIZATION);
}

/** Whether some organization lets clients in that register without a token. */
export async function isOpen(db: Knex): Promise<boolean> {
  return (
    (await db('organization_policies').where({ open_clients: true }).first('organization_id')) !== undefined
  );
}

export async function insertClient(
  db: Knex,
  client: RegisteredAs & {
    organization_id: number | null;
    /** In which the token was made that let it in. */
    session_id: number | null;
    secret_hash: string | null;
    registration_token_hash: string;
  },
): Promise<RegisteredClient> {
  const client_id = randomUUID();
  const [inserted] = await db('oauth_applications')
    .insert({
      ...client,
      client_id,
      name_key: ownNameKey(client.name, client_id),
      access_level: 'organization',
    })
    .returning(COLUMNS);
  return inserted;
}

/** By the token of its registration, to the end of the transaction; one that was revoked is none. */
export async function lockClient(
  db: Knex.Transaction,
  clientId: string,
  tokenHash: string,
): Promise<RegisteredClient | undefined> {
  if (!isClientId(clientId)) return undefined;
  return db('oauth_applications')
    .where({ client_id: clientId, registration_token_hash: tokenHash, status: 'active' })
    .forUpdate()
    .first(COLUMNS);
}

export async function changeClient(
  db: Knex.Transaction,
  { id, client_id }: RegisteredClient,
  client: RegisteredAs,
): Promise<void> {
  await db('oauth_applications')
    .where({ id })
    .update({ ...client, name_key: ownNameKey(client.name, client_id) });
}

/** Who comes back later registers again; tokens of such a client have long expired. */
export async function forgetUnusedClients(db: Knex): Promise<void> {
  await db('oauth_applications')
    .whereNull('organization_id')
    .whereRaw(`coalesce(last_used_at + ? * interval '1 day', created_at + ? * interval '1 hour') < now()`, [
      USED_DAYS,
      UNUSED_HOURS,
    ])
    .delete();
}
