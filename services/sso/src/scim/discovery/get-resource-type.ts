import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { baseOf, Resource, SCIM } from '../answer.ts';
import { RESOURCE_TYPES } from '../protocol/schemas.ts';
import { PathId } from '../request.ts';
import {
  DISCOVERY_ERRORS,
  ResourceTypeNotFound,
  requireUnfiltered,
  resourceTypeDocument,
  Unfiltered,
} from './discovery.ts';

export const getResourceType = endpoint(
  {
    ...SCIM,
    operation: 'getScimResourceType',
    method: 'get',
    path: '/scim/v2/ResourceTypes/:resource_type',
    summary: 'A kind of resource by its name or the URI of its schema',
    params: z.object({ resource_type: PathId }),
    query: Unfiltered,
    answer: Resource,
    errors: [ResourceTypeNotFound, ...DISCOVERY_ERRORS],
  },
  async ({ params, query, publicUrl }) => {
    requireUnfiltered(query);
    const named = params.resource_type.toLowerCase();
    const type = RESOURCE_TYPES.find(({ name, schema }) =>
      [name, schema.id].some(known => known.toLowerCase() === named),
    );
    if (!type) throw ResourceTypeNotFound();
    return resourceTypeDocument(type, baseOf(publicUrl)) as { schemas: string[] };
  },
);
