import { EmailAddress, redirect } from '@rivergate/endpoint';
import { oneTimeToken } from '@rivergate/secrets';
import { z } from 'zod';
import { beginAttempt, insertAttempt, stepOf } from '../attempts/attempt-store.ts';
import { refusalIn } from '../attempts/refusal.ts';
import { endpoint } from '../endpoint.ts';
import { keysOf } from '../provider-keys/key-store.ts';
import { Named, ProviderNotFound } from '../providers/provider.ts';
import { enterProvider } from '../providers/provider-store.ts';
import { CodeChallenge, PageState, toPage } from './page.ts';
import { requestLogin } from './request-login.ts';

export const startLogin = endpoint(
  {
    operation: 'startSsoLogin',
    method: 'get',
    path: '/sso/providers/:provider_id/login',
    summary: 'Start a login: redirect to the identity provider',
    description:
      'For the browser itself. It comes back, within ten minutes, to the page /sso of this platform, with the state and a code ' +
      'that POST /auth/sso/login takes with the verifier, or with an error.',
    caller: 'public',
    writes: true,
    params: Named,
    query: z.object({
      code_challenge: CodeChallenge,
      state: PageState,
      login_hint: EmailAddress.optional().meta({ description: 'Whom the provider should ask to sign in' }),
    }),
    // The sign-in page of the provider.
    redirects: { status: 303, to: 'any' },
    errors: [ProviderNotFound],
  },
  {
    async prepare({ params, query, briefly, secretBox, ...tools }) {
      const { provider, keys } = await briefly(async db => {
        const entered = await enterProvider(db, params.provider_id);
        return { provider: entered, keys: await keysOf(db, secretBox, entered) };
      });
      if (provider.status !== 'active') throw ProviderNotFound();
      const state = oneTimeToken();
      const secrets = { codeVerifier: oneTimeToken(), nonce: oneTimeToken() };
      const asked = { ...secrets, state, pageState: query.state, loginHint: query.login_hint };
      const url = await requestLogin({ ...tools, keys }, provider, asked).catch(refusalIn);
      return { state, secrets, url };
    },
    async handle({ params, query, prepared: { state, secrets, url }, request, db, publicUrl, secretBox }) {
      const { id, organization_id } = await enterProvider(db, params.provider_id);
      const place = { organization_id, provider_id: id };
      const steps = [stepOf('begun')];
      if (typeof url !== 'string') {
        const { reason, detail } = url;
        steps.push(stepOf('refused', detail));
        const result = { reason, steps, received: null, userId: null, email: null };
        await insertAttempt(db, place, { ...result, outcome: 'failed', begunBy: 'platform', ip: request.ip });
        return toPage(publicUrl, { state: query.state, error: reason });
      }
      steps.push(stepOf('sent_to_provider', new URL(url).origin));
      const flow = { ...secrets, codeChallenge: query.code_challenge, pageState: query.state };
      await beginAttempt(db, secretBox, place, { state, flow, steps, ip: request.ip });
      return redirect(url);
    },
  },
);
