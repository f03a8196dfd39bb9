import { error, Forbidden, NotFound } from '@rivergate/endpoint';
import { z } from 'zod';
import type { Attribute, ResourceType, Schema } from '../protocol/attribute.ts';
import type { Document } from '../protocol/value.ts';

/** What is told does not depend on who asks, and is not searched (RFC 7644, section 4). */
export const Unfiltered = z.object({ filter: z.string().optional() });

/** @throws Forbidden */
export function requireUnfiltered({ filter }: { filter?: string | undefined }): void {
  if (filter !== undefined) throw Forbidden('What describes this service is not filtered');
}

export const SchemaNotFound = error('SCHEMA_NOT_FOUND', 404, 'There is no such schema');
export const ResourceTypeNotFound = error('RESOURCE_TYPE_NOT_FOUND', 404, 'There is no such resource type');
export const DISCOVERY_ERRORS = [Forbidden, NotFound] as const;

/** RFC 7643, section 7. */
export function schemaDocument({ id, name, description, attributes }: Schema, base: string): Document {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
    id,
    name,
    description,
    attributes: attributes.map(attributeDocument),
    meta: { resourceType: 'Schema', location: `${base}/Schemas/${id}` },
  };
}

function attributeDocument(attribute: Attribute): Document {
  const { subAttributes, canonicalValues, referenceTypes, caseExact, uniqueness, ...always } = attribute;
  const isComplex = attribute.type === 'complex';
  return {
    ...always,
    ...(isComplex ? {} : { caseExact }),
    uniqueness,
    ...(canonicalValues ? { canonicalValues } : {}),
    ...(referenceTypes ? { referenceTypes } : {}),
    ...(subAttributes ? { subAttributes: subAttributes.map(attributeDocument) } : {}),
  };
}

/** RFC 7643, section 6. */
export function resourceTypeDocument(
  { name, endpoint, description, schema, extensions }: ResourceType,
  base: string,
): Document {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id: name,
    name,
    endpoint,
    description,
    schema: schema.id,
    ...(extensions.length > 0
      ? { schemaExtensions: extensions.map(({ id }) => ({ schema: id, required: false })) }
      : {}),
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
  };
}
