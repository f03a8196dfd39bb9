import type { Scope } from '@rivergate/caller';
import type { Knex } from 'knex';
import type { SigningAlgorithm } from '../keys/signing-key-store.ts';
import type { GrantType } from '../oauth-applications/application.ts';

/** An application as the protocol knows it. */
export interface Client {
  id: number;
  client_id: string;
  organization_id: number;
  secret_hash: string;
  name: string;
  description: string | null;
  grant_types: GrantType[];
  redirect_uris: string[];
  scopes: Scope[];
  id_token_signed_response_alg: SigningAlgorithm;
  post_logout_redirect_uris: string[];
}

const COLUMNS = [
  'id',
  'client_id',
  'organization_id',
  'secret_hash',
  'name',
  'description',
  'grant_types',
  'redirect_uris',
  'scopes',
  'id_token_signed_response_alg',
  'post_logout_redirect_uris',
];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const active = (db: Knex, clientId: string) =>
  db('oauth_applications').where({ client_id: clientId, status: 'active' }).first(COLUMNS);

/** @returns undefined where it is unknown or revoked */
export async function clientById(db: Knex, clientId: string): Promise<Client | undefined> {
  return UUID.test(clientId) ? active(db, clientId) : undefined;
}

/**
 * The same to the end of the transaction: nobody changes the application while something is issued to it. What uses it does
 * not wait for each other.
 */
export async function holdClient(db: Knex.Transaction, clientId: string): Promise<Client | undefined> {
  return UUID.test(clientId) ? active(db, clientId).forKeyShare() : undefined;
}

/** Notes the use, once a minute: each request would else wait for the one before. */
export async function touchClient(db: Knex, id: number): Promise<void> {
  await db('oauth_applications')
    .where({ id })
    .whereRaw("coalesce(last_used_at < now() - interval '1 minute', true)")
    .update({ last_used_at: db.fn.now() });
}
