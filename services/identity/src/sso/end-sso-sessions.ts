import { endSsoSessions as spec } from '@rivergate/contracts';
import { endpoint } from '../endpoint.ts';
import { endSsoLogin } from './end-sso-login.ts';

export const endSsoSessions = endpoint(spec, async ({ body: { organization_id, logins }, db, emit }) => {
  for (const login of logins) await endSsoLogin({ db, emit }, { organization_id, ...login });
});
