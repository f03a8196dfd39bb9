import { EmailAddress, error, Id, OrganizationNotFound, spec, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { DECIDING } from './deciding.ts';

export const WorkspaceNotFound = error('WORKSPACE_NOT_FOUND', 404, 'No such workspace');

/** Where a session starts: both null for a user of no organization yet. */
export const StartingPoint = z.object({ organization_id: Id.nullable(), workspace_id: Id.nullable() });

/** What who decides about a user asks when Redis does not know a membership. */
export const memberPrincipal = spec({
  owner: 'organization',
  operation: 'getMemberPrincipal',
  method: 'get',
  path: '/internal/organizations/:organization_id/principals/:user_id',
  summary: 'What a user may do in an organization',
  caller: 'internal',
  callers: DECIDING,
  params: z.object({ organization_id: Id, user_id: Id }),
  answer: z.object({
    member: z
      .boolean()
      .meta({ description: 'Active member; false also where the organization does not exist' }),
    is_admin: z.boolean(),
    permissions: z.array(z.string()).meta({ description: 'Held organization-wide' }),
    role_ids: z.array(Id).optional().meta({
      description: 'Roles held organization-wide; absent in earlier versions',
    }),
    workspaces: z
      .array(z.object({ workspace_ids: z.array(Id), permissions: z.array(z.string()) }))
      .meta({ description: 'Held in workspaces; those with the same permissions stand together' }),
    plan: z.string().nullable(),
    until: Timestamp.optional().meta({
      description: 'When less will be true: the first role to end of those that are held for a time',
    }),
  }),
});

/** What who decides about a request in an organization asks when Redis does not know it. */
export const accessPolicy = spec({
  owner: 'organization',
  operation: 'getAccessPolicy',
  method: 'get',
  path: '/internal/organizations/:organization_id/access-policy',
  summary: 'What an organization demands of every request in it',
  caller: 'internal',
  callers: DECIDING,
  params: z.object({ organization_id: Id }),
  answer: z.object({
    ip_allow_list: z
      .array(z.string())
      .meta({ description: 'Networks from which it may be made, in CIDR notation; none: all' }),
    personal_tokens: z.boolean(),
    personal_token_max_days: z.int().nullable(),
    organization_tokens: z.boolean(),
    oauth_applications: z.boolean(),
    sso: z
      .object({ except_user_ids: z.array(Id), login_url: z.string() })
      .nullable()
      .meta({ description: 'Where people act in it only in sessions that its identity provider opened' }),
    attribute_policies: z.boolean().meta({ description: 'Whether sso has to be asked for more' }),
  }),
  errors: [OrganizationNotFound],
});

/** What a consent screen shows of the organization that an application belongs to. */
export const organizationName = spec({
  owner: 'organization',
  operation: 'getOrganizationName',
  method: 'get',
  path: '/internal/organizations/:organization_id/name',
  summary: 'What an organization is called',
  caller: 'internal',
  callers: ['identity'],
  params: z.object({ organization_id: Id }),
  answer: z.object({ name: z.string() }),
  errors: [OrganizationNotFound],
});

/** Idempotent by user; done again when the event identity.user.verified arrives. */
export const ensurePersonalOrganization = spec({
  owner: 'organization',
  operation: 'ensurePersonalOrganization',
  method: 'put',
  path: '/internal/users/:user_id/personal-organization',
  summary: "Create a user's personal organization and workspace, or find them",
  caller: 'internal',
  callers: ['identity'],
  params: z.object({ user_id: Id }),
  body: z.object({ email: EmailAddress, display_name: z.string() }),
  answer: z.object({ organization_id: Id, workspace_id: Id }),
});

const Membership = z
  .object({
    id: Id,
    name: z.string(),
    domain: z.string().nullable(),
    plan: z.string(),
    is_admin: z.boolean(),
    joined_at: Timestamp,
    source: z.enum(['signup', 'invitation', 'admin', 'sso', 'scim']),
  })
  .meta({ id: 'Membership' });

const ReachableWorkspace = z
  .object({
    id: Id,
    name: z.string().meta({ examples: ['Main Workspace'] }),
    slug: z.string(),
    organization_id: Id,
    is_default: z.boolean(),
    created_at: Timestamp,
  })
  .meta({ id: 'ReachableWorkspace' });

/** What `GET /auth/me` shows of the caller's organizations: nobody else's can be asked for. */
export const membershipsOf = spec({
  owner: 'organization',
  operation: 'listMemberships',
  method: 'get',
  path: '/internal/memberships',
  summary: 'Organizations of the user and the workspaces within reach',
  caller: 'internal',
  callers: ['identity'],
  onBehalfOf: 'user',
  impersonated: true,
  answer: z.object({
    organizations: z.array(Membership),
    workspaces: z.array(ReachableWorkspace),
  }),
});

/**
 * Where a login starts: the named workspace, the default one of the named organization, or the default one of the user's
 * first organization.
 */
export const startingPoint = spec({
  owner: 'organization',
  operation: 'getStartingPoint',
  method: 'get',
  path: '/internal/users/:user_id/starting-point',
  summary: 'Organization and workspace in which a session starts',
  caller: 'internal',
  callers: ['identity'],
  params: z.object({ user_id: Id }),
  query: z.object({
    workspace_id: Id.optional(),
    ip: z.string().max(45).optional().meta({
      description:
        'Address of the client: only what admits it comes into question, unless a workspace or an organization is named',
    }),
    organization_id: Id.optional().meta({ description: 'Not found for who is no active member' }),
  }),
  answer: StartingPoint,
  errors: [WorkspaceNotFound, OrganizationNotFound],
});

export const BreakGlassRequired = error(
  'BREAK_GLASS_REQUIRED',
  409,
  'Whoever is let in without the identity provider has to be an active administrator, by a role that does not end by itself',
);

/** What of an organization's people is let in without its identity provider. */
export const SsoRequirement = z.object({
  break_glass_user_ids: z.array(Id).min(1).max(10),
  exempt_user_ids: z.array(Id).max(500),
  login_url: z.string(),
});

/** In force with the next request of anybody, once it is answered. Null: everybody is let in as before. */
export const setSsoRequirement = spec({
  owner: 'organization',
  operation: 'setSsoRequirement',
  method: 'put',
  path: '/internal/organizations/:org_id/sso-requirement',
  summary: 'Let people into an organization by its identity provider only, or in other ways again',
  caller: 'internal',
  callers: ['sso'],
  onBehalfOf: 'user',
  session: true,
  params: z.object({ org_id: Id }),
  body: z.object({ requirement: SsoRequirement.nullable() }),
  answer: z.object({ revision: z.int() }),
  errors: [BreakGlassRequired],
});
