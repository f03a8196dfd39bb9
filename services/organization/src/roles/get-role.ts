import { holds } from '@rivergate/caller';
import { Id, Timestamp } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { RoleNotFound } from './errors.ts';
import { Role } from './role.ts';
import { roleOfOrganization } from './role-store.ts';

const HistoryEntry = z
  .object({
    user_id: Id,
    workspace_id: Id.nullable().meta({ description: 'Null: organization-wide' }),
    action: z.enum(['assigned', 'withdrawn', 'expired']),
    by_user_id: Id.nullable().meta({ description: 'Null: the system' }),
    at: Timestamp,
  })
  .meta({ id: 'RoleHistoryEntry' });

export const getRole = endpoint(
  {
    operation: 'getRole',
    method: 'get',
    path: '/roles/:role_id',
    summary: 'Get a role with its assignment history',
    caller: 'user',
    activeOrganization: true,
    clients: true,
    params: z.object({ role_id: Id }),
    answer: z.object({
      role: Role.omit({ usage_count: true })
        .extend({
          assignment_history: z.array(HistoryEntry).meta({
            description: 'The latest 100, newest first; empty without user.read',
          }),
        })
        .meta({ id: 'RoleInFull' }),
    }),
    message: 'Role details retrieved successfully',
    messageInData: true,
    errors: [RoleNotFound],
  },
  async ({ params, caller, db }) => {
    const role = await roleOfOrganization(db, caller.organizationId, params.role_id);
    const mayRead = holds(caller, 'user.read');
    const assignment_history = mayRead ? await historyOf(db, caller.organizationId, role.id) : [];
    return { role: { ...role, assignment_history } };
  },
);

/** The audit log is the history: nothing else remembers who held what. */
function historyOf(db: Knex.Transaction, organizationId: number, roleId: number) {
  return db('audit_log')
    .where({ organization_id: organizationId, subject: String(roleId) })
    .whereIn('action', ['role.assigned', 'role.withdrawn'])
    .orderBy('id', 'desc')
    .limit(100)
    .select(
      db.raw("(metadata ->> 'user_id')::bigint as user_id"),
      db.raw("(metadata ->> 'workspace_id')::bigint as workspace_id"),
      db.raw(`case when action = 'role.assigned' then 'assigned'
        else coalesce(metadata ->> 'reason', 'withdrawn') end as action`),
      'actor_user_id as by_user_id',
      'created_at as at',
    );
}
