import { z } from 'zod';
import { Changes } from '../changes.ts';
import { event } from '../declaration.ts';
import { userErased } from './erasure.ts';
import { jobEvents } from './job.ts';

const Id = z.number().int();

export const organizationCreated = event({
  type: 'organization.organization.created',
  version: 1,
  audit: 'organization.created',
  summary: 'An organization was created',
  data: z.object({
    organization_id: Id,
    name: z.string(),
    plan: z.string(),
    owner_id: Id,
    personal: z.boolean(),
  }),
  // Of a personal one, that of its person.
  personal: ['name'],
});

export const organizationUpdated = event({
  type: 'organization.organization.updated',
  version: 1,
  audit: 'organization.updated',
  summary: 'Name, domain, plan or status of an organization changed',
  data: z.object({
    organization_id: Id,
    fields: z.array(z.string()),
    name: z.string(),
    plan: z.string(),
    status: z.string().optional(),
    changes: Changes.default({}),
  }),
  personal: ['name', 'changes'],
  webhook: true,
});

export const organizationDeleted = event({
  type: 'organization.organization.deleted',
  version: 1,
  audit: 'organization.deleted',
  summary: 'An organization ended with all that belonged to it; its audit log stays',
  data: z.object({ organization_id: Id, name: z.string(), reason: z.string() }),
  personal: ['name'],
});

export const organizationSettingsChanged = event({
  type: 'organization.organization.settings_changed',
  version: 1,
  audit: 'organization.settings_changed',
  summary: 'Settings of an organization changed',
  data: z.object({
    organization_id: Id,
    /** Rises with each change of the organization's settings; the highest one holds. */
    revision: z.number().int().default(0),
    fields: z.array(z.string()),
    /** Every setting as it holds from now on, by group: password_policy, mfa, sessions, tokens, … */
    settings: z.record(z.string(), z.record(z.string(), z.unknown())),
    changes: Changes.default({}),
  }),
  webhook: true,
});

export const organizationSwitched = event({
  // Not of the aggregate organization: what is known of its members goes on counting.
  type: 'organization.session.switched',
  version: 1,
  audit: 'organization.switched',
  summary: 'A user made another organization the active one of a session',
  data: z.object({ organization_id: Id, workspace_id: Id.nullable(), user_id: Id, session_id: Id }),
});

export const workspaceCreated = event({
  type: 'organization.workspace.created',
  version: 1,
  audit: 'workspace.created',
  summary: 'A workspace was created',
  data: z.object({
    workspace_id: Id,
    organization_id: Id,
    name: z.string(),
    slug: z.string(),
    is_default: z.boolean(),
  }),
  webhook: true,
});

export const workspaceUpdated = event({
  type: 'organization.workspace.updated',
  version: 1,
  audit: 'workspace.updated',
  summary: 'A workspace was renamed or became the default one',
  data: z.object({
    workspace_id: Id,
    organization_id: Id,
    fields: z.array(z.string()),
    name: z.string(),
    slug: z.string(),
    is_default: z.boolean(),
    changes: Changes.default({}),
  }),
  webhook: true,
});

export const memberAdded = event({
  type: 'organization.member.added',
  version: 1,
  audit: 'member.added',
  summary: 'A user joined an organization',
  data: z.object({
    organization_id: Id,
    user_id: Id,
    role_id: Id.nullable(),
    is_admin: z.boolean(),
    source: z.string(),
    /** What the organization calls the member, where that is not the user's own name. */
    display_name: z.string().nullable().default(null),
    /** Whether it is the personal organization of the user. */
    is_personal: z.boolean().default(false),
  }),
  personal: ['display_name'],
  webhook: true,
});

export const memberChanged = event({
  type: 'organization.member.changed',
  version: 1,
  audit: 'member.changed',
  summary: 'Role or administrator flag of a member changed',
  data: z.object({
    organization_id: Id,
    user_id: Id,
    role_id: Id.nullable(),
    is_admin: z.boolean(),
    changes: Changes.default({}),
  }),
  webhook: true,
});

export const memberRemoved = event({
  type: 'organization.member.removed',
  version: 1,
  audit: 'member.removed',
  summary: 'A user left an organization, or was removed from it',
  data: z.object({ organization_id: Id, user_id: Id }),
  webhook: true,
});

export const memberStatusChanged = event({
  type: 'organization.member.status_changed',
  version: 1,
  audit: 'member.status_changed',
  summary: 'A membership was suspended or restored',
  data: z.object({
    organization_id: Id,
    user_id: Id,
    status: z.string(),
    /** Free text of who did it. */
    reason: z.string().optional(),
    changes: Changes.default({}),
  }),
  personal: ['reason'],
  webhook: true,
});

const Role = z.object({
  role_id: Id,
  organization_id: Id.nullable(),
  name: z.string(),
  permissions: z.array(z.string()),
});

export const roleCreated = event({
  type: 'organization.role.created',
  version: 1,
  audit: 'role.created',
  summary: 'A role was created; the built-in ones too, which belong to no organization or are made with it',
  data: Role.extend({ builtin: z.boolean() }),
  webhook: true,
});

export const roleChanged = event({
  type: 'organization.role.changed',
  version: 1,
  audit: 'role.changed',
  summary: 'Name or permissions of a role changed',
  data: Role.extend({ changes: Changes.default({}) }),
  webhook: true,
});

export const roleDeleted = event({
  type: 'organization.role.deleted',
  version: 1,
  audit: 'role.deleted',
  summary: 'A role was deleted',
  data: z.object({ role_id: Id, organization_id: Id.nullable() }),
  webhook: true,
});

export const roleAssigned = event({
  type: 'organization.role.assigned',
  version: 1,
  audit: 'role.assigned',
  summary: 'A member was given a role, organization-wide or in one workspace, or another end to one',
  data: z.object({
    organization_id: Id,
    role_id: Id,
    user_id: Id,
    workspace_id: Id.nullable(),
    /** When it ends by itself. */
    expires_at: z.string().nullable().default(null),
  }),
  webhook: true,
});

export const roleWithdrawn = event({
  type: 'organization.role.withdrawn',
  version: 1,
  audit: 'role.withdrawn',
  summary: 'A role was taken from a member, or its time was over',
  data: z.object({
    organization_id: Id,
    role_id: Id,
    user_id: Id,
    workspace_id: Id.nullable(),
    reason: z.enum(['withdrawn', 'expired']).default('withdrawn'),
  }),
  webhook: true,
});

export const workspaceMemberAdded = event({
  type: 'organization.workspace.member_added',
  version: 1,
  audit: 'workspace.member_added',
  summary: 'A member of the organization became a member of a workspace',
  data: z.object({ organization_id: Id, workspace_id: Id, user_id: Id }),
  webhook: true,
});

export const invitationPrepared = event({
  type: 'organization.invitation.prepared',
  version: 1,
  audit: 'invitation.prepared',
  summary: 'An invitation waits for the address of its administrator to be verified',
  data: z.object({
    invitation_id: Id,
    organization_id: Id,
    workspace_id: Id,
    role_id: Id,
    email: z.string(),
  }),
  personal: ['email'],
});

export const invitationSent = event({
  type: 'organization.invitation.sent',
  version: 1,
  audit: 'invitation.sent',
  summary: 'Someone was invited into an organization',
  data: z.object({
    invitation_id: Id,
    organization_id: Id,
    workspace_id: Id.nullable(),
    role_id: Id,
    email: z.string(),
    expires_at: z.string(),
  }),
  personal: ['email'],
  webhook: true,
});

export const invitationRevoked = event({
  type: 'organization.invitation.revoked',
  version: 1,
  audit: 'invitation.revoked',
  summary: 'An invitation was taken back',
  data: z.object({
    invitation_id: Id,
    organization_id: Id,
    /** Where nobody revoked it: inviter_lost_right, mail_limit, workspace_deleted. */
    reason: z.string().optional(),
  }),
  webhook: true,
});

export const invitationAccepted = event({
  type: 'organization.invitation.accepted',
  version: 1,
  audit: 'invitation.accepted',
  summary: 'An invited person joined the organization',
  data: z.object({ invitation_id: Id, organization_id: Id, user_id: Id }),
  webhook: true,
});

export const invitationExpired = event({
  type: 'organization.invitation.expired',
  version: 1,
  audit: 'invitation.expired',
  summary: 'An invitation lapsed unanswered',
  data: z.object({ invitation_id: Id, organization_id: Id }),
  webhook: true,
});

export const {
  started: organizationJobStarted,
  changed: organizationJobChanged,
  finished: organizationJobFinished,
} = jobEvents('organization');

export const memberProfileChanged = event({
  type: 'organization.member.profile_changed',
  version: 1,
  audit: 'member.profile_changed',
  summary: 'What a member is shown as in one organization changed',
  data: z.object({
    organization_id: Id,
    user_id: Id,
    fields: z.array(z.string()),
    display_name: z.string().nullable(),
    profile_image_url: z.string().nullable(),
    changes: Changes.default({}),
  }),
  personal: ['display_name', 'profile_image_url', 'changes'],
  webhook: true,
});

export const workspaceSettingsChanged = event({
  type: 'organization.workspace.settings_changed',
  version: 1,
  audit: 'workspace.settings_changed',
  summary: 'Settings of a workspace were set, or returned to those of its organization',
  data: z.object({
    workspace_id: Id,
    organization_id: Id,
    /** Keys that are another from now on, or are set where they were inherited. */
    fields: z.array(z.string()),
    /** What was set in the workspace before; other keys were inherited. */
    before: z.record(z.string(), z.unknown()),
    /** What is set in the workspace from now on; other keys are inherited. */
    settings: z.record(z.string(), z.unknown()),
  }),
  webhook: true,
});

export const workspaceMemberRemoved = event({
  type: 'organization.workspace.member_removed',
  version: 1,
  audit: 'workspace.member_removed',
  summary: 'A member of the organization was removed from a workspace, with the roles held there',
  data: z.object({ organization_id: Id, workspace_id: Id, user_id: Id }),
  webhook: true,
});

export const workspaceDeleted = event({
  type: 'organization.workspace.deleted',
  version: 1,
  audit: 'workspace.deleted',
  summary: 'A workspace was deleted, with its members, the roles held there and all that lay in it',
  data: z.object({ workspace_id: Id, organization_id: Id, name: z.string(), slug: z.string() }),
  webhook: true,
});

export const organizationDeletionScheduled = event({
  type: 'organization.organization.deletion_scheduled',
  version: 1,
  audit: 'organization.deletion_scheduled',
  summary:
    'An organization was deleted: nothing of it answers any more, and unless it is restored it is erased',
  data: z.object({
    organization_id: Id,
    name: z.string(),
    erase_at: z.string(),
    /** Pending invitations that were revoked with it. */
    revoked_invitations: z.number().int(),
  }),
  personal: ['name'],
});

export const organizationRestored = event({
  type: 'organization.organization.restored',
  version: 1,
  audit: 'organization.restored',
  summary: 'A deleted organization was restored within its grace period',
  data: z.object({ organization_id: Id, name: z.string() }),
  personal: ['name'],
  webhook: true,
});

const Webhook = z.object({
  webhook_id: Id,
  organization_id: Id,
  /** Scheme, host and port of its URL; the rest may be a secret. */
  origin: z.string(),
});

export const webhookCreated = event({
  type: 'organization.webhook.created',
  version: 1,
  audit: 'webhook.created',
  summary: 'An administrator registered a webhook: events of the organization go there from now on',
  data: Webhook.extend({ event_types: z.array(z.string()) }),
  webhook: true,
});

export const webhookUpdated = event({
  type: 'organization.webhook.updated',
  version: 1,
  audit: 'webhook.updated',
  summary: 'URL, description, event types or status of a webhook changed',
  data: Webhook.extend({
    fields: z.array(z.string()),
    event_types: z.array(z.string()),
    status: z.string(),
    /** Of the URL, of which only `origin` is told. */
    changes: Changes,
  }),
  webhook: true,
});

export const webhookDisabled = event({
  type: 'organization.webhook.disabled',
  version: 1,
  audit: 'webhook.disabled',
  summary: 'A webhook was disabled by itself: it had failed for days, or answered that it is gone',
  data: Webhook.extend({ reason: z.enum(['failing', 'gone']) }),
  webhook: true,
});

export const webhookDeleted = event({
  type: 'organization.webhook.deleted',
  version: 1,
  audit: 'webhook.deleted',
  summary: 'A webhook was deleted with its log of deliveries',
  data: Webhook,
  webhook: true,
});

export const webhookSecretRotated = event({
  type: 'organization.webhook.secret_rotated',
  version: 1,
  audit: 'webhook.secret_rotated',
  summary: 'A webhook got a new secret; the ones before sign as well until the time that is given',
  data: Webhook.extend({ former_until: z.string() }),
  webhook: true,
});

export const webhookTested = event({
  type: 'organization.webhook.tested',
  version: 1,
  audit: 'webhook.tested',
  summary: 'An administrator had a test event sent to a webhook',
  data: Webhook,
});

export const webhookReplayed = event({
  type: 'organization.webhook.replayed',
  version: 1,
  audit: 'webhook.replayed',
  summary: 'An administrator had events sent to a webhook again, or for the first time after it was disabled',
  data: Webhook.extend({ deliveries: z.number().int() }),
});

export const ownershipOffered = event({
  type: 'organization.ownership.offered',
  version: 1,
  audit: 'ownership.offered',
  summary: 'An administrator offered the organization to another member',
  data: z.object({
    organization_id: Id,
    /** Who is to have it. */
    user_id: Id,
    /** What the administrator has from then on. */
    role_id: Id,
  }),
});

export const ownershipTransferred = event({
  type: 'organization.ownership.transferred',
  version: 1,
  audit: 'ownership.transferred',
  summary: 'A member accepted the organization: administers it now, in place of the one who offered it',
  data: z.object({ organization_id: Id, from_user_id: Id, user_id: Id }),
});

export const ownershipOfferEnded = event({
  type: 'organization.ownership.offer_ended',
  version: 1,
  audit: 'ownership.offer_ended',
  summary: 'The offer of an organization was declined or withdrawn',
  data: z.object({ organization_id: Id, user_id: Id, reason: z.enum(['declined', 'withdrawn']) }),
});

const AuditShipping = z.object({ organization_id: Id, url: z.string() });

export const auditShippingConfigured = event({
  type: 'organization.audit_shipping.configured',
  version: 1,
  audit: 'audit_shipping.configured',
  summary: 'The audit log of an organization is sent to a collector from now on',
  data: AuditShipping.extend({
    /** Of the header that goes with it; its value is a secret. */
    header_name: z.string().nullable(),
    /** The entries after it are sent. */
    from_sequence: z.number().int(),
    changes: Changes.default({}),
  }),
});

export const auditShippingRemoved = event({
  type: 'organization.audit_shipping.removed',
  version: 1,
  audit: 'audit_shipping.removed',
  summary: 'The audit log of an organization is sent nowhere any more',
  data: AuditShipping.extend({ shipped_sequence: z.number().int() }),
});

export const userExported = event({
  type: 'organization.user.exported',
  version: 1,
  audit: 'user.exported',
  summary: 'What the fleet holds on a user was given out: of one organization, or all of it to the user',
  data: z.object({ user_id: Id, organization_id: Id.nullable() }),
});

export const userErasureRequested = event({
  type: 'organization.user.erasure_requested',
  version: 1,
  audit: 'user.erasure_requested',
  summary:
    'A user is to be erased: the account and all that the fleet holds, or what belongs to one organization',
  data: z.object({
    erasure_id: Id,
    user_id: Id,
    /** Null: the account, in every organization. */
    organization_id: Id.nullable(),
  }),
});

export const userErasureFinished = event({
  type: 'organization.user.erasure_finished',
  version: 1,
  audit: 'user.erasure_finished',
  summary: 'Every service has confirmed that a user is erased',
  data: z.object({ erasure_id: Id, user_id: Id, organization_id: Id.nullable() }),
});

export const organizationUserErased = userErased('organization');

export const memberMerged = event({
  type: 'organization.member.merged',
  version: 1,
  audit: 'member.merged',
  summary: 'A duplicate account was merged into another member: what it held in the organization is theirs',
  data: z.object({ organization_id: Id, user_id: Id, merged_user_id: Id }),
});

export const mergeProven = event({
  type: 'organization.member.merge_proven',
  version: 1,
  audit: 'member.merge_proven',
  summary: 'Somebody who is signed in to both has shown that an account is a duplicate of another',
  data: z.object({ organization_id: Id, user_id: Id, duplicate_user_id: Id }),
});

export const organizationBrandingChanged = event({
  type: 'organization.organization.branding_changed',
  version: 1,
  audit: 'organization.branding_changed',
  summary: 'Colour or logo changed that an organization shows where people sign in',
  data: z.object({
    organization_id: Id,
    name: z.string(),
    /** As #rrggbb; null: that of the platform. */
    accent_color: z.string().nullable(),
    /** Where the public address of the logo ends; null where there is none. */
    logo_id: z.string().nullable(),
    changes: Changes.default({}),
  }),
});

const Domain = z.object({ domain_id: Id, organization_id: Id, domain: z.string() });

export const domainClaimed = event({
  type: 'organization.domain.claimed',
  version: 1,
  audit: 'domain.claimed',
  summary: 'An organization said that a domain is its own, which it has to prove by a DNS record',
  data: Domain,
});

export const domainVerified = event({
  type: 'organization.domain.verified',
  version: 1,
  audit: 'domain.verified',
  summary: "The DNS record of a domain was found: it is the organization's and no other's from now on",
  data: Domain,
});

export const domainUnverified = event({
  type: 'organization.domain.unverified',
  version: 1,
  audit: 'domain.unverified',
  summary: "A domain is not the organization's any more, and another can verify it",
  data: Domain.extend({ reason: z.enum(['record_missing', 'organization_deleted']) }),
});

export const domainRemoved = event({
  type: 'organization.domain.removed',
  version: 1,
  audit: 'domain.removed',
  summary: 'An organization gave up a domain that it had claimed or verified',
  data: Domain.extend({ was_verified: z.boolean() }),
});

export const joinedByDomain = event({
  type: 'organization.domain.joined',
  version: 1,
  audit: 'domain.joined',
  summary:
    'A user became a member by an address of a verified domain, by themselves or let in by an administrator',
  data: Domain.extend({ user_id: Id }),
});

const JoinRequest = z.object({ join_request_id: Id, organization_id: Id, user_id: Id });

export const joinRequested = event({
  type: 'organization.join_request.created',
  version: 1,
  audit: 'join_request.created',
  summary: 'A user with an address of a verified domain asked to join the organization',
  data: JoinRequest,
});

export const joinRequestRejected = event({
  type: 'organization.join_request.rejected',
  version: 1,
  audit: 'join_request.rejected',
  summary: 'An administrator did not let in a user who had asked to join',
  data: JoinRequest,
});

const ProvisionedAccount = z.object({ organization_id: Id, user_id: Id });

export const accountVouched = event({
  type: 'organization.account.vouched',
  version: 1,
  audit: 'account.vouched',
  summary:
    'An organization vouches for the account of a member whom its identity provider brought: it is verified, and enabled',
  data: ProvisionedAccount,
});

export const accountDeprovisioned = event({
  type: 'organization.account.deprovisioned',
  version: 1,
  audit: 'account.deprovisioned',
  summary: 'A member was deprovisioned whose account the organization manages: it is disabled',
  data: ProvisionedAccount,
});

export const ssoRequirementChanged = event({
  type: 'organization.organization.sso_requirement_changed',
  version: 1,
  audit: 'organization.sso_requirement_changed',
  summary: 'An organization lets people in by its identity provider only, or in other ways again',
  data: z.object({
    organization_id: Id,
    /** Rises with each change of it; the highest one holds. */
    revision: z.number().int(),
    required: z.boolean(),
    /** Administrators who are let in without; none where it is not required. */
    break_glass_user_ids: z.array(Id),
    /** Members for whom it does not hold. */
    exempt_user_ids: z.array(Id),
    /** Where one signs in; null where it is not required. */
    login_url: z.string().nullable(),
    changes: Changes,
  }),
  webhook: true,
});
