import { isFirstUse } from '@rivergate/caller';
import { error, form } from '@rivergate/endpoint';
import { ssoLoginEnded } from '@rivergate/events';
import { z } from 'zod';
import { SignInRefusal } from '../attempts/refusal.ts';
import { endpoint } from '../endpoint.ts';
import { LONGEST_AGE } from '../oidc/logout-token.ts';
import { Named, ProviderNotFound } from '../providers/provider.ts';
import { enterProvider } from '../providers/provider-store.ts';
import { endLogins } from './connection-store.ts';

export const InvalidLogoutToken = error(
  'INVALID_LOGOUT_TOKEN',
  400,
  'This is no logout token of the provider, or it was used before',
);

export const backchannelLogout = endpoint(
  {
    operation: 'endSsoLogins',
    method: 'post',
    path: '/sso/providers/:provider_id/logout',
    summary: 'Back-channel logout URI of an OpenID provider',
    description:
      'The provider says here that it has signed somebody out (OpenID Connect Back-Channel Logout 1.0): the sessions end that ' +
      'it opened, that of its sid alone where the token names one.',
    caller: 'public',
    params: Named,
    accepts: [form({ oauth: true })],
    body: z.object({
      logout_token: z
        .string()
        .max(16_384)
        .meta({ examples: ['eyJhbGciOiJSUzI1NiJ9.e30.c2ln'] }),
    }),
    errors: [InvalidLogoutToken, ProviderNotFound],
    // A token counts once.
    idempotency: false,
  },
  {
    async prepare({ params, body, briefly, redis, relyingParty }) {
      const provider = await briefly(db => enterProvider(db, params.provider_id));
      if (provider.provider_type !== 'oidc') throw ProviderNotFound();
      try {
        const token = await relyingParty.readLogoutToken(provider, body.logout_token);
        const name = JSON.stringify([provider.id, token.id]);
        if (!(await isFirstUse(redis, 'logout-token', name, 2 * LONGEST_AGE))) throw InvalidLogoutToken();
        return token;
      } catch (cause) {
        if (cause instanceof SignInRefusal) throw InvalidLogoutToken();
        throw cause;
      }
    },
    async handle({ params, prepared: { subject, sessionIndex }, db, emit }) {
      const { id, organization_id } = await enterProvider(db, params.provider_id);
      for (const { login_id, user_id } of await endLogins(db, id, { subject, sessionIndex }))
        await emit(ssoLoginEnded, {
          aggregateId: login_id,
          organizationId: organization_id,
          userId: user_id,
          data: { organization_id, user_id, login_id },
        });
    },
  },
);
