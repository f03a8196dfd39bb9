import { endpoint } from '../../endpoint.ts';
import { baseOf, ListResponse, listResponse, SCIM } from '../answer.ts';
import { RESOURCE_TYPES } from '../protocol/schemas.ts';
import { DISCOVERY_ERRORS, requireUnfiltered, resourceTypeDocument, Unfiltered } from './discovery.ts';

export const listResourceTypes = endpoint(
  {
    ...SCIM,
    operation: 'listScimResourceTypes',
    method: 'get',
    path: '/scim/v2/ResourceTypes',
    summary: 'Kinds of resources',
    query: Unfiltered,
    answer: ListResponse,
    errors: DISCOVERY_ERRORS,
  },
  async ({ query, publicUrl }) => {
    requireUnfiltered(query);
    return listResponse(RESOURCE_TYPES.map(type => resourceTypeDocument(type, baseOf(publicUrl))));
  },
);
