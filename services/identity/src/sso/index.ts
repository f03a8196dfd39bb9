import { ofMember, type Resources, type Schedule } from '@rivergate/service';
import { ssoLogins } from '../../migrations/0052_sso_logins.ts';
import type { IdentityTools } from '../endpoint.ts';
import { createSsoLogin } from './create-sso-login.ts';
import { endSsoSessions } from './end-sso-sessions.ts';
import { endedSsoLogins } from './ended-sso-logins.ts';
import { logOutSession } from './log-out-session.ts';
import { ssoLogIn } from './sso-log-in.ts';
import { ssoLoginOfSession } from './sso-login-of-session.ts';
import { dropExpiredSsoLogins } from './sso-login-store.ts';

export const tag = 'Authentication';
export const endpoints = [createSsoLogin, ssoLogIn, ssoLoginOfSession, logOutSession, endSsoSessions];
export const migrations = [ssoLogins];
export const consumers = (tools: Resources) => [endedSsoLogins(tools)];
export const schedules: Schedule<IdentityTools>[] = [
  { name: 'drop expired SSO logins', every: 3_600, run: ({ knex }) => dropExpiredSsoLogins(knex) },
];
export const personalData = [ofMember('sso_logins', ['organization_id', 'provider_id', 'expires_at'])];
