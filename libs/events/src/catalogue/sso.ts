import { z } from 'zod';
import { Changes } from '../changes.ts';
import { event } from '../declaration.ts';
import { organizationErased, userErased } from './erasure.ts';

const Id = z.number().int();

export const ssoLoginEnded = event({
  type: 'sso.login.ended',
  version: 1,
  audit: 'sso.login.ended',
  summary: 'An identity provider has signed somebody out (single logout): the session of that sign-in ends',
  data: z.object({
    organization_id: Id,
    user_id: Id,
    /** As it was given to identity when the sign-in was completed. */
    login_id: z.string(),
  }),
});

export const ssoProviderDeactivated = event({
  type: 'sso.provider.deactivated',
  version: 1,
  audit: 'sso.provider.deactivated',
  summary:
    'Nobody signs in by an identity provider any more; where it says so, the sessions end that it opened',
  data: z.object({ organization_id: Id, provider_id: Id, end_sessions: z.boolean() }),
});

const Provider = z.object({
  provider_id: Id,
  organization_id: Id,
  provider_type: z.enum(['saml', 'oidc']),
  name: z.string(),
});

export const ssoProviderCreated = event({
  type: 'sso.provider.created',
  version: 1,
  audit: 'sso.provider.created',
  summary: 'An administrator set up an identity provider, by which members can sign in from now on',
  data: Provider.extend({ domains: z.array(z.string()) }),
  webhook: true,
});

export const ssoProviderUpdated = event({
  type: 'sso.provider.updated',
  version: 1,
  audit: 'sso.provider.updated',
  summary: 'What an administrator has set of an identity provider changed',
  data: Provider.extend({
    status: z.string(),
    /** Those that changed, also where `changes` does not say how, since they hold a secret. */
    fields: z.array(z.string()),
    changes: Changes,
  }),
  webhook: true,
});

export const ssoProviderDeleted = event({
  type: 'sso.provider.deleted',
  version: 1,
  audit: 'sso.provider.deleted',
  summary: 'An identity provider was taken away, and who its people were here forgotten',
  data: Provider,
  webhook: true,
});

export const ssoProviderTested = event({
  type: 'sso.provider.tested',
  version: 1,
  audit: 'sso.provider.tested',
  summary: 'An administrator had an identity provider checked',
  data: Provider.extend({ connection: z.string(), authentication_flow: z.string() }),
});

export const ssoConnected = event({
  type: 'sso.provider.connected',
  version: 1,
  audit: 'sso.connected',
  summary:
    'Somebody at an identity provider is a user from now on: by a first sign-in, or by proof of an account',
  data: z.object({ organization_id: Id, provider_id: Id, user_id: Id, by: z.enum(['sign_in', 'proof']) }),
  webhook: true,
});

const ScimToken = z.object({ token_id: Id, organization_id: Id });

export const scimTokenIssued = event({
  type: 'sso.token.issued',
  version: 1,
  audit: 'scim_token.issued',
  summary: 'An administrator had a token issued, by which an identity provider provisions the organization',
  data: ScimToken.extend({ expires_at: z.string().nullable(), networks: z.array(z.string()) }),
  webhook: true,
});

export const scimTokenChanged = event({
  type: 'sso.token.changed',
  version: 1,
  audit: 'scim_token.changed',
  summary: 'A token of SCIM ends earlier than it would have, or its organization was deleted or restored',
  data: ScimToken.extend({
    /** SHA-256 in hex: by it the gateway knows the token. */
    token_hash: z.string(),
    reason: z.enum(['replaced', 'organization_deleted', 'organization_restored']),
  }),
  webhook: { without: ['token_hash'] },
});

export const scimTokenRevoked = event({
  type: 'sso.token.revoked',
  version: 1,
  audit: 'scim_token.revoked',
  summary: 'A token of SCIM was revoked',
  data: ScimToken.extend({ token_hash: z.string(), reason: z.string() }),
  webhook: { without: ['token_hash'] },
});

export const scimConfigured = event({
  type: 'sso.scim.configured',
  version: 1,
  audit: 'scim.configured',
  summary: 'Provisioning by SCIM was turned on or off, or its mapping, default role or brake was changed',
  data: z.object({ organization_id: Id, enabled: z.boolean(), fields: z.array(z.string()) }),
  webhook: true,
});

export const scimStopped = event({
  type: 'sso.scim.stopped',
  version: 1,
  audit: 'scim.stopped',
  summary: 'A SCIM client would have deprovisioned more members in an hour than it may, and was stopped',
  data: z.object({ organization_id: Id, deprovisioned: z.number().int(), members: z.number().int() }),
  webhook: true,
});

export const scimReleased = event({
  type: 'sso.scim.released',
  version: 1,
  audit: 'scim.released',
  summary: 'An administrator let deprovisioning by SCIM go on',
  data: z.object({ organization_id: Id, until: z.string() }),
  webhook: true,
});

const ScimUser = z.object({ organization_id: Id, user_id: Id });

export const scimUserProvisioned = event({
  type: 'sso.user.provisioned',
  version: 1,
  audit: 'scim.user.provisioned',
  summary: 'A SCIM client provisioned a member',
  data: ScimUser.extend({ made: z.enum(['account', 'membership', 'nothing']) }),
  webhook: true,
});

export const scimUserUpdated = event({
  type: 'sso.user.updated',
  version: 1,
  audit: 'scim.user.updated',
  summary: 'A SCIM client changed what the organization keeps of a member',
  data: ScimUser.extend({ fields: z.array(z.string()) }),
  webhook: true,
});

export const scimUserDeprovisioned = event({
  type: 'sso.user.deprovisioned',
  version: 1,
  audit: 'scim.user.deprovisioned',
  summary: 'A SCIM client removed a member',
  data: ScimUser,
  webhook: true,
});

const ScimGroup = z.object({ organization_id: Id, group_id: Id, name: z.string() });

export const scimGroupCreated = event({
  type: 'sso.group.created',
  version: 1,
  audit: 'scim.group.created',
  summary: 'A SCIM client created a group',
  data: ScimGroup.extend({ members: z.number().int() }),
  webhook: true,
});

export const scimGroupUpdated = event({
  type: 'sso.group.updated',
  version: 1,
  audit: 'scim.group.updated',
  summary: 'A SCIM client changed a group or its members',
  data: ScimGroup.extend({ changes: Changes, members_changed: z.number().int() }),
  webhook: true,
});

export const scimGroupDeleted = event({
  type: 'sso.group.deleted',
  version: 1,
  audit: 'scim.group.deleted',
  summary: 'A SCIM client deleted a group',
  data: ScimGroup,
  webhook: true,
});

export const ssoOrganizationErased = organizationErased('sso');

export const ssoUserErased = userErased('sso');

export const ssoMigrationPlanChanged = event({
  type: 'sso.migration_plan.changed',
  version: 1,
  audit: 'sso.migration_plan.changed',
  summary: 'An administrator set by when members are to be ready for MFA and SSO, and who is exempt',
  data: z.object({
    organization_id: Id,
    announce_at: z.string().nullable(),
    mfa_deadline: z.string().nullable(),
    sso_deadline: z.string().nullable(),
    reminder_days: z.array(z.number().int()),
    exempt_user_ids: z.array(Id),
    changes: Changes,
  }),
  webhook: true,
});

export const ssoNoticesSent = event({
  type: 'sso.migration_plan.notices_sent',
  version: 1,
  audit: 'sso.notices_sent',
  summary:
    'Members were told to move to MFA or SSO, or that enforcement is coming; or a report of them was made',
  data: z.object({
    organization_id: Id,
    /** What was asked for: the type of notification, or the action. */
    kind: z.string(),
    /** Members who were told, or who are in the report. */
    members: z.number().int(),
  }),
});

const AbacPolicy = z.object({ organization_id: Id, policy_id: Id, name: z.string() });

export const abacPolicyCreated = event({
  type: 'sso.abac_policy.created',
  version: 1,
  audit: 'abac_policy.created',
  summary: 'An administrator made an attribute-based access policy',
  data: AbacPolicy.extend({
    priority: z.number().int(),
    effect: z.enum(['allow', 'deny']),
    mode: z.enum(['enforce', 'report']),
    condition: z.record(z.string(), z.unknown()),
  }),
  webhook: true,
});

export const abacPolicyUpdated = event({
  type: 'sso.abac_policy.updated',
  version: 1,
  audit: 'abac_policy.updated',
  summary: 'An administrator changed an attribute-based access policy',
  data: AbacPolicy.extend({ changes: Changes }),
  webhook: true,
});

export const abacPolicyDeleted = event({
  type: 'sso.abac_policy.deleted',
  version: 1,
  audit: 'abac_policy.deleted',
  summary: 'An administrator deleted an attribute-based access policy',
  data: AbacPolicy,
  webhook: true,
});

const ProviderKey = Provider.extend({
  key_id: Id,
  /** SHA-256 of the certificate, in hex. */
  fingerprint: z.string(),
  expires_at: z.string(),
});

export const ssoProviderKeyCreated = event({
  type: 'sso.provider.key_created',
  version: 1,
  audit: 'sso.provider.key_created',
  summary: 'An administrator had the next key of the platform made for a SAML provider',
  data: ProviderKey,
  webhook: true,
});

export const ssoProviderKeyActivated = event({
  type: 'sso.provider.key_activated',
  version: 1,
  audit: 'sso.provider.key_activated',
  summary: 'The platform signs by another key for a SAML provider, as an administrator said',
  data: ProviderKey,
  webhook: true,
});

export const ssoProviderKeyDeleted = event({
  type: 'sso.provider.key_deleted',
  version: 1,
  audit: 'sso.provider.key_deleted',
  summary:
    'An administrator deleted a key of the platform for a SAML provider, by which nothing is decrypted any more',
  data: ProviderKey,
  webhook: true,
});

export const ssoMetadataTaken = event({
  type: 'sso.provider.metadata_taken',
  version: 1,
  audit: 'sso.provider.metadata_taken',
  summary:
    'The metadata of a SAML provider has changed, and its certificates, by their fingerprints, or its sign-in URL were taken',
  data: Provider.extend({ changes: Changes }),
  webhook: true,
});

export const ssoMetadataWithheld = event({
  type: 'sso.provider.metadata_withheld',
  version: 1,
  audit: 'sso.provider.metadata_withheld',
  summary: 'The metadata of a SAML provider has changed in a way that an administrator has to decide about',
  data: Provider.extend({
    reasons: z.array(z.string()),
    /** What would change: the sign-in URL, and certificates by their fingerprints. */
    changes: Changes,
  }),
  webhook: true,
});

export const ssoMetadataFailed = event({
  type: 'sso.provider.metadata_failed',
  version: 1,
  audit: 'sso.provider.metadata_failed',
  summary: 'The metadata of a SAML provider could not be read for a day',
  data: Provider.extend({ reason: z.string(), since: z.string() }),
  webhook: true,
});

export const ssoCertificateExpiring = event({
  type: 'sso.provider.certificate_expiring',
  version: 1,
  audit: 'sso.provider.certificate_expiring',
  summary: 'The last certificate of a SAML provider expires within 30, 7 or 1 days, or has expired',
  data: Provider.extend({
    fingerprint: z.string(),
    expires_at: z.string(),
    /** 0: it has expired. */
    days_left: z.number().int(),
  }),
  webhook: true,
});
