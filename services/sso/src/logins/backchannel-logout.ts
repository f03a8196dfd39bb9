import { isFirstUse } from '@rivergate/caller';
import { error, form } from '@rivergate/endpoint';
import { z } from 'zod';
import { stepOf } from '../attempts/attempt-store.ts';
import { isNoted } from '../attempts/noted-refusals.ts';
import { received } from '../attempts/received.ts';
import { SignInRefusal } from '../attempts/refusal.ts';
import { endpoint } from '../endpoint.ts';
import { LONGEST_AGE } from '../oidc/logout-token.ts';
import { Named, ProviderNotFound } from '../providers/provider.ts';
import { enterProvider } from '../providers/provider-store.ts';
import { endLogins, noteRefusedLogout } from './end-logins.ts';

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
    async prepare({ params, body, briefly, limit, redis, relyingParty }) {
      const provider = await briefly(db => enterProvider(db, params.provider_id));
      if (provider.provider_type !== 'oidc') throw ProviderNotFound();
      try {
        const token = await relyingParty.readLogoutToken(provider, body.logout_token);
        const name = JSON.stringify([provider.id, token.id]);
        if (!(await isFirstUse(redis, 'logout-token', name, 2 * LONGEST_AGE)))
          throw new SignInRefusal('INVALID_LOGOUT_TOKEN', 'used before');
        return { token };
      } catch (cause) {
        if (!(cause instanceof SignInRefusal)) throw cause;
        // A provider that cannot be asked for its keys is told from a token that they did not sign.
        const { reason, detail } = cause;
        const refusal =
          reason === 'INVALID_ID_TOKEN' ? new SignInRefusal('INVALID_LOGOUT_TOKEN', detail) : cause;
        return { refusal, isNoted: await isNoted(limit, provider.id) };
      }
    },
    async handle({ params, prepared, ...tools }) {
      const provider = await enterProvider(tools.db, params.provider_id);
      if (prepared.token) {
        const { subject, sessionIndex } = prepared.token;
        const which = { subject, sessionIndexes: sessionIndex === undefined ? [] : [sessionIndex] };
        const said = { steps: [stepOf('token_checked')], received: received({ sub: subject ?? null }) };
        return await endLogins(tools, provider, which, said);
      }
      if (prepared.isNoted) await noteRefusedLogout(tools, provider, prepared.refusal);
      return InvalidLogoutToken();
    },
  },
);
