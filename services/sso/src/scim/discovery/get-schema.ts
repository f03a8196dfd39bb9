import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { baseOf, Resource, SCIM } from '../answer.ts';
import { SCHEMAS } from '../protocol/schemas.ts';
import { PathId } from '../request.ts';
import {
  DISCOVERY_ERRORS,
  requireUnfiltered,
  SchemaNotFound,
  schemaDocument,
  Unfiltered,
} from './discovery.ts';

export const getSchema = endpoint(
  {
    ...SCIM,
    operation: 'getScimSchema',
    method: 'get',
    path: '/scim/v2/Schemas/:schema',
    summary: 'A schema by its URI or name',
    params: z.object({ schema: PathId }),
    query: Unfiltered,
    answer: Resource,
    errors: [SchemaNotFound, ...DISCOVERY_ERRORS],
  },
  async ({ params, query, publicUrl }) => {
    requireUnfiltered(query);
    const named = params.schema.toLowerCase();
    const schema = SCHEMAS.find(({ id, name }) => [id, name].some(known => known.toLowerCase() === named));
    if (!schema) throw SchemaNotFound();
    return schemaDocument(schema, baseOf(publicUrl)) as { schemas: string[] };
  },
);
