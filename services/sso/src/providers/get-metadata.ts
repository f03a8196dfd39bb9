import { content } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { keysOf } from '../provider-keys/key-store.ts';
import { serviceProviderMetadata } from '../saml/index.ts';
import { openidAddresses } from './address.ts';
import { Named, ProviderNotFound } from './provider.ts';
import { enterProvider } from './provider-store.ts';
import { serviceProviderOf } from './saml-parties.ts';

const SAML_METADATA = 'application/samlmetadata+xml';

export const getMetadata = endpoint(
  {
    operation: 'getSsoMetadata',
    method: 'get',
    path: '/sso/providers/:provider_id/metadata',
    summary: 'Service-provider metadata (SAML XML) or redirect URIs (OIDC) to give to the IdP',
    caller: 'public',
    writes: true,
    params: Named,
    content: { [SAML_METADATA]: 'text' },
    answer: z.object({
      redirect_uris: z
        .array(z.string())
        .meta({ examples: [['https://rivergate.example.com/api/v1/sso/providers/1/callback']] }),
      initiate_login_uri: z.string().meta({
        description: 'Where a login can be begun (OpenID Connect Core, section 4)',
        examples: ['https://rivergate.example.com/sso?provider=1'],
      }),
      post_logout_redirect_uris: z.array(z.string()).meta({
        description: 'Where the browser comes back when somebody has signed out there',
        examples: [['https://rivergate.example.com/api/v1/sso/providers/1/logout/callback']],
      }),
      backchannel_logout_uri: z.string().meta({
        description: 'Where the provider says that it has signed somebody out, with the sid of the session',
        examples: ['https://rivergate.example.com/api/v1/sso/providers/1/logout'],
      }),
      backchannel_logout_session_required: z.boolean().meta({ examples: [true] }),
      response_types: z.array(z.string()).meta({ examples: [['code']] }),
      code_challenge_methods: z.array(z.string()).meta({ examples: [['S256']] }),
    }),
    errors: [ProviderNotFound],
  },
  async ({ params, db, publicUrl, secretBox }) => {
    const provider = await enterProvider(db, params.provider_id);
    const { id } = provider;
    if (provider.provider_type === 'saml') {
      const keys = await keysOf(db, secretBox, provider);
      const ours = serviceProviderOf(publicUrl, id, keys);
      const options = {
        signsRequests: provider.sign_requests,
        encryption: ['offered', 'required'].includes(provider.encrypt_assertions),
      };
      return content(SAML_METADATA, serviceProviderMetadata(ours, options));
    }
    const { redirect_uri, post_logout_redirect_uri, ...addresses } = openidAddresses(publicUrl, id);
    return {
      ...addresses,
      redirect_uris: [redirect_uri],
      post_logout_redirect_uris: [post_logout_redirect_uri],
      backchannel_logout_session_required: true,
      response_types: ['code'],
      code_challenge_methods: ['S256'],
    };
  },
);
