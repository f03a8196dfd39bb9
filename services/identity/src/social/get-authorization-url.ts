import { reply, UpstreamUnavailable } from '@rivergate/endpoint';
import { oneTimeToken } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { InvalidProvider } from './errors.ts';
import { configured } from './identify.ts';
import { ProviderName } from './provider-name.ts';
import { keepState } from './state-store.ts';

export const getAuthorizationUrl = endpoint(
  {
    operation: 'getSocialLoginUrl',
    method: 'get',
    path: '/auth/oauth/:provider/url',
    summary: 'Authorize URL of a social provider',
    description:
      'Send the browser there within ten minutes. Keep the state in that browser, and take no code that comes back ' +
      'with another one.',
    caller: 'public',
    writes: true,
    params: z.object({ provider: ProviderName }),
    query: z.object({
      state: z
        .string()
        .regex(/^[\w.~-]{8,512}$/, 'must be 8 to 512 characters of A-Z a-z 0-9 . _ ~ -')
        .optional()
        .meta({ description: 'Random, and known to the browser alone; without it one is made' }),
    }),
    answer: z.object({
      oauth_url: z.url().meta({ examples: ['https://github.com/login/oauth/authorize?client_id=rivergate'] }),
      provider: ProviderName,
      state: z.string().meta({ examples: ['af0ifjsldkj-3kX9'] }),
    }),
    errors: [InvalidProvider, UpstreamUnavailable],
  },
  {
    async prepare({ params, query, providers, knex, secretBox, log }) {
      const provider = configured({ providers }, params.provider);
      const state = query.state ?? oneTimeToken();
      const secrets = { codeVerifier: oneTimeToken(), nonce: oneTimeToken() };
      const url = await provider.authorizationUrl(state, secrets).catch(cause => {
        log.warn({ err: cause, provider: provider.name }, 'A social provider does not answer');
        throw UpstreamUnavailable(`${provider.title} does not answer; try again shortly`);
      });
      await keepState({ knex, secretBox }, provider.name, state, secrets);
      return { provider, state, url };
    },
    async handle({ prepared: { provider, state, url } }) {
      return reply(
        { oauth_url: url, provider: provider.name, state },
        { message: `Continue at ${provider.title}` },
      );
    },
  },
);
