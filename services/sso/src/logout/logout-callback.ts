import { z } from 'zod';
import { finishAttempt, stepOf } from '../attempts/attempt-store.ts';
import { takeLogout } from '../attempts/logout-store.ts';
import { endpoint } from '../endpoint.ts';
import { toPage } from '../logins/page.ts';
import { Named, ProviderNotFound } from '../providers/provider.ts';
import { enterProvider } from '../providers/provider-store.ts';

export const logoutCallback = endpoint(
  {
    operation: 'finishOidcLogout',
    method: 'get',
    path: '/sso/providers/:provider_id/logout/callback',
    summary: 'OIDC post-logout redirect URI',
    description:
      'Where an OpenID provider sends the browser that it has signed out (OpenID Connect RP-Initiated Logout 1.0), which is sent ' +
      'on to the page /sso of this platform. Parameters that the provider adds are ignored.',
    caller: 'public',
    writes: true,
    params: Named,
    query: z.looseObject({ state: z.string().max(2_048).optional() }),
    redirects: { status: 303, to: 'own' },
    errors: [ProviderNotFound],
  },
  async ({ params, query: { state }, db, publicUrl }) => {
    const { id, provider_type } = await enterProvider(db, params.provider_id);
    if (provider_type !== 'oidc') throw ProviderNotFound();
    const begun = state === undefined ? undefined : await takeLogout(db, id, state);
    // Whoever leads a browser here says nothing by it: the session is over since the logout was begun.
    if (!begun) return toPage(publicUrl, { signed_out: 'unconfirmed' });
    const steps = [...begun.steps, stepOf('came_back'), stepOf('signed_out')];
    const result = { reason: null, steps, received: null, userId: begun.user_id, email: null };
    await finishAttempt(db, begun.id, result);
    return toPage(publicUrl, { signed_out: 'everywhere' });
  },
);
