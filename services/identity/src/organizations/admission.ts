import { IpNotAllowed } from '@rivergate/endpoint';
import type { Knex } from 'knex';

interface Entering {
  userId: number;
  /** Null for none. */
  organizationId: number | null;
  /** Canonical; null, which no organization admits that does not admit all, where it is not known. */
  ip: string | null;
}

/**
 * Whether a session of the user may act in the organization, by where the request comes from. Who administers the platform
 * is admitted everywhere.
 */
export async function isAdmitted(db: Knex, { userId, organizationId, ip }: Entering): Promise<boolean> {
  if (organizationId === null) return true;
  const { rows } = await db.raw(
    `select from organization_policies as policy
     where policy.organization_id = :organization and policy.ip_allow_list <> '{}'
       and not coalesce(cast(:ip as inet) <<= any (policy.ip_allow_list), false)
       and not exists (select from users where id = :user and is_system_admin)`,
    { organization: organizationId, ip, user: userId },
  );
  return rows.length === 0;
}

/** @throws IpNotAllowed */
export async function requireAdmitted(db: Knex, entering: Entering): Promise<void> {
  if (!(await isAdmitted(db, entering))) throw IpNotAllowed();
}
