import { z } from 'zod';
import { takeAttempt } from '../attempts/attempt-store.ts';
import { endpoint } from '../endpoint.ts';
import { addressOf } from '../providers/address.ts';
import { Named, ProviderNotFound } from '../providers/provider.ts';
import { enterProvider, type OidcProvider } from '../providers/provider-store.ts';
import { oidcArrival } from './oidc-arrival.ts';
import { toPage } from './page.ts';
import { concludeSignIn, signIn, traceOf } from './sign-in.ts';

export const callback = endpoint(
  {
    operation: 'finishOidcLogin',
    method: 'get',
    path: '/sso/providers/:provider_id/callback',
    summary: 'OIDC redirect URI',
    description:
      'Where an OpenID provider sends the browser, which is sent on to the page /sso of this platform. Parameters that the ' +
      'provider adds are ignored.',
    caller: 'public',
    writes: true,
    params: Named,
    query: z.looseObject({
      code: z.string().max(8_192).optional(),
      state: z.string().max(2_048).optional(),
      iss: z.string().max(2_048).optional().meta({ description: 'Who issued the code (RFC 9207)' }),
      error: z.string().max(2_048).optional(),
      error_description: z.string().max(8_192).optional(),
    }),
    redirects: { status: 303, to: 'own' },
    errors: [ProviderNotFound],
  },
  {
    async prepare({ params, query: { code, state, iss, error }, briefly, call, publicUrl, ...tools }) {
      const { provider, attempt } = await briefly(async db => {
        const found = await enterProvider(db, params.provider_id);
        const taken =
          state === undefined ? undefined : await takeAttempt(db, tools.secretBox, found.id, state);
        return { provider: found, attempt: taken };
      });
      if (!attempt || state === undefined) return null;
      const { flow } = attempt;
      const trace = traceOf(attempt);
      const answer = { code, state, iss, error };
      const returned = new URL(addressOf(publicUrl, provider.id, 'callback'));
      for (const [name, value] of Object.entries(answer))
        if (value !== undefined) returned.searchParams.set(name, value);
      const outcome = await signIn({ briefly, call }, provider, flow.codeChallenge, trace, () =>
        oidcArrival(tools.relyingParty, provider as OidcProvider, returned, { ...flow, state }, trace),
      );
      return { attempt, outcome, trace };
    },
    async handle({ params, prepared, db, emit, publicUrl, secretBox }) {
      // Nothing was begun here, or it is finished or too old: whose browser this is, nobody knows.
      if (!prepared) return toPage(publicUrl, { error: 'INVALID_STATE' });
      const provider = await enterProvider(db, params.provider_id);
      const { attempt, outcome, trace } = prepared;
      const told = await concludeSignIn({ db, emit, secretBox }, provider, {
        attemptId: attempt.id,
        codeChallenge: attempt.flow.codeChallenge,
        outcome,
        trace,
      });
      return toPage(publicUrl, { state: attempt.flow.pageState, ...told });
    },
  },
);
