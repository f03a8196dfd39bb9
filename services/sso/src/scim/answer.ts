import { type ErrorDeclaration, Reply, SCIM_TYPE } from '@rivergate/endpoint';
import { z } from 'zod';
import type { ResourceType } from './protocol/attribute.ts';
import { InvalidCount, InvalidCursor, InvalidFilter, InvalidValue } from './protocol/errors.ts';
import type { Document } from './protocol/value.ts';
import { MOST_RESULTS } from './store/listing.ts';

/** Of every declaration of SCIM. */
export const SCIM = { caller: 'scim', protocol: 'scim', bare: SCIM_TYPE } as const;

/** What a client answers with `If-Match` is the version that it has read. */
export const IfMatch = z.object({ 'if-match': z.string().max(1_000).optional() });

/** A resource; which attributes it has, `/Schemas` tells. */
export const Resource = z
  .looseObject({ schemas: z.array(z.string()), id: z.string().optional() })
  .meta({ id: 'ScimResource', description: 'Its attributes are those of its schemas' });

/** RFC 7644, section 3.4.2. */
export const ListResponse = z
  .object({
    schemas: z.array(z.string()),
    totalResults: z.int(),
    itemsPerPage: z.int(),
    startIndex: z.int().optional(),
    nextCursor: z.string().optional(),
    Resources: z.array(Resource),
  })
  .meta({ id: 'ScimListResponse' });

const LIST_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';

export const LIST_ERRORS: readonly ErrorDeclaration[] = [
  InvalidFilter,
  InvalidValue,
  InvalidCursor,
  InvalidCount,
];

export function listResponse(
  resources: readonly Document[],
  page: { total: number; startIndex: number | undefined; nextCursor: string | undefined } = {
    total: resources.length,
    startIndex: 1,
    nextCursor: undefined,
  },
) {
  const { total, startIndex, nextCursor } = page;
  return {
    schemas: [LIST_RESPONSE],
    totalResults: total,
    itemsPerPage: Math.min(resources.length, MOST_RESULTS),
    ...(startIndex === undefined ? {} : { startIndex }),
    ...(nextCursor === undefined ? {} : { nextCursor }),
    Resources: resources as z.output<typeof Resource>[],
  };
}

export const versionTag = (version: number | string): string => `W/"${version}"`;

export const locationOf = (base: string, { endpoint }: Pick<ResourceType, 'endpoint'>, id: number): string =>
  `${base}${endpoint}/${id}`;

/** The address of SCIM at this platform. */
export const baseOf = (publicUrl: string): string => `${publicUrl}/scim/v2`;

/** A resource as it is answered, with its version and where it stands (RFC 7644, section 3.14). */
export function resourceReply(
  document: Document,
  { status = 200, version, location }: { status?: number; version: string; location: string },
) {
  const headers = { ETag: version, Location: location };
  return new Reply(document as z.output<typeof Resource>, { status, headers });
}
