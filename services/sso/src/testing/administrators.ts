import { memberAdded, userRegistered } from '@rivergate/events';
import { eventually, publishEvent } from '@rivergate/testing';
import type { SsoUnderTest, Tenant } from './sso-under-test.ts';

let known = 50_000;

/** Makes somebody known as an administrator of the organization. @returns their address */
export async function administratorOf(service: SsoUnderTest, tenant: Tenant): Promise<string> {
  const user_id = ++known;
  const email = `administrator${user_id}@${tenant.domain}`;
  await publishEvent(service, 'identity', userRegistered, {
    subject: user_id,
    data: { user_id, email, display_name: 'Ada' },
  });
  await publishEvent(service, 'organization', memberAdded, {
    subject: user_id,
    data: {
      organization_id: tenant.id,
      user_id,
      role_id: null,
      is_admin: true,
      source: 'invitation',
      display_name: null,
      is_personal: false,
    },
  });
  await eventually(
    async () =>
      (
        await service.sql(
          `select from sso.scim_users as u join sso.people as p on p.user_id = u.user_id
           where u.user_id = ? and u.is_admin and u.status = 'active'`,
          [user_id],
        )
      ).length > 0,
    'the administrator',
  );
  return email;
}
