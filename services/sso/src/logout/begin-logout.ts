import { logOutSession, ssoLoginOfSession } from '@rivergate/contracts';
import { withinOrganization } from '@rivergate/endpoint';
import { oneTimeToken } from '@rivergate/secrets';
import { z } from 'zod';
import { type Step, stepOf } from '../attempts/attempt-store.ts';
import { beginLogout, insertLogout } from '../attempts/logout-store.ts';
import { refusalIn, SignInRefusal } from '../attempts/refusal.ts';
import { endpoint } from '../endpoint.ts';
import { forgetLogin, readLogin } from '../logins/login-store.ts';
import { type ProviderRow, providersOf } from '../providers/provider-store.ts';
import { requestLogout } from './request-logout.ts';

export const logOutOfSso = endpoint(
  {
    operation: 'logOutOfSso',
    method: 'post',
    path: '/sso/logout',
    summary: 'End this session, and learn where to sign out of the identity provider that opened it',
    description:
      'The session is over with the answer, as after POST /auth/logout. A browser that goes to redirect_url is signed out at the ' +
      'provider, too, and comes back to the page /sso of this platform.',
    caller: 'user',
    session: true,
    beforeEnrolment: true,
    anyNetwork: true,
    boundSessions: true,
    answer: z.object({
      redirect_url: z
        .string()
        .nullable()
        .meta({
          description:
            'Good once, for ten minutes; null where no provider opened the session, or none that can sign anybody out',
          examples: ['https://login.example.com/logout?client_id=rivergate&state=Zk3v'],
        }),
    }),
    message: 'You are signed out here',
    // It is asked in the session that it ends.
    idempotency: false,
  },
  {
    async prepare({ briefly, call, ...tools }) {
      // Before the session ends: with it goes what is known of the sign-in.
      const { login: opener } = await call(ssoLoginOfSession, {});
      const known =
        opener &&
        (await briefly(async db => {
          await withinOrganization(db, opener.organization_id);
          const read = await readLogin(db, tools.secretBox, opener.login_id);
          const providers = providersOf(db, opener.organization_id);
          const provider: ProviderRow | undefined = await providers.where({ id: opener.provider_id }).first();
          return read && provider ? { ...read, provider } : null;
        }));
      const state = oneTimeToken();
      const asked = known && (await requestLogout({ ...tools, briefly }, known, state).catch(refusalIn));
      // Of many who ask at once, one has ended it, and goes on to the provider.
      const { ended } = await call(logOutSession, {});
      return known && ended ? { ...known, asked, state } : null;
    },
    async handle({ prepared, request, db }) {
      if (!prepared) return { redirect_url: null };
      const { asked, login, state } = prepared;
      const { organization_id, provider_id, user_id: userId, login_id } = login;
      await withinOrganization(db, organization_id);
      await forgetLogin(db, login_id);
      const place = { organization_id, provider_id };
      const steps: Step[] = [stepOf('session_ended')];
      const { ip } = request;
      if (typeof asked === 'string') {
        steps.push(stepOf('sent_to_provider', new URL(asked).origin));
        await beginLogout(db, place, { state, userId, steps, ip });
        return { redirect_url: asked };
      }
      const { reason, detail } = asked ?? new SignInRefusal('LOGOUT_UNAVAILABLE');
      steps.push(stepOf('refused', detail));
      const nothing = { received: null, email: null };
      await insertLogout(db, place, { ...nothing, begunBy: 'platform', ip, reason, steps, userId });
      return { redirect_url: null };
    },
  },
);
