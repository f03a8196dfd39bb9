import type { Knex } from 'knex';
import type { Work } from '../endpoint.ts';
import { giveRole, withdrawRole } from '../roles/role-assignments.ts';
import { type RoleRow, roleOfOrganization } from '../roles/role-store.ts';
import { enterWorkspace } from '../workspaces/add-workspace-member.ts';
import { leaveWorkspace } from '../workspaces/leave-workspace.ts';

interface Place {
  roleId: number;
  /** null: organization-wide */
  workspaceId: number | null;
}

interface Replacing {
  organizationId: number;
  userId: number;
  source: string;
  wanted: readonly Place[];
}

interface Held {
  id: number;
  role_id: number;
  workspace_id: number | null;
  /** Null: given by people. */
  sources: string[] | null;
  expired: boolean;
}

/**
 * Makes these the roles that a source gives a member: what people gave stays as it is, with its end. What is new is given
 * first, so that an administrator by one group and then another is one all the time. The caller holds the organization's lock.
 *
 * @throws LastAdministrator, EmailDomainNotAllowed
 */
export async function replaceRolesOf(
  work: Work,
  { organizationId, userId, source, wanted }: Replacing,
): Promise<{ given: number; withdrawn: number }> {
  const { db } = work;
  const assignments = db('role_assignments').where({ organization_id: organizationId, user_id: userId });
  const held: Held[] = await assignments
    .clone()
    .select('id', 'role_id', 'workspace_id', 'sources')
    .select(db.raw('coalesce(expires_at <= now(), false) as expired'));
  const heldAs = new Map(held.map(row => [placeKey(row.role_id, row.workspace_id), row]));
  const places = new Map(
    (await known(db, organizationId, wanted)).map(place => [
      placeKey(place.role.id, place.workspaceId),
      place,
    ]),
  );
  const label = (id: number, sources: string[]) => assignments.clone().where({ id }).update({ sources });

  let given = 0;
  for (const [key, { role, workspaceId }] of places) {
    const row = heldAs.get(key);
    if (row && !row.expired) {
      if (row.sources && !row.sources.includes(source)) await label(row.id, [...row.sources, source]);
      continue;
    }
    if (workspaceId !== null) await enter(work, { organizationId, userId, workspaceId });
    await giveRole(work, { organizationId, userId, role, workspaceId, expiresAt: null, by: null, source });
    given++;
  }

  let withdrawn = 0;
  for (const { id, role_id, workspace_id, sources } of held) {
    if (!sources?.includes(source) || places.has(placeKey(role_id, workspace_id))) continue;
    const others = sources.filter(other => other !== source);
    if (others.length > 0) {
      await label(id, others);
      continue;
    }
    const role = await roleOfOrganization(db, organizationId, role_id);
    await withdrawRole(work, organizationId, { id, role });
    if (workspace_id !== null) await leave(work, { organizationId, userId, workspaceId: workspace_id });
    withdrawn++;
  }
  return { given, withdrawn };
}

const placeKey = (roleId: number, workspaceId: number | null) => `${roleId} ${workspaceId}`;

/** Those of the roles and workspaces that the organization has. */
async function known(
  db: Knex.Transaction,
  organizationId: number,
  wanted: readonly Place[],
): Promise<{ role: RoleRow; workspaceId: number | null }[]> {
  const ofOrganization = { organization_id: organizationId };
  const idsOf = async (table: string, ids: number[]) =>
    new Set<number>(await db(table).where(ofOrganization).whereIn('id', ids).pluck('id'));
  const roleIds = await idsOf(
    'roles',
    wanted.map(({ roleId }) => roleId),
  );
  const workspaceIds = await idsOf(
    'workspaces',
    wanted.flatMap(({ workspaceId }) => workspaceId ?? []),
  );
  const roles = new Map<number, RoleRow>();
  for (const id of roleIds) roles.set(id, await roleOfOrganization(db, organizationId, id));
  return wanted.flatMap(({ roleId, workspaceId }) => {
    const role = roles.get(roleId);
    return role && (workspaceId === null || workspaceIds.has(workspaceId)) ? [{ role, workspaceId }] : [];
  });
}

interface InWorkspace {
  organizationId: number;
  userId: number;
  workspaceId: number;
}

const membershipIn = (db: Knex.Transaction, { workspaceId, userId }: InWorkspace) =>
  db('workspace_members').where({ workspace_id: workspaceId, user_id: userId });

/** Whoever holds a role in a workspace by a group is a member of it. */
async function enter(work: Work, place: InWorkspace): Promise<void> {
  if (await membershipIn(work.db, place).first('user_id')) return;
  await enterWorkspace(work, place);
  await membershipIn(work.db, place).update({ provisioned: true });
}

/** Whom a group made a member of a workspace is one no longer when no role is held there. */
async function leave(work: Work, place: InWorkspace): Promise<void> {
  const { organizationId, userId, workspaceId } = place;
  const role = await work
    .db('role_assignments')
    .where({ organization_id: organizationId, user_id: userId, workspace_id: workspaceId })
    .first('id');
  const came = await membershipIn(work.db, place).where({ provisioned: true }).first('user_id');
  if (came && !role) await leaveWorkspace(work, place);
}
