import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { toPage } from '../logins/page.ts';
import { Named, ProviderNotFound } from '../providers/provider.ts';
import { enterProvider } from '../providers/provider-store.ts';
import { takeForm } from './kept-form.ts';
import { postingPage } from './posting-page.ts';

export const postLogout = endpoint(
  {
    operation: 'postSamlLogout',
    method: 'get',
    path: '/sso/providers/:provider_id/slo/:token',
    summary: 'Post a logout request to a SAML provider that takes them by HTTP-POST',
    description: 'For the browser itself, once: where logOutOfSso sends it for such a provider.',
    caller: 'token',
    writes: true,
    params: Named.extend({ token: z.string().regex(/^[\w-]{43}$/) }),
    content: { 'text/html': 'text' },
    redirects: { status: 303, to: 'own' },
    errors: [ProviderNotFound],
  },
  {
    prepare: ({ params, redis, secretBox }) => takeForm(redis, secretBox, params.provider_id, params.token),
    async handle({ params, prepared, db, publicUrl }) {
      await enterProvider(db, params.provider_id);
      return prepared ? postingPage(prepared) : toPage(publicUrl, { signed_out: 'unconfirmed' });
    },
  },
);
