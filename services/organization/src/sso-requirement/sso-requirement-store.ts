import type { Principal } from '@rivergate/caller';
import type { SsoRequirement as Requirement } from '@rivergate/contracts';
import type { Knex } from 'knex';
import type { z } from 'zod';

export type SsoRequirement = z.output<typeof Requirement>;

/** Null where people are let in in other ways too. */
export async function ssoRequirementOf(
  db: Knex.Transaction,
  organizationId: number,
): Promise<SsoRequirement | null> {
  const row = await db('organizations').where({ id: organizationId }).first('sso_requirement');
  return row?.sso_requirement ?? null;
}

/** @returns the revision of the organization's requirement from now on */
export async function keepSsoRequirement(
  db: Knex.Transaction,
  organizationId: number,
  requirement: SsoRequirement | null,
): Promise<number> {
  const [row] = await db('organizations')
    .where({ id: organizationId })
    .update({
      sso_requirement: requirement && JSON.stringify(requirement),
      sso_revision: db.raw('sso_revision + 1'),
    })
    .returning('sso_revision');
  return row.sso_revision;
}

/** Who is let in without the identity provider. */
export const exceptionsOf = ({ break_glass_user_ids, exempt_user_ids }: SsoRequirement): number[] => [
  ...new Set([...break_glass_user_ids, ...exempt_user_ids]),
];

/** SQL, for statements on organizations o: whether the user, `?`, is let in without the identity provider. */
const LETS_IN = `(o.sso_requirement is null
  or o.sso_requirement -> 'break_glass_user_ids' @> to_jsonb(cast(? as bigint))
  or o.sso_requirement -> 'exempt_user_ids' @> to_jsonb(cast(? as bigint)))`;

/** Keeps to organizations o of a statement in which a session starts that no identity provider opens. */
export function whereSsoNotRequired(found: Knex.QueryBuilder, userId: number): void {
  found.whereRaw(LETS_IN, [userId, userId]);
}

/**
 * Keeps to organizations o of a statement that let the caller in by what they have signed in with: for lists over all
 * organizations of a caller. Whether the one at hand does is decided before.
 */
export function whereEntered(
  found: Knex.QueryBuilder,
  { userId, impersonator, organizationId, isSystemAdmin }: Principal,
): void {
  if (isSystemAdmin) return;
  const actor = impersonator?.userId ?? userId;
  found.whereRaw(`(o.id = ? or ${LETS_IN})`, [organizationId, actor, actor]);
}
