import { TokenBundle } from '@rivergate/contracts';
import { error, Id, IpNotAllowed, reply, SsoRequired } from '@rivergate/endpoint';
import { sessionRefreshed } from '@rivergate/events';
import { tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { requireAdmitted } from '../organizations/admission.ts';
import { findPlace } from '../sessions/find-place.ts';
import { accessToken } from '../tokens/token-bundle.ts';
import { keptSession } from './browser-session-store.ts';
import { SESSION_COOKIE } from './session-cookie.ts';

export const NobodySignedIn = error('NOBODY_SIGNED_IN', 401, 'Nobody is signed in in this browser');

export const issueBrowserToken = endpoint(
  {
    operation: 'getBrowserSessionToken',
    method: 'post',
    path: '/auth/browser-session/token',
    summary: 'An access token of the session that this browser keeps',
    description: 'The cookie stays as it is, so that pages in many tabs can ask at once.',
    caller: 'token',
    cookies: SESSION_COOKIE,
    answer: TokenBundle.omit({ refresh_token: true })
      .extend({
        user_id: Id,
        email: z.string(),
        display_name: z.string(),
      })
      .meta({ id: 'BrowserSessionToken' }),
    errors: [NobodySignedIn, IpNotAllowed, SsoRequired],
    idempotency: false,
  },
  async ({ cookies, request, db, emit, call, knex, keys, settings }) => {
    const kept = cookies.session && (await keptSession(db, tokenHash(cookies.session)));
    if (!kept) throw NobodySignedIn();
    const { email, display_name, ...session } = kept;
    await requireAdmitted(db, {
      userId: session.user_id,
      organizationId: session.organization_id,
      ip: request.ip,
      ssoOrganizationId: session.sso_organization_id,
    });
    await emit(sessionRefreshed, {
      aggregateId: session.id,
      organizationId: session.organization_id,
      userId: session.user_id,
      data: { session_id: session.id, user_id: session.user_id },
    });
    const told = { user_id: session.user_id, email, display_name };
    const answer = { ...accessToken({ keys, settings }, session), ...told };
    if (session.organization_id !== null) return answer;
    return reply(answer, {
      async finish() {
        const placed = await findPlace({ call, knex, request }, session);
        return { ...accessToken({ keys, settings }, placed), ...told };
      },
    });
  },
);
