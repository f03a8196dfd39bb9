import { endpoint } from '../../endpoint.ts';
import { baseOf, Resource, SCIM } from '../answer.ts';
import { MOST_OPERATIONS } from '../protocol/patch.ts';
import { MOST_BYTES } from '../request.ts';
import { MOST_RESULTS } from '../store/listing.ts';
import { DISCOVERY_ERRORS, requireUnfiltered, Unfiltered } from './discovery.ts';

export const getServiceProviderConfig = endpoint(
  {
    ...SCIM,
    operation: 'getScimServiceProviderConfig',
    method: 'get',
    path: '/scim/v2/ServiceProviderConfig',
    summary: 'Capabilities',
    query: Unfiltered,
    answer: Resource,
    errors: DISCOVERY_ERRORS,
  },
  async ({ query, publicUrl }) => {
    requireUnfiltered(query);
    return {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
      patch: { supported: true },
      bulk: { supported: true, maxOperations: MOST_OPERATIONS, maxPayloadSize: MOST_BYTES },
      filter: { supported: true, maxResults: MOST_RESULTS },
      changePassword: { supported: true },
      sort: { supported: true },
      etag: { supported: true },
      // RFC 9865, section 3
      pagination: {
        cursor: true,
        index: true,
        defaultPaginationMethod: 'index',
        defaultPageSize: MOST_RESULTS,
        maxPageSize: MOST_RESULTS,
      },
      authenticationSchemes: [
        {
          name: 'OAuth Bearer Token',
          description: 'Authentication using OAuth Bearer Token',
          specUri: 'http://www.rfc-editor.org/info/rfc6750',
          documentationUri: 'https://tools.ietf.org/html/rfc6750',
          type: 'oauthbearertoken',
          primary: true,
        },
      ],
      meta: {
        resourceType: 'ServiceProviderConfig',
        location: `${baseOf(publicUrl)}/ServiceProviderConfig`,
      },
    };
  },
);
