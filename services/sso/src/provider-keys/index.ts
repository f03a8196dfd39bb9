import { providerKeys } from '../../migrations/0011_provider_keys.ts';

export const endpoints = [];
export const migrations = [providerKeys];
