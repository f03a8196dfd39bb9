import { PERMISSIONS } from '@rivergate/caller';
import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { UserNotFound } from '../members/errors.ts';
import { WorkspaceNotFound } from '../workspaces/errors.ts';
import { subjectOf } from './subject.ts';
import { rolesInForce, Through, throughWhat } from './through.ts';

const Code = z.enum(PERMISSIONS.map(({ code }) => code)).meta({ examples: ['workspace.write'] });

export const checkPermissions = endpoint(
  {
    operation: 'checkPermissions',
    method: 'post',
    path: '/permissions/check',
    summary: 'Whether a user holds permissions, and through what',
    description: 'About the caller, or for administrators about any member, in the active organization.',
    caller: 'user',
    activeOrganization: true,
    safe: true,
    body: z.object({
      permissions: z.array(Code).min(1).max(100),
      user_id: Id.optional().meta({ description: 'Default: the caller' }),
      workspace_id: Id.optional().meta({ description: 'What is held in this workspace counts too' }),
    }),
    answer: z.object({
      allowed: z.boolean().meta({ description: 'Whether all of them are held' }),
      permissions: z.array(
        z
          .object({ code: Code, granted: z.boolean(), through: z.array(Through) })
          .meta({ id: 'CheckedPermission' }),
      ),
    }),
    message: 'Permissions checked successfully',
    messageInData: true,
    errors: [UserNotFound, WorkspaceNotFound],
    idempotency: false,
  },
  async ({ body, caller, db }) => {
    const userId = await subjectOf(db, caller, body);
    const held = await rolesInForce(db, caller.organizationId, userId, body.workspace_id);
    const permissions = [...new Set(body.permissions)].map(code => {
      const through = throughWhat(held, code);
      return { code, granted: through.length > 0, through };
    });
    return { allowed: permissions.every(({ granted }) => granted), permissions };
  },
);
