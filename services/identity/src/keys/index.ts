import type { Schedule } from '@rivergate/service';
import { signingKeys } from '../../migrations/0004_signing_keys.ts';
import type { IdentityTools } from '../endpoint.ts';
import { jwks } from './jwks.ts';
import { rotateSigningKeys } from './rotate-signing-key.ts';

export const tag = 'Discovery';
export const endpoints = [jwks];
export const migrations = [signingKeys];
export const schedules: Schedule<IdentityTools>[] = [
  {
    name: 'rotate signing keys',
    every: 3_600,
    async run({ knex, secretBox, settings }) {
      const rotation = {
        olderThanSeconds: settings.signingKeySeconds,
        leadSeconds: settings.signingKeyLeadSeconds,
      };
      await rotateSigningKeys(knex, secretBox, rotation);
    },
  },
];
