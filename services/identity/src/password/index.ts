import { ofUser, type Schedule } from '@rivergate/service';
import { byAddress } from '../accounts/by-address.ts';
import type { IdentityTools } from '../endpoint.ts';
import { changePassword } from './change-password.ts';
import { forgotPassword } from './forgot-password.ts';
import { dropExpiredResets } from './password-reset-store.ts';
import { resetPassword } from './reset-password.ts';

export const tag = 'Authentication';
export const endpoints = [forgotPassword, resetPassword, changePassword];
export const schedules: Schedule<IdentityTools>[] = [
  {
    name: 'process password reset requests',
    every: 15,
    run: ({ resetRequests }) => resetRequests.processAll(),
  },
  { name: 'drop expired resets', every: 3_600, run: ({ knex }) => dropExpiredResets(knex) },
];
export const personalData = [ofUser('password_resets', []), byAddress('password_reset_requests', 'email')];
