import { equal, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { z } from 'zod';
import {
  ASSERTION_TYPE,
  assertedClient,
  LONGEST_ASSERTION,
  subjectOf,
} from './client-assertion/asserted-client.ts';
import { placeOf } from './client-assertion/client-keys.ts';
import { type Client, clientById, holdClient, isPublic } from './client-store.ts';
import { InvalidClient, InvalidRequest } from './oauth-errors.ts';

/** Parameters by which a client authenticates itself, where it does not by HTTP Basic (RFC 6749, section 2.3.1; RFC 7521, section 4.2). */
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
  client_assertion: z
    .string()
    .max(LONGEST_ASSERTION)
    .optional()
    .meta({
      description:
        'JWT by a key of the client, for this platform alone and good once (RFC 7523, section 2.2)',
      examples: ['eyJhbGciOiJFUzI1NiJ9.e30.c2ln'],
    }),
  client_assertion_type: z
    .string()
    .max(255)
    .optional()
    .meta({ description: 'Beside client_assertion', examples: [ASSERTION_TYPE] }),
};

export const ClientHeaders = z.object({
  authorization: z.string().max(2_000).optional().meta({ description: 'HTTP Basic' }),
});

/** What a client proves itself with, and how. */
type Credentials = { clientId: string } & (
  | { method: 'none' }
  | { method: 'client_secret_basic' | 'client_secret_post'; secret: string }
  /** Checked, and used up; `place` is that of the keys. */
  | { method: 'private_key_jwt'; place: string }
);

type Sent = { [Name in keyof typeof clientParameters]?: string | undefined };

/**
 * What a request says of its client; undefined where it says nothing. Before the transaction, since the keys of a client may
 * have to be fetched.
 *
 * @throws InvalidRequest for a secret without a client, and for two ways at once; InvalidClient for a header that cannot be
 *   read, and for an assertion that proves nothing
 */
export async function clientCredentials(
  tools: Parameters<typeof assertedClient>[0],
  authorization: string | undefined,
  body: Sent,
): Promise<Credentials | undefined> {
  const { client_id, client_secret, client_assertion, client_assertion_type } = body;
  const ways = [authorization, client_secret, client_assertion].filter(way => way !== undefined);
  if (ways.length > 1) throw InvalidRequest('The client authenticates itself in two ways at once');
  if ((client_assertion === undefined) !== (client_assertion_type === undefined))
    throw InvalidRequest('client_assertion and client_assertion_type go together');
  if (client_assertion !== undefined) {
    if (client_assertion_type !== ASSERTION_TYPE)
      throw InvalidRequest(`There is one client_assertion_type: ${ASSERTION_TYPE}`);
    requireOneName(client_id, subjectOf(client_assertion));
    const client = await assertedClient(tools, client_assertion);
    if (!client) throw unauthenticated();
    return { method: 'private_key_jwt', clientId: client.client_id, place: placeOf(client)! };
  }
  if (authorization === undefined) {
    if (client_secret === undefined)
      return client_id === undefined ? undefined : { method: 'none', clientId: client_id };
    if (client_id === undefined) throw InvalidRequest('client_id and client_secret go together');
    return { method: 'client_secret_post', clientId: client_id, secret: client_secret };
  }
  const credentials = basic(authorization);
  if (!credentials) throw unauthenticated();
  requireOneName(client_id, credentials.clientId);
  return { method: 'client_secret_basic', ...credentials };
}

function requireOneName(clientId: string | undefined, other: string | undefined): void {
  if (clientId !== undefined && other !== undefined && clientId !== other)
    throw InvalidRequest('The client names itself in two ways');
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
 * @throws InvalidClient, one for all that may be wrong; InvalidRequest where one that has to prove itself does not
 */
export async function authenticatedClient(
  db: Knex.Transaction,
  credentials: Credentials,
  find: typeof holdClient = holdClient,
): Promise<Client> {
  const client = await find(db, credentials.clientId);
  if (credentials.method === 'none') {
    if (!client) throw unauthenticated();
    if (!isPublic(client)) throw InvalidRequest('The client has to authenticate itself');
    return client;
  }
  if (!client || !proves(credentials, client)) throw unauthenticated();
  return client;
}

function proves(credentials: Exclude<Credentials, { method: 'none' }>, client: Client): boolean {
  const { method } = credentials;
  // By keys that are its keys still.
  if (method === 'private_key_jwt') return credentials.place === placeOf(client);
  const same = equal(tokenHash(credentials.secret), client.secret_hash ?? '');
  return same && (client.token_endpoint_auth_method ?? method) === method;
}

/**
 * The client of a request that has to say which one it is.
 *
 * @throws InvalidRequest, InvalidClient
 */
export async function requiredClient(
  db: Knex.Transaction,
  credentials: Credentials | undefined,
  find?: typeof holdClient,
): Promise<Client> {
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
  credentials: Credentials | undefined,
): Promise<Client & { organization_id: number }> {
  const client = await requiredClient(db, credentials, clientById);
  const { organization_id } = client;
  if (isPublic(client) || organization_id === null) throw unauthenticated();
  return { ...client, organization_id };
}

function unauthenticated() {
  return InvalidClient(undefined, [], { 'WWW-Authenticate': 'Basic realm="OAuth clients"' });
}
