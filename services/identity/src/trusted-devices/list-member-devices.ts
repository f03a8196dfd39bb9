import { Id, organizationList, type Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { devicesIn, shownToAdministrators } from './device-store.ts';
import { TrustedDevice } from './trusted-device.ts';

const MemberDevice = TrustedDevice.pick({
  id: true,
  device_name: true,
  created_at: true,
  last_used_at: true,
  trusted_until: true,
})
  .extend({ user: z.object({ id: Id, email: z.string(), display_name: z.string() }) })
  .meta({ id: 'MemberDevice' });

const devices = organizationList('devices', MemberDevice, {
  user_id: Id.optional().meta({ description: 'Devices of this member only' }),
});

type Row = Record<'created_at' | 'last_used_at' | 'trusted_until', z.input<typeof Timestamp>> & {
  id: number;
  device_name: string;
  user_id: number;
  email: string;
  display_name: string;
};

export const listMemberDevices = endpoint(
  {
    operation: 'listMemberDevices',
    method: 'get',
    path: '/organizations/:org_id/devices',
    summary:
      'Devices that members trust, from which they log in without a second factor; the last used first',
    caller: 'admin',
    params: z.object({ org_id: Id }),
    query: devices.query,
    answer: devices.answer,
  },
  ({ params, query, db }) => {
    const found = devicesIn(db, params.org_id);
    if (query.user_id !== undefined) found.where({ 'trusted_devices.user_id': query.user_id });
    return devices.page(found, query, {
      read: some =>
        some
          .join('users', 'users.id', 'trusted_devices.user_id')
          .join('email_addresses', on =>
            on.on('email_addresses.user_id', 'users.id').andOnVal('is_primary', true),
          )
          .select(shownToAdministrators(db))
          .select('email', 'display_name')
          .orderBy([
            { column: 'trusted_devices.last_used_at', order: 'desc' },
            { column: 'trusted_devices.id', order: 'desc' },
          ]),
      show: ({ user_id: id, email, display_name, ...device }: Row) => ({
        ...device,
        user: { id, email, display_name },
      }),
    });
  },
);
