import { CLIENT_ALGORITHMS } from '@rivergate/caller/dpop';
import { UpstreamUnavailable } from '@rivergate/endpoint';
import { decodeJwt, type JWTPayload, jwtVerify } from 'jose';
import type { IdentityTools } from '../../endpoint.ts';
import { type Client, clientById } from '../client-store.ts';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Characters: enough for the longest signature, and no more work than that. */
export const LONGEST_ASSERTION = 4_096;
const LONGEST_ID = 256;

/** Seconds by which the clock of a client may differ. */
const TOLERANCE = 30;
/** Seconds for which an assertion may be good: for as long it is remembered that it was used. */
const LONGEST_LIFE = 600;

/** Of an assertion, where it has one (RFC 7519, section 5.1): no token of another kind is taken for one. */
const TYPES = [undefined, 'JWT', 'client-authentication+jwt'];

type Tools = Pick<IdentityTools, 'knex' | 'settings' | 'clientKeys' | 'useAssertion'>;

/**
 * The client that an assertion proves, which is used up by that (RFC 7523, section 3). It is made for this platform alone: `aud`
 * is its name as a text, at every endpoint. The address of an endpoint is no audience, since a client that talks to several
 * platforms learns those from metadata, which one of them can write as it likes.
 *
 * @returns undefined for whatever is wrong with it
 * @throws UpstreamUnavailable while nobody can know whether it was used
 */
export async function assertedClient(tools: Tools, assertion: string): Promise<Client | undefined> {
  const { knex, settings, useAssertion } = tools;
  const named = subjectOf(assertion);
  const client = named === undefined ? undefined : await clientById(knex, named);
  if (client?.token_endpoint_auth_method !== 'private_key_jwt') return undefined;
  const claims = await verified(assertion, client, tools);
  if (!claims || claims.aud !== settings.publicUrl) return undefined;
  const { jti, exp } = claims;
  const left = Math.ceil(exp! - Date.now() / 1_000);
  if (typeof jti !== 'string' || jti.length === 0 || jti.length > LONGEST_ID) return undefined;
  if (left > LONGEST_LIFE + TOLERANCE) return undefined;
  const isFirst = await useAssertion(`${client.client_id} ${jti}`, left + 2 * TOLERANCE).catch(() => {
    throw UpstreamUnavailable('Whether the assertion was used before cannot be known; try again shortly');
  });
  return isFirst ? client : undefined;
}

/** Who an assertion says that it is of: only where to look for the keys that it has to be signed with. */
export function subjectOf(assertion: string): string | undefined {
  try {
    return decodeJwt(assertion).sub;
  } catch {
    return undefined;
  }
}

async function verified(
  assertion: string,
  client: Client,
  { clientKeys }: Pick<Tools, 'clientKeys'>,
): Promise<JWTPayload | undefined> {
  const { client_id } = client;
  const result = await jwtVerify(assertion, clientKeys.of(client), {
    algorithms: [...CLIENT_ALGORITHMS],
    issuer: client_id,
    subject: client_id,
    requiredClaims: ['aud', 'exp', 'jti'],
    clockTolerance: TOLERANCE,
  }).catch(() => undefined);
  return result && TYPES.includes(result.protectedHeader.typ) ? result.payload : undefined;
}
