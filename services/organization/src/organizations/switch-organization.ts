import { SessionNotFound, switchSession, TokenBundle } from '@rivergate/contracts';
import {
  Forbidden,
  Id,
  missingPermission,
  OrganizationNotFound,
  Unauthorized,
  UpstreamUnavailable,
} from '@rivergate/endpoint';
import { organizationSwitched } from '@rivergate/events';
import type { Knex } from 'knex';
import { z } from 'zod';
import { startingWorkspace } from '../access/starting-workspace.ts';
import { endpoint } from '../endpoint.ts';
import { Reference } from '../reference.ts';
import { WorkspaceNotFound } from '../workspaces/errors.ts';
import { reachableWorkspaces } from '../workspaces/reachable-workspaces.ts';
import { WorkspaceReference } from '../workspaces/workspace.ts';
import { workspaceOfOrganization } from '../workspaces/workspace-store.ts';
import { enterOrganization } from './organization-store.ts';

export const switchOrganization = endpoint(
  {
    operation: 'switchOrganization',
    method: 'post',
    path: '/organizations/:org_id/switch',
    summary: 'Make this the active organization of the session; answers new tokens',
    description:
      'The session goes on; its earlier refresh token does not. Without workspace_id it starts in the default workspace.',
    caller: 'user',
    session: true,
    params: z.object({ org_id: Id }),
    body: z.object({ workspace_id: Id.optional() }),
    answer: TokenBundle.extend({
      organization: Reference,
      workspace: WorkspaceReference.nullable(),
    }),
    message: 'Organization switched successfully',
    messageInData: true,
    errors: [WorkspaceNotFound, UpstreamUnavailable],
    // Doing it again gives tokens that work; an answer kept for a key could hold a refresh token that is dead by then.
    idempotency: false,
  },
  {
    // Before the transaction: a slow identity holds no connection.
    async prepare({ params, body, caller, knex, call }) {
      // Also a system administrator acts in an organization as its member only.
      if (!caller.isMember) throw OrganizationNotFound();
      const { sessionId, userId } = caller;
      const place = await knex.transaction(db => placeIn(db, params.org_id, userId, body.workspace_id));
      const { organization, workspace } = place;
      const tokens = await call(switchSession, {
        params: { org_id: organization.id },
        body: { workspace_id: workspace?.id ?? null },
      }).catch(cause => {
        // The session ended while this was under way, or is older than the organization's settings allow.
        throw cause?.code === SessionNotFound.code ? Unauthorized(cause.message) : cause;
      });
      return { sessionId, userId, ...place, tokens };
    },
    async handle({ prepared: { sessionId, userId, organization, workspace, tokens }, emit }) {
      await emit(organizationSwitched, {
        aggregateId: sessionId,
        organizationId: organization.id,
        data: {
          organization_id: organization.id,
          workspace_id: workspace?.id ?? null,
          user_id: userId,
          session_id: sessionId,
        },
      });
      return { ...tokens, organization, workspace };
    },
  },
);

/** The organization, and the workspace in which the session goes on there. */
async function placeIn(
  db: Knex.Transaction,
  organizationId: number,
  userId: number,
  wanted: number | undefined,
): Promise<{
  organization: { id: number; name: string };
  workspace: { id: number; name: string; slug: string } | null;
}> {
  const { id, name } = await enterOrganization(db, organizationId);
  const organization = { id, name };
  if (wanted !== undefined) {
    await workspaceOfOrganization(db, id, wanted);
    const within = await reachableWorkspaces(db, userId).where('w.id', wanted).first('w.id');
    if (!within) throw Forbidden('You cannot see this workspace', [missingPermission('workspace.read')]);
  }
  const workspaceId = wanted ?? (await startingWorkspace(db, userId, id));
  if (workspaceId === null) return { organization, workspace: null };
  const workspace = await workspaceOfOrganization(db, id, workspaceId);
  return { organization, workspace: { id: workspace.id, name: workspace.name, slug: workspace.slug } };
}
