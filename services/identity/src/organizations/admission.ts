import { type Failure, IpNotAllowed, ssoRequired } from '@rivergate/endpoint';
import type { Knex } from 'knex';

interface Entering {
  userId: number;
  /** Null for none. */
  organizationId: number | null;
  /** Canonical; null, which no organization admits that does not admit all, where it is not known. */
  ip: string | null;
  /** Whose identity provider opens the session; null where none does. */
  ssoOrganizationId: number | null;
}

/**
 * Why a session of the user may not act in the organization: for where the request comes from, or for what opens the session.
 * Null where it may. Who administers the platform is admitted everywhere.
 */
export async function admissionRefusal(db: Knex, entering: Entering): Promise<Failure | null> {
  const { userId, organizationId, ip } = entering;
  if (organizationId === null) return null;
  const { rows } = await db.raw(
    `select from organization_policies as policy
     where policy.organization_id = :organization and policy.ip_allow_list <> '{}'
       and not coalesce(cast(:ip as inet) <<= any (policy.ip_allow_list), false)
       and not exists (select from users where id = :user and is_system_admin)`,
    { organization: organizationId, ip, user: userId },
  );
  return rows.length > 0 ? IpNotAllowed() : await ssoRefusal(db, { ...entering, organizationId });
}

/** Why what the user has signed in with does not count in the organization; null where it does. */
export async function ssoRefusal(
  db: Knex,
  {
    userId,
    organizationId,
    ssoOrganizationId,
  }: Pick<Entering, 'userId' | 'ssoOrganizationId'> & { organizationId: number },
): Promise<Failure | null> {
  if (ssoOrganizationId === organizationId) return null;
  return refusalOf(
    await requiredOf(db, userId).where({ organization_id: organizationId }).first('login_url'),
  );
}

/** The same for a user whom no organization takes in: for one of theirs that would, by its identity provider. */
export async function ssoRefusalAnywhere(db: Knex, userId: number): Promise<Failure | null> {
  const own = db('memberships').where({ user_id: userId, status: 'active' }).select('organization_id');
  return refusalOf(await requiredOf(db, userId).whereIn('organization_id', own).first('login_url'));
}

/** Organizations that the user enters by an identity provider only. */
function requiredOf(db: Knex, userId: number): Knex.QueryBuilder {
  return db('sso_requirements')
    .where({ required: true })
    .whereRaw('not cast(? as bigint) = any (except_user_ids)', [userId])
    .whereNotExists(db('users').where({ id: userId, is_system_admin: true }).select('id'));
}

const refusalOf = (found: { login_url: string } | undefined) => (found ? ssoRequired(found.login_url) : null);

/** @throws IpNotAllowed, SsoRequired */
export async function requireAdmitted(db: Knex, entering: Entering): Promise<void> {
  const refusal = await admissionRefusal(db, entering);
  if (refusal) throw refusal;
}
