import { ofMember, type Resources, type Schedule } from '@rivergate/service';
import { ssoLogins } from '../../migrations/0052_sso_logins.ts';
import type { IdentityTools } from '../endpoint.ts';
import { createSsoLogin } from './create-sso-login.ts';
import { endedSsoLogins } from './ended-sso-logins.ts';
import { ssoLogIn } from './sso-log-in.ts';
import { dropExpiredSsoLogins } from './sso-login-store.ts';

export const tag = 'Authentication';
export const endpoints = [createSsoLogin, ssoLogIn];
export const migrations = [ssoLogins];
export const consumers = (tools: Resources) => [endedSsoLogins(tools)];
export const schedules: Schedule<IdentityTools>[] = [
  { name: 'drop expired SSO logins', every: 3_600, run: ({ knex }) => dropExpiredSsoLogins(knex) },
];
export const personalData = [ofMember('sso_logins', ['organization_id', 'provider_id', 'expires_at'])];
