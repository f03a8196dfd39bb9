import { Id, reply } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { organizationResource } from './resource.ts';

const ProtectedResource = z
  .object({
    resource: z.string().meta({ examples: ['https://rivergate.example.com/api/v1/organizations/7'] }),
    authorization_servers: z.array(z.string()).meta({ examples: [['https://rivergate.example.com']] }),
    scopes_supported: z.array(z.string()).meta({
      description: 'For a client to begin with: what is reserved to administrators is asked for knowingly',
      examples: [['read', 'write']],
    }),
    bearer_methods_supported: z.array(z.string()).meta({ examples: [['header']] }),
    resource_documentation: z.string().meta({ examples: ['https://rivergate.example.com/docs'] }),
  })
  .meta({ id: 'ProtectedResource' });

/** What clients ask for that take the whole list, as MCP clients do; `admin` is not for them. */
const BEGINNERS_SCOPES = ['read', 'write'];

function metadataOf(publicUrl: string, resource: string) {
  const document: z.infer<typeof ProtectedResource> = {
    resource,
    authorization_servers: [publicUrl],
    scopes_supported: BEGINNERS_SCOPES,
    bearer_methods_supported: ['header'],
    resource_documentation: `${publicUrl}/docs`,
  };
  return reply(document, { headers: { 'cache-control': 'public, max-age=300' } });
}

const shared = {
  method: 'get',
  caller: 'public',
  answer: ProtectedResource,
  bare: true,
} as const;

/** Protected resource metadata (RFC 9728, section 3), to which every 401 of the API leads. */
export const protectedResource = endpoint(
  {
    ...shared,
    operation: 'getProtectedResource',
    path: '/.well-known/oauth-protected-resource',
    summary: 'Where a client gets tokens for the API',
  },
  async ({ settings: { publicUrl } }) => metadataOf(publicUrl, publicUrl),
);

export const organizationProtectedResource = endpoint(
  {
    ...shared,
    operation: 'getOrganizationProtectedResource',
    path: '/.well-known/oauth-protected-resource/api/v1/organizations/:organization_id',
    summary: 'Where a client gets tokens for the API of one organization',
    description: 'Answers alike whether there is such an organization or not.',
    params: z.object({ organization_id: Id }),
  },
  async ({ params, settings: { publicUrl } }) =>
    metadataOf(publicUrl, organizationResource(publicUrl, params.organization_id)),
);
