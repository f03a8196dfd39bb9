import { getResourceType } from './get-resource-type.ts';
import { getSchema } from './get-schema.ts';
import { getServiceProviderConfig } from './get-service-provider-config.ts';
import { listResourceTypes } from './list-resource-types.ts';
import { listSchemas } from './list-schemas.ts';
import { searchAll } from './search-all.ts';

export const tag = 'SCIM';
export const endpoints = [
  getServiceProviderConfig,
  listSchemas,
  getSchema,
  listResourceTypes,
  getResourceType,
  searchAll,
];
