import { ofUser, type Schedule } from '@rivergate/service';
import { trustedDevices } from '../../migrations/0016_trusted_devices.ts';
import { sessionsOnTrustedDevices } from '../../migrations/0059_sessions_on_trusted_devices.ts';
import type { IdentityTools } from '../endpoint.ts';
import { activateDevice } from './activate-device.ts';
import { dropOldDevices } from './device-store.ts';
import { listDevices } from './list-devices.ts';
import { listMemberDevices } from './list-member-devices.ts';
import { revokeDevice } from './revoke-device.ts';
import { revokeMemberDevice } from './revoke-member-device.ts';
import { skipDevice } from './skip-device.ts';

export const tag = 'Trusted Devices';
export const endpoints = [
  activateDevice,
  skipDevice,
  listDevices,
  revokeDevice,
  listMemberDevices,
  revokeMemberDevice,
];
export const migrations = [trustedDevices, sessionsOnTrustedDevices];
export const schedules: Schedule<IdentityTools>[] = [
  { name: 'drop old trusted devices', every: 3_600, run: ({ knex }) => dropOldDevices(knex) },
];
export const personalData = [
  ofUser('trusted_devices', [
    'id',
    'name',
    'user_agent',
    'ip_address',
    'created_at',
    'activated_at',
    'last_used_at',
  ]),
];
