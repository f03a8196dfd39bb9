import {
  displayText,
  EmailAddress,
  error,
  Id,
  OrganizationNotFound,
  RateLimited,
  spec,
  UpstreamUnavailable,
} from '@rivergate/endpoint';
import { z } from 'zod';
import { EmailTaken, InvalidPassword, UserNotFound } from './identity.ts';
import { NotManaged } from './managed-accounts.ts';
import { WorkspaceNotFound } from './organization.ts';

/** Who brings a member from outside: a sign-in at an identity provider, or a SCIM client. */
export const ProvisioningSource = z.enum(['sso', 'scim']);

/** What a member is called in the fleet, as an organization sees it. */
export const ProvisionedMember = z.object({
  user_id: Id,
  email: z.string(),
  display_name: z.string(),
  active: z.boolean().meta({ description: 'False while the membership is suspended' }),
  managed: z.boolean().meta({
    description:
      'Whether the organization made the account, its address lies in a domain that the organization has verified, and its ' +
      "user belongs to no other: then address, name and password are the organization's to change",
  }),
});

export const LastAdministrator = error(
  'LAST_ADMINISTRATOR',
  409,
  'The organization would have no active administrator left; make another member one first',
);
export const AccountElsewhere = error(
  'ACCOUNT_ELSEWHERE',
  409,
  'This address belongs to an account that the organization has not made; its user has to prove it',
);
export const FormerMember = error(
  'FORMER_MEMBER',
  403,
  'Whose membership has ended does not come back by signing in: by an invitation, or by SCIM',
);
export const EmailDomainNotAllowed = error(
  'EMAIL_DOMAIN_NOT_ALLOWED',
  403,
  'The organization allows addresses of certain domains only, and this is none of them',
);
export const PlanLimitExceeded = error(
  'PLAN_LIMIT_EXCEEDED',
  403,
  'The plan of the organization has no seat left for this',
);
export const RoleNotFound = error('ROLE_NOT_FOUND', 404, 'The organization has no such role');

const params = z.object({ organization_id: Id, user_id: Id });

/**
 * Idempotent by address: who is a member stays as they are. An account is made where the address has none; it is verified
 * at once, and managed by the organization, where the address lies in a domain that the organization has verified, and gets
 * the usual mail otherwise (docs/decisions/0060). A personal organization is not found.
 */
export const provisionMember = spec({
  owner: 'organization',
  operation: 'provisionMember',
  method: 'post',
  path: '/internal/organizations/:organization_id/provisioned-members',
  summary: 'Make somebody a member whom an identity provider or a SCIM client brings',
  caller: 'internal',
  callers: ['sso'],
  params: z.object({ organization_id: Id }),
  body: z.object({
    email: EmailAddress,
    display_name: displayText(100).nullable(),
    source: ProvisioningSource,
    user_id: Id.nullable()
      .default(null)
      .meta({ description: 'Account that its user has proved to own; null: the one of the address' }),
    role_id: Id.nullable().default(null).meta({ description: 'Null: Viewer' }),
    active: z.boolean().default(true),
  }),
  answer: ProvisionedMember.extend({
    made: z.enum(['account', 'membership', 'nothing']).meta({ description: 'What was not there before' }),
  }),
  errors: [
    OrganizationNotFound,
    UserNotFound,
    RoleNotFound,
    AccountElsewhere,
    FormerMember,
    EmailDomainNotAllowed,
    PlanLimitExceeded,
    RateLimited,
    UpstreamUnavailable,
  ],
});

/** Only what is given changes. */
export const changeProvisionedMember = spec({
  owner: 'organization',
  operation: 'changeProvisionedMember',
  method: 'patch',
  path: '/internal/organizations/:organization_id/provisioned-members/:user_id',
  summary: 'Suspend or restore a member, or change the account that the organization manages',
  caller: 'internal',
  callers: ['sso'],
  params,
  body: z.object({
    active: z.boolean().optional(),
    email: EmailAddress.optional(),
    display_name: displayText(100).optional(),
    password: z.string().max(128).optional(),
  }),
  answer: ProvisionedMember,
  errors: [
    OrganizationNotFound,
    UserNotFound,
    LastAdministrator,
    NotManaged,
    EmailDomainNotAllowed,
    EmailTaken,
    InvalidPassword,
    UpstreamUnavailable,
  ],
});

/** An account that the organization manages is disabled with its membership; made a member again, it is enabled. */
export const removeProvisionedMember = spec({
  owner: 'organization',
  operation: 'removeProvisionedMember',
  method: 'delete',
  path: '/internal/organizations/:organization_id/provisioned-members/:user_id',
  summary: 'End a membership as a SCIM client asks',
  caller: 'internal',
  callers: ['sso'],
  params,
  status: 204,
  errors: [OrganizationNotFound, UserNotFound, LastAdministrator, UpstreamUnavailable],
});

const ProvisionedRole = z.object({
  role_id: Id,
  workspace_id: Id.nullable().meta({ description: 'Null: everywhere' }),
});

/**
 * Replaces what the source has given the member, and nothing that an administrator has. Roles and workspaces that the
 * organization has not, or not any more, are left out.
 */
export const setProvisionedRoles = spec({
  owner: 'organization',
  operation: 'setProvisionedRoles',
  method: 'put',
  path: '/internal/organizations/:organization_id/provisioned-members/:user_id/roles',
  summary: 'Give a member the roles that its groups at a source map to',
  caller: 'internal',
  callers: ['sso'],
  params,
  body: z.object({
    source: ProvisioningSource,
    provider_id: Id.nullable().meta({ description: 'Of a sign-in; null for SCIM' }),
    roles: z.array(ProvisionedRole).max(1_000),
  }),
  answer: z.object({ given: z.int(), withdrawn: z.int() }),
  errors: [OrganizationNotFound, UserNotFound, LastAdministrator, EmailDomainNotAllowed],
});

/**
 * Whether whoever configures that groups give these roles could hand them out: nobody has others given more than they hold.
 * Asked when it is configured; what is given later is given by the organization.
 */
export const requireRolesHandedOut = spec({
  owner: 'organization',
  operation: 'requireRolesHandedOut',
  method: 'post',
  path: '/internal/organizations/:org_id/provisioned-roles/check',
  summary: 'Refuse roles that the caller could not hand out',
  caller: 'internal',
  callers: ['sso'],
  onBehalfOf: 'user',
  safe: true,
  params: z.object({ org_id: Id }),
  body: z.object({ roles: z.array(ProvisionedRole).max(1_000) }),
  status: 204,
  errors: [RoleNotFound, WorkspaceNotFound],
});
