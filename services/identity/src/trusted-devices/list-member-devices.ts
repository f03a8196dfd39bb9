import { Id, organizationList } from '@rivergate/endpoint';
import { z } from 'zod';
import { type MemberColumns, MemberOfRow, showMember, withMember } from '../accounts/member-of-row.ts';
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
  .extend({ user: MemberOfRow })
  .meta({ id: 'MemberDevice' });

const devices = organizationList('devices', MemberDevice, {
  user_id: Id.optional().meta({ description: 'Devices of this member only' }),
});

type Row = Omit<z.output<typeof MemberDevice>, 'user'> & MemberColumns;

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
        withMember(some, 'trusted_devices')
          .select(shownToAdministrators(db))
          .orderBy([
            { column: 'trusted_devices.last_used_at', order: 'desc' },
            { column: 'trusted_devices.id', order: 'desc' },
          ]),
      show: (row: Row) => showMember(row),
    });
  },
);
