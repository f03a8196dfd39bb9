import { providerTables } from '../../migrations/0004_providers.ts';
import { samlRequirements } from '../../migrations/0012_saml_requirements.ts';
import { createProvider } from './create-provider.ts';
import { deleteProvider } from './delete-provider.ts';
import { getMetadata } from './get-metadata.ts';
import { getProvider } from './get-provider.ts';
import { listProviders } from './list-providers.ts';
import { testProvider } from './test-provider.ts';
import { updateProvider } from './update-provider.ts';

export const tag = 'SSO';
export const endpoints = [
  listProviders,
  createProvider,
  getProvider,
  updateProvider,
  deleteProvider,
  getMetadata,
  testProvider,
];
export const migrations = [providerTables, samlRequirements];
