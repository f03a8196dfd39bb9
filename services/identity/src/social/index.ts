import { ofUser, type Schedule } from '@rivergate/service';
import { socialAccounts } from '../../migrations/0021_social_accounts.ts';
import type { IdentityTools } from '../endpoint.ts';
import { callback, postedCallback } from './callback.ts';
import { getAuthorizationUrl } from './get-authorization-url.ts';
import { listProviders } from './list-providers.ts';
import { listSocialAccounts } from './list-social-accounts.ts';
import { socialLogin } from './social-login.ts';
import { socialSignup } from './social-signup.ts';
import { dropExpiredStates } from './state-store.ts';

export const tag = 'Authentication';
export const endpoints = [
  listProviders,
  getAuthorizationUrl,
  callback,
  postedCallback,
  socialLogin,
  socialSignup,
  listSocialAccounts,
];
export const migrations = [socialAccounts];
export const schedules: Schedule<IdentityTools>[] = [
  { name: 'drop expired social states', every: 600, run: ({ knex }) => dropExpiredStates(knex) },
];
export const personalData = [
  ofUser('social_accounts', ['provider', 'subject', 'email', 'display_name', 'connected_at', 'last_used_at']),
];
