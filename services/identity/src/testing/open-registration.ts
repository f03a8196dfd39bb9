import { organizationSettingsChanged } from '@rivergate/events';
import { eventually, publishEvent } from '@rivergate/testing';
import type { IdentityUnderTest } from './identity-under-test.ts';

let revision = 0;

/** Lets clients into an organization that registered themselves, or not any more; resolves when that holds. */
export async function setOpenRegistration(
  identity: IdentityUnderTest,
  organizationId: number,
  open: boolean,
): Promise<void> {
  const settings = {
    password_policy: { min_length: 8, require_special_character: false },
    sessions: { lifetime_minutes: 1440, remembered_lifetime_days: 30 },
    tokens: { access_token_minutes: 60, refresh_token_days: 30, access_token_expire_minutes: 129_600 },
    oauth: { open_registration: open },
  };
  const data = { organization_id: organizationId, revision: ++revision, fields: [], settings };
  await publishEvent(identity, 'organization', organizationSettingsChanged, {
    subject: organizationId,
    data,
  });
  const policies = identity.resources.knex('organization_policies');
  await eventually(
    async () => policies.clone().where({ organization_id: organizationId, revision: data.revision }).first(),
    'the setting',
  );
}
