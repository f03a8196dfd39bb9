import { memberAdded, organizationSettingsChanged } from '@rivergate/events';
import { eventually, publishEvent } from '@rivergate/testing';
import type { IdentityUnderTest, Person } from './identity-under-test.ts';

/** Groups of settings, as far as a test sets them. */
type Settings = { mfa?: object; devices?: object; network?: object; tokens?: object; features?: object };

let organizations = 40_000;

/** Makes the person a member of a new organization with these settings, of which identity has heard. @returns its id */
export async function joinOrganization(
  identity: IdentityUnderTest,
  { userId }: Person,
  settings: Settings,
): Promise<number> {
  const organization_id = ++organizations;
  const member = { organization_id, user_id: userId, role_id: null, is_admin: false, source: 'invitation' };
  await publishEvent(identity, 'organization', memberAdded, { subject: userId, data: member });
  await changeSettings(identity, organization_id, settings, 1);
  const { knex } = identity.resources;
  await eventually(() => knex('memberships').where({ user_id: userId, organization_id }).first());
  return organization_id;
}

/** An organization changes its settings, and identity has heard of it. */
export async function changeSettings(
  identity: IdentityUnderTest,
  organization_id: number,
  settings: Settings,
  revision: number,
): Promise<void> {
  const data = {
    organization_id,
    revision,
    fields: [],
    settings: {
      password_policy: { min_length: 8, require_special_character: false },
      sessions: { lifetime_minutes: 1440, remembered_lifetime_days: 30 },
      tokens: { access_token_minutes: 60, refresh_token_days: 30 },
      ...settings,
    },
  };
  await publishEvent(identity, 'organization', organizationSettingsChanged, {
    subject: organization_id,
    data,
  });
  const { knex } = identity.resources;
  await eventually(() => knex('organization_policies').where({ organization_id, revision }).first());
}
