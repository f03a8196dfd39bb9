import type { Scope } from '@rivergate/caller';
import { sendWithCommit } from '@rivergate/events';
import type { Knex } from 'knex';
import type { SigningAlgorithm } from '../keys/signing-key-store.ts';
import type { AuthMethod, GrantType } from '../oauth-applications/application.ts';
import type { KeySet } from './client-assertion/key-set.ts';

/** An application as the protocol knows it. */
export interface Client {
  id: number;
  /** Changes with every change of its row. */
  version: string;
  client_id: string;
  /** Null for a client that registered itself without a token: each grant says for which organization it is. */
  organization_id: number | null;
  /** Null for a public client, and one that has keys instead. */
  secret_hash: string | null;
  /** Null: by its secret, in either way. */
  token_endpoint_auth_method: AuthMethod | null;
  /** Its public keys, or their address, where it proves itself by a key. */
  jwks: KeySet | null;
  jwks_uri: string | null;
  /** Whether it gets tokens for a proven key only (RFC 9449, section 5.2). */
  dpop_bound_access_tokens: boolean;
  require_pushed_authorization_requests: boolean;
  /** Whether it says itself what it is, and nobody of the organization has vouched for it. */
  self_registered: boolean;
  name: string;
  description: string | null;
  grant_types: GrantType[];
  redirect_uris: string[];
  scopes: Scope[];
  id_token_signed_response_alg: SigningAlgorithm;
  post_logout_redirect_uris: string[];
  /** How long tokens live at most that act in its own organization, in seconds; null where that sets nothing. */
  access_token_seconds: number | null;
  refresh_token_seconds: number | null;
  /** Whether its last use was noted within this minute. */
  is_touched: boolean;
}

const COLUMNS = [
  'id',
  'client_id',
  'organization_id',
  'secret_hash',
  'token_endpoint_auth_method',
  'jwks',
  'jwks_uri',
  'dpop_bound_access_tokens',
  'require_pushed_authorization_requests',
  'self_registered',
  'name',
  'description',
  'grant_types',
  'redirect_uris',
  'scopes',
  'id_token_signed_response_alg',
  'post_logout_redirect_uris',
];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The organization of an application wants none. */
const switchedOff = (db: Knex) =>
  db('organization_policies as policy')
    .whereRaw('policy.organization_id = oauth_applications.organization_id')
    .where({ 'policy.oauth_applications': false })
    .select(db.raw('1'));

const limit = (db: Knex, column: 'access_token_seconds' | 'refresh_token_seconds') =>
  db('organization_policies as policy')
    .whereRaw('policy.organization_id = oauth_applications.organization_id')
    .select(column);

const active = (db: Knex, clientId: string) =>
  db('oauth_applications')
    .where({ client_id: clientId, status: 'active', organization_deleted: false })
    .whereNotExists(switchedOff(db))
    .first(
      ...COLUMNS,
      limit(db, 'access_token_seconds').as('access_token_seconds'),
      limit(db, 'refresh_token_seconds').as('refresh_token_seconds'),
      db.raw('xmin::text as version'),
      db.raw("coalesce(last_used_at > now() - interval '1 minute', false) as is_touched"),
    );

/** Whether a client can be called that: no other text is compared with what is kept. */
export const isClientId = (text: string) => UUID.test(text);

/** A client without a secret, of which anybody can take the place up to the code (RFC 6749, section 2.1). */
export const isPublic = (client: Pick<Client, 'token_endpoint_auth_method'>) =>
  client.token_endpoint_auth_method === 'none';

/** @returns undefined where it is unknown or revoked, or its organization is deleted or wants no applications */
export async function clientById(db: Knex, clientId: string): Promise<Client | undefined> {
  return isClientId(clientId) ? active(db, clientId) : undefined;
}

/**
 * The same to the end of the transaction: nobody changes the application while something is issued to it. What uses it does
 * not wait for each other.
 */
export async function holdClient(db: Knex.Transaction, clientId: string): Promise<Client | undefined> {
  return isClientId(clientId) ? active(db, clientId).forKeyShare() : undefined;
}

/**
 * SQL: the id of a client that was read before, held in the same way, where its row and what it knows of its organization
 * still are what was read; else null, which no token can have for its application.
 */
export function heldIfUnchanged(db: Knex, { id, version, access_token_seconds }: Client): Knex.Raw {
  return db.raw(
    `(select id from oauth_applications as application
      where id = ? and xmin::text = ? and cast(? as integer) is not distinct from (
        select access_token_seconds from organization_policies as policy
        where policy.organization_id = application.organization_id
      )
      and not exists (
        select from organization_policies as policy
        where policy.organization_id = application.organization_id and not policy.oauth_applications
      )
      for key share)`,
    [id, version, access_token_seconds],
  );
}

/** Notes the use, once a minute: each request would else wait for the one before. */
export async function touchClient(db: Knex.Transaction, { id, is_touched }: Client): Promise<void> {
  if (is_touched) return;
  const touching = db('oauth_applications')
    .where({ id })
    .whereRaw("coalesce(last_used_at < now() - interval '1 minute', true)")
    .update({ last_used_at: db.fn.now() });
  await sendWithCommit(db, touching);
}

/**
 * Where active clients have people led back to; of those that registered without a token, of those that somebody has used:
 * what anybody can register in vain, counts for nothing.
 */
export async function addressesOfClients(db: Knex): Promise<string[]> {
  const { rows } = await db.raw(
    `select distinct unnest(redirect_uris) as address from oauth_applications
     where status = 'active' and 'authorization_code' = any(grant_types)
       and (organization_id is not null or last_used_at is not null)`,
  );
  return rows.map(({ address }: { address: string }) => address);
}
