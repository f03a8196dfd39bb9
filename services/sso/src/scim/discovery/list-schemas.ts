import { endpoint } from '../../endpoint.ts';
import { baseOf, ListResponse, listResponse, SCIM } from '../answer.ts';
import { SCHEMAS } from '../protocol/schemas.ts';
import { DISCOVERY_ERRORS, requireUnfiltered, schemaDocument, Unfiltered } from './discovery.ts';

export const listSchemas = endpoint(
  {
    ...SCIM,
    operation: 'listScimSchemas',
    method: 'get',
    path: '/scim/v2/Schemas',
    summary: 'Schemas of all resources',
    query: Unfiltered,
    answer: ListResponse,
    errors: DISCOVERY_ERRORS,
  },
  async ({ query, publicUrl }) => {
    requireUnfiltered(query);
    return listResponse(SCHEMAS.map(schema => schemaDocument(schema, baseOf(publicUrl))));
  },
);
