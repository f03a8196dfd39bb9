import { tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { membersOf } from '../members/member-store.ts';

export type InvitationStatus = 'pending' | 'accepted' | 'revoked' | 'expired';

export interface InvitationRow {
  id: number;
  organization_id: number;
  organization_name: string;
  email: string;
  workspace_id: number | null;
  workspace_name: string | null;
  workspace_slug: string | null;
  role_id: number | null;
  role_name: string | null;
  message: string | null;
  display_name: string | null;
  /** As of now: one whose time is over is expired, whatever is stored. */
  status: InvitationStatus;
  invited_by: number;
  by_system_admin: boolean;
  inviter_name: string | null;
  created_at: Date;
  expires_at: Date;
}

/** One that still waits to be sent has no time to run out of. */
const LAPSED = "i.status = 'pending' and i.sent_at is not null and i.expires_at <= now()";
const STATUS = `case when ${LAPSED} then 'expired' else i.status end`;

/** Invitations with the names around them. Tables: i invitations, o organizations, w workspaces, r roles, p and here inviters. */
export function invitations(db: Knex.Transaction): Knex.QueryBuilder {
  return db('invitations as i')
    .join('organizations as o', 'o.id', 'i.organization_id')
    .leftJoin('workspaces as w', 'w.id', 'i.workspace_id')
    .leftJoin('roles as r', 'r.id', 'i.role_id')
    .leftJoin('people as p', 'p.user_id', 'i.invited_by')
    .leftJoin('memberships as here', {
      'here.organization_id': 'i.organization_id',
      'here.user_id': 'i.invited_by',
    });
}

export function invitationColumns(db: Knex.Transaction) {
  return [
    'i.id',
    'i.organization_id',
    'o.name as organization_name',
    'i.email',
    'i.workspace_id',
    'w.name as workspace_name',
    'w.slug as workspace_slug',
    'i.role_id',
    'r.name as role_name',
    'i.message',
    'i.display_name',
    db.raw(`${STATUS} as status`),
    'i.invited_by',
    'i.by_system_admin',
    db.raw('coalesce(here.display_name, p.display_name) as inviter_name'),
    'i.created_at',
    'i.expires_at',
  ];
}

/** Needs a transaction across organizations: the token alone says which one it is. */
export async function findByToken(db: Knex.Transaction, token: string): Promise<InvitationRow | undefined> {
  return await invitations(db).where('i.token_hash', tokenHash(token)).select(invitationColumns(db)).first();
}

/** The transaction has to be bound to the invitation's organization, or to read across organizations. */
export async function findById(db: Knex.Transaction, id: number): Promise<InvitationRow | undefined> {
  return await invitations(db).where('i.id', id).select(invitationColumns(db)).first();
}

/** Pending invitations that a member sent or prepared, each with the permissions that it would give. */
export async function pendingInvitationsOf(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
): Promise<{ id: number; email: string; permissions: string[] }[]> {
  return await db('invitations as i')
    .leftJoin('roles as r', 'r.id', 'i.role_id')
    .where({ 'i.organization_id': organizationId, 'i.invited_by': userId, 'i.by_system_admin': false })
    .whereRaw(`${STATUS} = 'pending'`)
    .orderBy('i.id')
    .select('i.id', 'i.email', db.raw("coalesce(r.permissions, '{}') as permissions"));
}

export function whereStatus(query: Knex.QueryBuilder, status: InvitationStatus): Knex.QueryBuilder {
  return query.whereRaw(`${STATUS} = ?`, [status]);
}

/** Ends an invitation. What it was is kept; its token opens nothing any more. */
export async function close(
  db: Knex.Transaction,
  id: number,
  status: 'accepted' | 'revoked',
  by: number | null,
): Promise<void> {
  await db('invitations').where({ id }).update({ status, closed_by: by, closed_at: db.fn.now() });
}

/**
 * Lets whoever sends an invitation again answer for it, and one that has lapsed wait for an answer again.
 *
 * @returns false when another one for the address waits meanwhile
 */
export async function reopen(
  db: Knex.Transaction,
  { id, organization_id, email }: Pick<InvitationRow, 'id' | 'organization_id' | 'email'>,
  sender: { invited_by: number; by_system_admin: boolean },
): Promise<boolean> {
  const another = await db('invitations')
    .where({ organization_id, email, status: 'pending' })
    .whereNot({ id })
    .first('id');
  if (another) return false;
  await db('invitations')
    .where({ id })
    .update({ status: 'pending', closed_by: null, closed_at: null, ...sender });
  return true;
}

/** Ends every pending invitation of an organization. @returns how many there were */
export async function closeAll(db: Knex.Transaction, organizationId: number, by: number): Promise<number> {
  return await db('invitations')
    .where({ organization_id: organizationId, status: 'pending' })
    .update({ status: 'revoked', closed_by: by, closed_at: db.fn.now() });
}

/** Invitations whose time is over and of which that is not yet noted, in whichever organization, the earliest first. */
export function lapsedInvitations(db: Knex.Transaction): Knex.QueryBuilder {
  return db('invitations as i')
    .whereRaw(LAPSED)
    .orderBy('i.expires_at')
    .select('i.id', 'i.organization_id', 'i.email');
}

/** Marks what has lapsed, so that the address can be invited again. @returns the ids */
export async function closeLapsed(
  db: Knex.Transaction,
  organizationId: number,
  email: string,
): Promise<number[]> {
  const rows: { id: number }[] = await db('invitations as i')
    .where({ 'i.organization_id': organizationId, 'i.email': email })
    .whereRaw(LAPSED)
    .update({ status: 'expired', closed_at: db.fn.now() })
    .returning('id');
  return rows.map(({ id }) => id);
}

/**
 * Members and pending invitations: what a plan counts. The caller holds the organization's lock.
 *
 * @param besides address whose invitation does not count, as its owner gets in otherwise
 */
export async function seatsTaken(
  db: Knex.Transaction,
  organizationId: number,
  besides = '',
): Promise<number> {
  return (await membersOf(db, organizationId)) + (await pendingInvitations(db, organizationId, besides));
}

/** By what triggers keep, less the few that have lapsed and are not yet noted as expired. */
export async function pendingInvitations(
  db: Knex.Transaction,
  organizationId: number,
  besides = '',
): Promise<number> {
  const { rows } = await db.raw(
    `select o.pending_invitations
       - (select count(*) from invitations i where i.organization_id = o.id and ${LAPSED})
       - (select count(*) from invitations i
          where i.organization_id = o.id and i.status = 'pending' and i.email = ? and not (${LAPSED})) as invitations
     from organizations o where o.id = ?`,
    [besides, organizationId],
  );
  return Number(rows[0]?.invitations);
}
