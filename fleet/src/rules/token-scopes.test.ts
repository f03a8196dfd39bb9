import { isOpen, requiredScope } from '@rivergate/endpoint';
import { endpointsByTag } from '@rivergate/service';
import { describe, expect, it } from 'vitest';
import { definitions } from '../services.ts';

const reached = definitions
  .flatMap(definition => Object.values(endpointsByTag(definition)).flat())
  .map(({ spec }) => spec)
  .filter(
    ({ caller, bearer }) =>
      bearer === 'optional' || !(isOpen(caller) || caller === 'internal' || caller === 'scim'),
  );

describe('a token in place of a session', () => {
  it.each(reached.filter(({ anyScope }) => !anyScope).map(spec => [spec.operation, spec] as const))(
    'needs a scope for %s',
    (_, spec) => {
      const needed =
        spec.caller === 'admin' ? 'admin' : spec.method === 'get' || spec.safe ? 'read' : 'write';
      expect(requiredScope(spec)).toBe(needed);
    },
  );

  it('needs none only where its handler asks for one of identity', () => {
    const anyScope = reached.filter(spec => spec.anyScope).map(({ operation }) => operation);
    expect(anyScope).toEqual(['getUserinfo', 'getUserinfoByPost']);
  });

  it('reaches nothing that makes, changes or ends logins and second factors, makes tokens, acts for another, says where audit logs go or by which provider members sign in and whether they have to, joins, leaves or ends an organization, or takes everything of an account along or away', () => {
    const sessionsOnly = reached.filter(({ session }) => session).map(({ operation }) => operation);
    expect(sessionsOnly.toSorted()).toEqual([
      'acceptInvitation',
      'acceptOwnership',
      'activateSsoProviderKey',
      'answerOauthConsent',
      'answerOauthConsentAsJson',
      'answerOauthDevice',
      'approveImpersonation',
      'authorizeOauthClient',
      'changePassword',
      'changeSsoMigrationPlan',
      'completePasskeyRegistration',
      'configureAuditShipping',
      'connectSsoAccount',
      'createAbacPolicy',
      'createBackupCodes',
      'createMergeCode',
      'createOauthApplication',
      'createOauthRegistrationToken',
      'createOrganizationToken',
      'createSsoProvider',
      'createSsoProviderKey',
      'createToken',
      'createWebhook',
      'deactivateMfa',
      'declineOwnership',
      'deleteAbacPolicy',
      'deleteOrganization',
      'deletePasskey',
      'deleteProfilePicture',
      'deleteSsoProvider',
      'deleteSsoProviderKey',
      'deleteTotpDevice',
      'denyImpersonation',
      'endOwnImpersonation',
      'enforceSso',
      'eraseMe',
      'exportMe',
      'findOauthDevice',
      'getStepUp',
      'issueImpersonationToken',
      'issueScimToken',
      'joinOrganization',
      'keepBrowserSession',
      'leaveOrganization',
      'listDeletedOrganizations',
      'listJoinableOrganizations',
      'listOwnImpersonations',
      'listPasskeys',
      'logOutEverywhere',
      'logOutOfSso',
      'putProfilePicture',
      'redeemMergeCode',
      'regenerateOauthClientSecret',
      'removeAuditShipping',
      'requestEmailChange',
      'requestImpersonation',
      'restoreOrganization',
      'revokeSession',
      'revokeTrustedDevice',
      'rotateWebhookSecret',
      'setUpEmailOtp',
      'setUpTotp',
      'skipDevice',
      'startPasskeyRegistration',
      'stepUp',
      'switchOrganization',
      'testAuditShipping',
      'transferOwnership',
      'trustDevice',
      'updateAbacPolicy',
      'updateOauthApplication',
      'updateProfile',
      'updateSsoProvider',
      'updateToken',
      'updateTotpDevice',
      'updateWebhook',
      'verifyEmailChange',
      'verifyEmailOtp',
      'verifyTotp',
      'withdrawImpersonation',
      'withdrawOauthConsent',
      'withdrawOwnership',
    ]);
  });
});
