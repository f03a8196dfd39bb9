import { ssoLoginOfSession as spec } from '@rivergate/contracts';
import { endpoint } from '../endpoint.ts';
import { ssoLoginOf } from './sso-login-store.ts';

export const ssoLoginOfSession = endpoint(spec, async ({ caller: { userId, sessionId }, db }) => ({
  login: (await ssoLoginOf(db, userId, sessionId)) ?? null,
}));
