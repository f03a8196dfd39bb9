import type { Emit } from '@rivergate/endpoint';
import { oauthTokenIssued } from '@rivergate/events';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { z } from 'zod';
import type { IdentityTools } from '../endpoint.ts';
import { type Authenticated, idToken } from '../openid/id-token.ts';
import { identityClaims } from '../openid/identity-claims.ts';
import { type Client, heldIfUnchanged, isPublic } from './client-store.ts';
import type { Grant } from './grant-store.ts';
import { audienceOf } from './resource.ts';
import type { GrantedScope } from './scope.ts';
import { insertTokens, lifetimesFor } from './token-store.ts';

/** RFC 6749, section 5.1; OpenID Connect Core 1.0, section 3.1.3.3. */
export const IssuedTokens = z
  .object({
    access_token: z.string().meta({ description: 'JWT, ES256 (RFC 9068)' }),
    token_type: z.enum(['bearer', 'DPoP']).meta({ description: 'DPoP where it is bound to a key' }),
    expires_in: z.int().meta({ description: 'Seconds until the access token expires', examples: [3600] }),
    refresh_token: z.string().optional().meta({ description: 'Works once; not for client_credentials' }),
    scope: z.string().meta({ description: 'As granted', examples: ['read write'] }),
    id_token: z
      .string()
      .optional()
      .meta({
        description: 'With the scope openid: JWT, of the algorithm that the application asks for',
        examples: ['eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl'],
      }),
  })
  .meta({ id: 'OAuthTokens' });

export type IssueTools = Pick<IdentityTools, 'keys' | 'settings'> & {
  db: Knex.Transaction;
  emit: Emit;
  /** Whether the client is only remembered, and what is issued has to see that it is still so. */
  isRemembered: boolean;
  /** Thumbprint of the key that the client proved to have; null where it proved none. */
  provenKey: string | null;
};

/**
 * What a client gets: an access token, and where it acts for a user, a refresh token.
 *
 * @param scopes of the access token; the refresh token has all of the grant
 * @param place where the access token acts, and for which resource
 */
export async function issueTokens(
  { db, emit, keys, settings, isRemembered, provenKey }: IssueTools,
  client: Client,
  grantType: string,
  scopes: readonly GrantedScope[],
  grant: (Authenticated & Pick<Grant, 'id' | 'scopes' | 'claims'>) | null,
  { organization_id, resource }: Pick<Grant, 'organization_id' | 'resource'>,
): Promise<z.infer<typeof IssuedTokens>> {
  const { id: application_id, client_id } = client;
  const lifetimes = await lifetimesFor(db, client, organization_id);
  const now = Math.floor(Date.now() / 1_000);
  const scope = scopes.join(' ');
  const accessToken = keys.sign({
    iss: settings.publicUrl,
    aud: audienceOf(resource),
    sub: grant ? String(grant.user_id) : client_id,
    client_id,
    org_id: organization_id,
    scope,
    iat: now,
    exp: now + lifetimes.access,
    jti: oneTimeToken(),
    ...(provenKey === null ? {} : { cnf: { jkt: provenKey } }),
  });
  const refreshToken = grant ? oneTimeToken() : undefined;
  const owner = {
    application_id: isRemembered ? heldIfUnchanged(db, client) : application_id,
    grant_id: grant?.id ?? null,
    user_id: grant?.user_id ?? null,
  };
  const at = (seconds: number) => new Date((now + seconds) * 1_000);
  await insertTokens(db, [
    {
      ...owner,
      kind: 'access',
      token_hash: tokenHash(accessToken),
      scopes,
      key_thumbprint: provenKey,
      expires_at: at(lifetimes.access),
    },
    ...(refreshToken === undefined
      ? []
      : [
          {
            ...owner,
            kind: 'refresh' as const,
            token_hash: tokenHash(refreshToken),
            scopes: grant!.scopes,
            // What a client that proves itself refreshes is bound to that (RFC 9449, section 5).
            key_thumbprint: isPublic(client) ? provenKey : null,
            expires_at: at(lifetimes.refresh),
          },
        ]),
  ]);
  await emit(oauthTokenIssued, {
    aggregateId: application_id,
    organizationId: organization_id,
    userId: owner.user_id,
    data: { application_id, client_id, grant_type: grantType, user_id: owner.user_id, scopes: [...scopes] },
  });
  const signedIn = grant !== null && scopes.includes('openid');
  const more = signedIn ? await identityClaims(db, grant.user_id, grant.claims?.id_token ?? []) : {};
  return {
    access_token: accessToken,
    token_type: provenKey === null ? ('bearer' as const) : ('DPoP' as const),
    expires_in: lifetimes.access,
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    scope,
    ...(signedIn
      ? {
          id_token: idToken(keys, {
            issuer: settings.publicUrl,
            client,
            grant,
            accessToken,
            issuedAt: now,
            expiresAt: now + lifetimes.access,
            more,
          }),
        }
      : {}),
  };
}
