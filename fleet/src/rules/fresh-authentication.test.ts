import { declaredErrors, StepUpRequired } from '@rivergate/endpoint';
import { endpointsByTag } from '@rivergate/service';
import { expect, it } from 'vitest';
import { definitions } from '../services.ts';

const specs = definitions
  .flatMap(definition => Object.values(endpointsByTag(definition)).flat())
  .map(({ spec }) => spec);
const fresh = specs.filter(spec => spec.fresh);

it('what makes credentials, takes second factors away, lets somebody act for another, deletes an organization, hands it over, says by which provider its members sign in and whether they have to, or where its audit log goes, or takes everything of an account along or away asks for a fresh authentication', () => {
  expect(fresh.map(({ operation }) => operation).toSorted()).toEqual([
    'acceptOwnership',
    'activateSsoProviderKey',
    'approveImpersonation',
    'changeSsoMigrationPlan',
    'configureAuditShipping',
    'connectSsoAccount',
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
    'deleteOrganization',
    'deletePasskey',
    'deleteSsoProviderKey',
    'deleteTotpDevice',
    'enforceSso',
    'eraseMe',
    'exportMe',
    'issueScimToken',
    'redeemMergeCode',
    'regenerateOauthClientSecret',
    'removeAuditShipping',
    'requestEmailChange',
    'requestImpersonation',
    'rotateWebhookSecret',
    'setUpEmailOtp',
    'setUpTotp',
    'startPasskeyRegistration',
    'transferOwnership',
    'updateSsoProvider',
  ]);
});

it('and so does the deletion of an organization', () => {
  const deletions = specs.filter(
    ({ method, path }) => method === 'delete' && path === '/organizations/:org_id',
  );
  expect(deletions.filter(spec => !spec.fresh)).toEqual([]);
});

it('such an endpoint says that it may answer STEP_UP_REQUIRED, and no other does', () => {
  const declaring = specs.filter(spec =>
    declaredErrors(spec).some(({ code }) => code === StepUpRequired.code),
  );
  expect(declaring).toEqual(fresh);
});
