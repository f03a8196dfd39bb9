import type { Scope } from '@rivergate/caller';
import type { Knex } from 'knex';
import type { SigningAlgorithm } from '../keys/signing-key-store.ts';
import type { KeySet } from '../oauth/client-assertion/key-set.ts';
import { madeIn } from '../sessions/session-store.ts';
import { ApplicationExists, ApplicationNotFound, type AuthMethod, type GrantType } from './application.ts';

/** What an administrator sets. */
export interface ApplicationFields {
  name: string;
  description: string | null;
  grant_types: GrantType[];
  redirect_uris: string[];
  scopes: Scope[];
  access_level: 'organization';
  require_pushed_authorization_requests: boolean;
  id_token_signed_response_alg: SigningAlgorithm;
  post_logout_redirect_uris: string[];
  backchannel_logout_uri: string | null;
  jwks: KeySet | null;
  jwks_uri: string | null;
  dpop_bound_access_tokens: boolean;
}

export interface ApplicationRow extends ApplicationFields {
  id: number;
  client_id: string;
  token_endpoint_auth_method: AuthMethod | null;
  self_registered: boolean;
  status: 'active' | 'revoked';
  created_at: Date;
  last_used_at: Date | null;
}

export const COLUMNS = [
  'id',
  'name',
  'description',
  'client_id',
  'grant_types',
  'redirect_uris',
  'scopes',
  'access_level',
  'token_endpoint_auth_method',
  'require_pushed_authorization_requests',
  'self_registered',
  'id_token_signed_response_alg',
  'post_logout_redirect_uris',
  'backchannel_logout_uri',
  'jwks',
  'jwks_uri',
  'dpop_bound_access_tokens',
  'status',
  'created_at',
  'last_used_at',
];

/** Full case folding, near enough: through upper case, so that ß and ss are one. */
export const nameKey = (name: string) => name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');

/** @throws ApplicationExists */
export async function insertApplication(
  db: Knex,
  application: ApplicationFields &
    Pick<ApplicationRow, 'token_endpoint_auth_method'> & {
      organization_id: number;
      /** In which it is made; null where a client makes it. */
      session_id: number | null;
      secret_hash: string | null;
    },
): Promise<ApplicationRow> {
  const [inserted] = await db('oauth_applications')
    .insert({
      ...application,
      session_id: madeIn(db, application.session_id),
      name_key: nameKey(application.name),
    })
    .onConflict(['organization_id', 'name_key'])
    .ignore()
    .returning(COLUMNS);
  if (!inserted) throw ApplicationExists();
  return inserted;
}

/** Rows of the organization, without columns, order and bounds. */
export function applicationsOf(db: Knex, organizationId: number): Knex.QueryBuilder {
  return db('oauth_applications').where({ organization_id: organizationId });
}

/** Active applications of organizations that were made in sessions, held against change. */
export async function applicationsMadeIn(
  db: Knex.Transaction,
  sessionIds: readonly number[],
): Promise<OwnApplication[]> {
  return db('oauth_applications')
    .where({ status: 'active' })
    .whereIn('session_id', sessionIds)
    .whereNotNull('organization_id')
    .forUpdate()
    .select('organization_id', 'id');
}

/** By which an administrator names an application. */
export interface OwnApplication {
  organization_id: number;
  id: number;
}

/** @throws ApplicationNotFound, also for one of another organization */
export async function applicationOf(db: Knex, own: OwnApplication): Promise<ApplicationRow> {
  const found = await db('oauth_applications')
    .where({ ...own })
    .first(COLUMNS);
  if (!found) throw ApplicationNotFound();
  return found;
}

/**
 * For a change: what issues codes and tokens holds the row against it, so nothing is issued by what no longer holds.
 *
 * @throws ApplicationNotFound, also for one of another organization
 */
export async function lockApplication(db: Knex.Transaction, own: OwnApplication): Promise<ApplicationRow> {
  const found = await db('oauth_applications')
    .where({ ...own })
    .forUpdate()
    .first(COLUMNS);
  if (!found) throw ApplicationNotFound();
  return found;
}

/** @throws ApplicationExists */
export async function changeApplication(
  db: Knex.Transaction,
  id: number,
  change: Partial<ApplicationFields & { status: ApplicationRow['status']; secret_hash: string }>,
): Promise<void> {
  const { name } = change;
  await db('oauth_applications')
    .where({ id })
    .update({ ...change, ...(name === undefined ? {} : { name_key: nameKey(name) }) })
    .catch(cause => {
      throw cause.code === UNIQUE_VIOLATION ? ApplicationExists() : cause;
    });
}

/** SQLSTATE of a unique index that refuses a row (PostgreSQL, appendix A). */
const UNIQUE_VIOLATION = '23505';

export async function forgetApplication(db: Knex.Transaction, id: number): Promise<void> {
  await db('oauth_applications').where({ id }).delete();
}
