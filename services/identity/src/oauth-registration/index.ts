import type { Schedule } from '@rivergate/service';
import { oauthRegistration } from '../../migrations/0031_oauth_registration.ts';
import type { IdentityTools } from '../endpoint.ts';
import { forgetUnusedClients } from './client-store.ts';
import { createRegistrationToken } from './create-registration-token.ts';
import { deleteClient } from './delete-client.ts';
import { listRegistrationTokens } from './list-registration-tokens.ts';
import { readClient } from './read-client.ts';
import { registerClient } from './register-client.ts';
import { forgetEndedTokens } from './registration-token-store.ts';
import { revokeRegistrationToken } from './revoke-registration-token.ts';
import { tokensOfFormerAdministrators } from './tokens-of-former-administrators.ts';
import { updateClient } from './update-client.ts';

export const tag = 'OAuth registration';
export const endpoints = [
  registerClient,
  readClient,
  updateClient,
  deleteClient,
  createRegistrationToken,
  listRegistrationTokens,
  revokeRegistrationToken,
];
export const migrations = [oauthRegistration];
export const consumers = () => [tokensOfFormerAdministrators()];
export const schedules: Schedule<IdentityTools>[] = [
  {
    name: 'forget unused OAuth clients and ended registration tokens',
    every: 3_600,
    async run({ knex }) {
      await forgetUnusedClients(knex);
      await forgetEndedTokens(knex);
    },
  },
];
