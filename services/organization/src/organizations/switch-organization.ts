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
import { z } from 'zod';
import { startingWorkspace } from '../access/starting-workspace.ts';
import { endpoint } from '../endpoint.ts';
import { Reference } from '../reference.ts';
import { WorkspaceNotFound } from '../workspaces/errors.ts';
import { reachableWorkspaces } from '../workspaces/reachable-workspaces.ts';
import { WorkspaceReference } from '../workspaces/workspace.ts';
import { workspaceOfOrganization } from '../workspaces/workspace-store.ts';
import { SessionRequired } from './errors.ts';
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
    params: z.object({ org_id: Id }),
    body: z.object({ workspace_id: Id.optional() }),
    answer: TokenBundle.extend({
      organization: Reference,
      workspace: WorkspaceReference.nullable(),
    }),
    message: 'Organization switched successfully',
    messageInData: true,
    errors: [SessionRequired, WorkspaceNotFound, UpstreamUnavailable],
    idempotency: { seconds: 60, spends: 'session' },
  },
  async ({ params, body, caller, db, emit, call, request }) => {
    if (caller.sessionId === null) throw SessionRequired();
    // Also a system administrator acts in an organization as its member only.
    if (!caller.isMember) throw OrganizationNotFound();
    const { sessionId, userId } = caller;
    const { id, name } = await enterOrganization(db, params.org_id);
    if (body.workspace_id !== undefined) {
      await workspaceOfOrganization(db, id, body.workspace_id);
      const within = await reachableWorkspaces(db, userId).where('w.id', body.workspace_id).first('w.id');
      if (!within) throw Forbidden('You cannot see this workspace', [missingPermission('workspace.read')]);
    }
    const workspaceId = body.workspace_id ?? (await startingWorkspace(db, userId, id));
    const workspace = workspaceId === null ? null : await workspaceOfOrganization(db, id, workspaceId);

    const tokens = await call(
      switchSession,
      {
        params: { session_id: sessionId },
        body: { user_id: userId, organization_id: id, workspace_id: workspaceId },
      },
      { organizationId: id, userId, requestId: request.id },
    ).catch(cause => {
      // The session ended while this was under way, or is older than the organization's settings allow.
      throw cause?.code === SessionNotFound.code ? Unauthorized(cause.message) : cause;
    });
    await emit(organizationSwitched, {
      aggregateId: sessionId,
      organizationId: id,
      data: { organization_id: id, workspace_id: workspaceId, user_id: userId, session_id: sessionId },
    });
    return {
      ...tokens,
      organization: { id, name },
      workspace: workspace && { id: workspace.id, name: workspace.name, slug: workspace.slug },
    };
  },
);
