import { providerKeys } from '../../migrations/0011_provider_keys.ts';
import { activateKey } from './activate-key.ts';
import { createKey } from './create-key.ts';
import { deleteKey } from './delete-key.ts';
import { listKeys } from './list-keys.ts';

export const tag = 'SSO';
export const endpoints = [listKeys, createKey, activateKey, deleteKey];
export const migrations = [providerKeys];
