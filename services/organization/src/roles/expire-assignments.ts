import { withinOrganization } from '@rivergate/endpoint';
import type { Schedule } from '@rivergate/service';
import type { Knex } from 'knex';
import type { OrganizationTools } from '../endpoint.ts';
import { withdrawInvitations } from '../invitations/withdraw-invitations.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { scheduledWork } from '../people/consumer-work.ts';
import { workOffDue } from '../people/due-rows.ts';
import { withdrawRole } from './role-assignments.ts';
import { roleOfOrganization } from './role-store.ts';

/**
 * Notes that roles have ended which were given for a time. Nobody holds them from their moment on, whenever this runs: it
 * tells who follows events, and ends what depends on them.
 */
export const expireAssignments: Schedule<Pick<OrganizationTools, 'knex'>> = {
  name: 'expire role assignments',
  every: 5,
  run: ({ knex }) => workOffDue(knex, overdue, expire),
};

interface Overdue {
  id: number;
  organization_id: number;
  role_id: number;
}

/** Of a deleted organization when it has been restored. */
function overdue(db: Knex.Transaction): Knex.QueryBuilder {
  return db('role_assignments as a')
    .join('organizations as o', 'o.id', 'a.organization_id')
    .whereNull('o.deleted_at')
    .where('a.expires_at', '<=', db.fn.now())
    .orderBy('a.expires_at')
    .select('a.id', 'a.organization_id', 'a.role_id');
}

async function expire(
  db: Knex.Transaction,
  { id, organization_id: organizationId, role_id }: Overdue,
): Promise<void> {
  await withinOrganization(db, organizationId);
  const held = await db('role_assignments').where({ id }).where('expires_at', '<=', db.fn.now()).first('id');
  if (!held) return;
  const work = scheduledWork(db);
  await lockOrganization(db, organizationId);
  const role = await roleOfOrganization(db, organizationId, role_id);
  const { user_id } = await withdrawRole(work, organizationId, { id, role }, 'expired');
  await withdrawInvitations(work, organizationId, user_id);
}
