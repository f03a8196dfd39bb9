import { SCOPES } from '@rivergate/caller';
import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { consentsOf } from './consent-store.ts';
import { IDENTITY_SCOPES } from './scope.ts';

export const listConsents = endpoint(
  {
    operation: 'listOauthConsents',
    method: 'get',
    path: '/api/v1/oauth/consents',
    summary: 'Applications that the caller has let act, and what they were let do',
    caller: 'user',
    answer: z.object({
      consents: z.array(
        z.object({
          application_id: Id,
          client_id: z.uuid().meta({ examples: ['5f0c1c0e-3f43-4a5e-9a51-6a7b1c2d3e4f'] }),
          app_name: z.string().meta({ examples: ['Warehouse dashboard'] }),
          scopes: z.array(z.enum([...IDENTITY_SCOPES, ...SCOPES])),
        }),
      ),
    }),
  },
  async ({ caller, db }) => ({ consents: await consentsOf(db, caller.userId) }),
);
