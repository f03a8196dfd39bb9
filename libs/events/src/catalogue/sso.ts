import { z } from 'zod';
import { event } from '../declaration.ts';

const Id = z.number().int();

export const ssoLoginEnded = event({
  type: 'sso.login.ended',
  version: 1,
  audit: 'sso.login.ended',
  summary: 'An identity provider has signed somebody out (single logout): the session of that sign-in ends',
  data: z.object({
    organization_id: Id,
    user_id: Id,
    /** As it was given to identity when the sign-in was completed. */
    login_id: z.string(),
  }),
});

export const ssoProviderDeactivated = event({
  type: 'sso.provider.deactivated',
  version: 1,
  audit: 'sso.provider.deactivated',
  summary:
    'Nobody signs in by an identity provider any more; where it says so, the sessions end that it opened',
  data: z.object({ organization_id: Id, provider_id: Id, end_sessions: z.boolean() }),
});
