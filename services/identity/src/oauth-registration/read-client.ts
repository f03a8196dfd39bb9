import { clientToken, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { lockClient, type RegisteredClient } from './client-store.ts';
import { ClientInformation, informationOf, TokenHeaders } from './registered-client.ts';
import { InvalidToken, unauthorized } from './registration-errors.ts';

/** What the three ways to look after a registration have alike (RFC 7592, section 2). */
export const ofRegisteredClient = {
  path: '/oauth/register/:client_id',
  caller: 'client',
  protocol: 'oauth',
  headers: TokenHeaders,
  params: z.object({
    client_id: z
      .string()
      .max(255)
      .meta({ examples: ['5f0c1c0e-3f43-4a5e-9a51-6a7b1c2d3e4f'] }),
  }),
  bare: true,
} as const;

/**
 * The client of the path, whose token is in the request.
 *
 * @throws InvalidToken, one for all that may be wrong, for an unknown client too
 */
export async function ownClient(
  db: Knex.Transaction,
  { params, headers }: { params: { client_id: string }; headers: { authorization?: string | undefined } },
): Promise<{ client: RegisteredClient; token: string }> {
  const sent = clientToken(headers.authorization);
  if (sent?.kind !== 'registeredClient') throw unauthorized();
  const { token } = sent;
  const client = await lockClient(db, params.client_id, tokenHash(token));
  if (!client) throw unauthorized();
  return { client, token };
}

export const readClient = endpoint(
  {
    ...ofRegisteredClient,
    operation: 'getRegisteredOauthClient',
    method: 'get',
    summary: 'What is registered of an OAuth client that registered itself',
    writes: true,
    answer: ClientInformation,
    errors: [InvalidToken],
  },
  async ({ db, settings: { publicUrl }, ...request }) => {
    const { client, token } = await ownClient(db, request);
    return informationOf(client, { publicUrl, token });
  },
);
