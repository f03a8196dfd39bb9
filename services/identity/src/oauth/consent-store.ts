import type { Knex } from 'knex';
import { isOfItsClientAlone } from '../oauth-applications/redirect-uri.ts';
import type { GrantedScope } from './scope.ts';

/** Whose consent to what. */
export interface Consent {
  application_id: number;
  user_id: number;
}

/**
 * Whether the user has agreed to all of this before, and need not be asked. Not for an address where another program could
 * pretend to be the client (RFC 8252, section 8.6), and not of a client that says itself what it is.
 */
export async function hasConsented(
  db: Knex,
  { application_id, user_id }: Consent,
  { scopes, redirect_uri }: { scopes: readonly GrantedScope[]; redirect_uri: string },
): Promise<boolean> {
  if (!isOfItsClientAlone(redirect_uri)) return false;
  const found = await db('oauth_consents')
    .where({ application_id, user_id })
    .whereExists(db('oauth_applications').where({ id: application_id, self_registered: false }))
    .whereRaw('scopes @> cast(? as text[])', [[...scopes]])
    .first(db.raw('true'));
  return found !== undefined;
}

/** Adds to what the user has agreed to. */
export async function rememberConsent(
  db: Knex.Transaction,
  { application_id, user_id }: Consent,
  scopes: readonly GrantedScope[],
): Promise<void> {
  await db.raw(
    `insert into oauth_consents (application_id, user_id, scopes)
     values (:application_id, :user_id, cast(:scopes as text[]))
     on conflict (user_id, application_id) do update set scopes =
       array(select distinct unnest(oauth_consents.scopes || excluded.scopes))`,
    { application_id, user_id, scopes: [...scopes] },
  );
}

/** The user is asked again by every application, or by those of one organization. */
export async function forgetConsents(db: Knex, userId: number, organizationId?: number): Promise<void> {
  const consents = db('oauth_consents').where({ user_id: userId });
  if (organizationId !== undefined)
    consents.whereIn(
      'application_id',
      db('oauth_applications').where({ organization_id: organizationId }).select('id'),
    );
  await consents.delete();
}

/** What a user has agreed to, of the applications that can still act; the newest application first. */
export async function consentsOf(
  db: Knex,
  userId: number,
): Promise<{ application_id: number; client_id: string; app_name: string; scopes: GrantedScope[] }[]> {
  return db('oauth_consents as c')
    .join('oauth_applications as a', 'a.id', 'c.application_id')
    .where({ user_id: userId, status: 'active' })
    .orderBy('a.id', 'desc')
    .select('application_id', 'client_id', 'name as app_name', 'c.scopes');
}

/** @returns whether there was one */
export async function forgetConsent(db: Knex, { application_id, user_id }: Consent): Promise<boolean> {
  return (await db('oauth_consents').where({ application_id, user_id }).delete()) === 1;
}
