import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { UserNotFound } from '../members/errors.ts';
import { WorkspaceNotFound } from '../workspaces/errors.ts';
import { subjectOf } from './subject.ts';
import { permissionsIn, rolesInForce, Through, throughWhat } from './through.ts';

export const effectivePermissions = endpoint(
  {
    operation: 'getEffectivePermissions',
    method: 'get',
    path: '/permissions/effective',
    summary: 'Effective permissions of the caller or, for administrators, of a member',
    description:
      'In the active organization: those held organization-wide, and in a workspace where one is named.',
    caller: 'user',
    activeOrganization: true,
    query: z.object({
      user_id: Id.optional().meta({ description: 'Default: the caller' }),
      workspace_id: Id.optional().meta({ description: 'What is held in this workspace counts too' }),
    }),
    answer: z.object({
      user_id: Id,
      permissions: z.array(
        z
          .object({ code: z.string().meta({ examples: ['workspace.write'] }), through: z.array(Through) })
          .meta({ id: 'EffectivePermission' }),
      ),
      total_count: z.int(),
    }),
    message: 'Effective permissions retrieved successfully',
    messageInData: true,
    errors: [UserNotFound, WorkspaceNotFound],
  },
  async ({ query, caller, db }) => {
    const userId = await subjectOf(db, caller, query);
    const held = await rolesInForce(db, caller.organizationId, userId, query.workspace_id);
    const permissions = permissionsIn(held).map(code => ({ code, through: throughWhat(held, code) }));
    return { user_id: userId, permissions, total_count: permissions.length };
  },
);
