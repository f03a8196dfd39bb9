import {
  ensurePersonalOrganization,
  memberPrincipal,
  membershipsOf,
  organizationName,
  startingPoint,
  WorkspaceNotFound,
} from '@rivergate/contracts';
import { endpoints, OrganizationNotFound, UpstreamUnavailable } from '@rivergate/endpoint';
import { admitsEverything } from '@rivergate/testing';

/** What identity asks organization, answered from memory. User n gets personal organization 1000+n. */
export function organizationStandIn() {
  const state = {
    /** Whether every question fails, as when the service is down. */
    down: false,
    /** How often each question was asked. */
    asked: { personal: 0, startingPoint: 0, memberships: 0 },
    /** Organizations of which everybody is a member. */
    everybodyIn: new Set<number>(),
    /** Who is a member of none of those after all. */
    removed: new Set<number>(),
    /** What members may do in those, where it is more than nothing. */
    rights: new Map<number, { is_admin?: boolean; permissions?: string[] }>(),
    /** Where users start, if not in their personal organization. */
    startsAt: new Map<number, { organization_id: number | null; workspace_id: number | null }>(),
  };
  const endpoint = endpoints();
  const up = () => {
    if (state.down) throw UpstreamUnavailable();
  };
  const personal = (userId: number) => ({ organization_id: 1000 + userId, workspace_id: 2000 + userId });

  const answers = [
    admitsEverything,
    endpoint(ensurePersonalOrganization, async ({ params }) => {
      state.asked.personal++;
      up();
      return personal(params.user_id);
    }),
    endpoint(memberPrincipal, async ({ params }) => {
      up();
      const { organization_id, user_id } = params;
      const member = state.everybodyIn.has(organization_id) && !state.removed.has(user_id);
      const { is_admin = false, permissions = [] } = (member && state.rights.get(user_id)) || {};
      return { member, is_admin, permissions, workspaces: [], plan: member ? 'enterprise' : null };
    }),
    endpoint(organizationName, async ({ params }) => {
      up();
      return { name: `Organization ${params.organization_id}` };
    }),
    endpoint(startingPoint, async ({ params, query }) => {
      state.asked.startingPoint++;
      up();
      if (query.organization_id !== undefined) {
        const { organization_id, workspace_id } =
          state.startsAt.get(params.user_id) ?? personal(params.user_id);
        if (organization_id !== query.organization_id || state.removed.has(params.user_id))
          throw OrganizationNotFound();
        return { organization_id, workspace_id };
      }
      if (query.workspace_id === undefined)
        return state.startsAt.get(params.user_id) ?? personal(params.user_id);
      if (query.workspace_id !== 77) throw WorkspaceNotFound();
      return { organization_id: 7, workspace_id: 77 };
    }),
    endpoint(membershipsOf, async ({ caller }) => {
      state.asked.memberships++;
      up();
      const { organization_id, workspace_id } = personal(caller.userId);
      const since = new Date();
      return {
        organizations: [
          {
            id: organization_id,
            name: 'Personal',
            domain: null,
            plan: 'individual',
            is_admin: true,
            joined_at: since,
            source: 'signup' as const,
          },
        ],
        workspaces: [
          {
            id: workspace_id,
            name: 'Default Workspace',
            slug: 'default-workspace',
            organization_id,
            is_default: true,
            created_at: since,
          },
        ],
      };
    }),
  ];
  return { state, answers };
}
