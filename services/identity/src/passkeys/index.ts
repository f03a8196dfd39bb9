import { ofUser, type Schedule } from '@rivergate/service';
import { passkeys } from '../../migrations/0017_passkeys.ts';
import { byAddress } from '../accounts/by-address.ts';
import type { IdentityTools } from '../endpoint.ts';
import { completeLogin } from './complete-login.ts';
import { completeRegistration } from './complete-registration.ts';
import { deletePasskey } from './delete-passkey.ts';
import { listPasskeys } from './list-passkeys.ts';
import { dropExpiredLogins } from './login-store.ts';
import { dropExpiredRegistrations } from './registration-store.ts';
import { relatedOrigins } from './related-origins.ts';
import { startLogin } from './start-login.ts';
import { startRegistration } from './start-registration.ts';

export const tag = 'Passkeys';
export const endpoints = [
  startRegistration,
  completeRegistration,
  startLogin,
  completeLogin,
  listPasskeys,
  deletePasskey,
  relatedOrigins,
];
export const migrations = [passkeys];
export const schedules: Schedule<IdentityTools>[] = [
  { name: 'drop expired passkey logins', every: 600, run: ({ knex }) => dropExpiredLogins(knex) },
  {
    name: 'drop expired passkey registrations',
    every: 3_600,
    run: ({ knex }) => dropExpiredRegistrations(knex),
  },
];
export const personalData = [
  ofUser('passkeys', ['id', 'device_name', 'transports', 'usage_count', 'created_at', 'last_used_at']),
  ofUser('passkey_registrations', []),
  byAddress('passkey_logins', 'email'),
];
