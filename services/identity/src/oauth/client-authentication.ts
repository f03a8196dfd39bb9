import { equal, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { z } from 'zod';
import { type Client, clientById, holdClient, isPublic } from './client-store.ts';
import { InvalidClient, InvalidRequest } from './oauth-errors.ts';

/** Parameters by which a client authenticates itself, where it does not by HTTP Basic (RFC 6749, section 2.3.1). */
export const clientParameters = {
  client_id: z
    .string()
    .max(255)
    .optional()
    .meta({ examples: ['5f0c1c0e-3f43-4a5e-9a51-6a7b1c2d3e4f'] }),
  client_secret: z
    .string()
    .max(255)
    .optional()
    .meta({ examples: ['secret_TTuHKCMP-pcWEJdXHBbYNe-RUQ9jJtYK3sFzUP4mzo0'] }),
};

export const ClientHeaders = z.object({
  authorization: z.string().max(2_000).optional().meta({ description: 'HTTP Basic' }),
});

/** What a request says of its client, and how. */
type Credentials = { clientId: string } & (
  | { method: 'none' }
  | { method: 'client_secret_basic' | 'client_secret_post'; secret: string }
);

/**
 * What a request says of its client; undefined where it says nothing.
 *
 * @throws InvalidRequest for a secret without a client, and for both ways at once; InvalidClient for a header that cannot
 *   be read
 */
export function clientCredentials(
  authorization: string | undefined,
  body: { client_id?: string | undefined; client_secret?: string | undefined },
): Credentials | undefined {
  const { client_id, client_secret } = body;
  if (authorization === undefined) {
    if (client_secret === undefined)
      return client_id === undefined ? undefined : { method: 'none', clientId: client_id };
    if (client_id === undefined) throw incomplete();
    return { method: 'client_secret_post', clientId: client_id, secret: client_secret };
  }
  if (client_secret !== undefined)
    throw InvalidRequest('The client authenticates itself in two ways at once');
  const credentials = basic(authorization);
  if (!credentials) throw unauthenticated();
  if (client_id !== undefined && client_id !== credentials.clientId)
    throw InvalidRequest('The client names itself in two ways');
  return { method: 'client_secret_basic', ...credentials };
}

function basic(authorization: string): { clientId: string; secret: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  const [, id, secret] = /^([^:]*):(.*)$/.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  try {
    return { clientId: formDecoded(id), secret: formDecoded(secret) };
  } catch {
    return undefined;
  }
}

/** @throws URIError */
const formDecoded = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));

/**
 * The client whose credentials these are, proven in the way that it registered.
 *
 * @param find holds it to the end of the transaction, unless told otherwise
 * @throws InvalidClient, one for all that may be wrong; InvalidRequest where one with a secret leaves it out
 */
export async function authenticatedClient(
  db: Knex.Transaction,
  credentials: Credentials,
  find: typeof holdClient = holdClient,
): Promise<Client> {
  const client = await find(db, credentials.clientId);
  if (credentials.method === 'none') {
    if (!client) throw unauthenticated();
    if (!isPublic(client)) throw incomplete();
    return client;
  }
  const same = equal(tokenHash(credentials.secret), client?.secret_hash ?? '');
  if (!client || !same || (client.token_endpoint_auth_method ?? credentials.method) !== credentials.method)
    throw unauthenticated();
  return client;
}

/**
 * The client of a request that has to say which one it is.
 *
 * @throws InvalidRequest, InvalidClient
 */
export async function requiredClient(
  db: Knex.Transaction,
  authorization: string | undefined,
  body: Parameters<typeof clientCredentials>[1],
  find?: typeof holdClient,
): Promise<Client> {
  const credentials = clientCredentials(authorization, body);
  if (!credentials) throw InvalidRequest('The client has to authenticate itself');
  return authenticatedClient(db, credentials, find);
}

/**
 * The same for what is only told, where saying it is not enough: what a public client says of itself, anybody can say.
 *
 * @throws InvalidRequest, InvalidClient
 */
export async function provenClient(
  db: Knex.Transaction,
  authorization: string | undefined,
  body: Parameters<typeof clientCredentials>[1],
): Promise<Client & { organization_id: number }> {
  const client = await requiredClient(db, authorization, body, clientById);
  const { organization_id } = client;
  if (isPublic(client) || organization_id === null) throw unauthenticated();
  return { ...client, organization_id };
}

function incomplete() {
  return InvalidRequest('client_id and client_secret go together');
}

function unauthenticated() {
  return InvalidClient(undefined, [], { 'WWW-Authenticate': 'Basic realm="OAuth clients"' });
}
