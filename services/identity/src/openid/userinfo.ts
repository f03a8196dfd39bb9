import type { Principal } from '@rivergate/caller';
import { Forbidden, OAUTH_HEADERS, reply, Unauthorized } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { identityOfToken } from '../oauth/token-store.ts';
import { claimsOf, identityClaims } from './identity-claims.ts';

const Userinfo = z
  .object({
    sub: z.string().meta({ examples: ['123'] }),
    name: z
      .string()
      .optional()
      .meta({ examples: ['Ada Lovelace'] }),
    picture: z
      .string()
      .optional()
      .meta({ examples: ['https://rivergate.example.com/api/v1/auth/pictures/4f'] }),
    updated_at: z.int().optional().meta({ description: 'Seconds since 1970' }),
    email: z
      .string()
      .optional()
      .meta({ examples: ['ada@example.com'] }),
    email_verified: z.boolean().optional(),
  })
  .meta({ id: 'Userinfo' });

const shared = {
  path: '/oauth/userinfo',
  summary: 'Who the user of an access token is, as far as its scopes tell',
  description:
    'OpenID Connect Core 1.0, section 5.3. Takes the access token of an OAuth client, with the scope openid.',
  caller: 'user',
  anyScope: true,
  protocol: 'oauth',
  answer: Userinfo,
  bare: true,
} as const;

export const userinfo = endpoint({ ...shared, operation: 'getUserinfo', method: 'get' }, tell);
export const userinfoByPost = endpoint(
  {
    ...shared,
    operation: 'getUserinfoByPost',
    method: 'post',
    body: z.object({}),
    safe: true,
    idempotency: false,
  },
  tell,
);

async function tell({ caller, db }: { caller: Principal & { userId: number }; db: Knex.Transaction }) {
  if (caller.token?.kind !== 'oauth') throw insufficient();
  const known = await identityOfToken(db, caller.token.hash);
  if (!known) throw Unauthorized(undefined, [], { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
  const { scopes, claims } = known;
  if (!scopes.includes('openid')) throw insufficient();
  const names = [...claimsOf(scopes), ...(claims?.userinfo ?? [])];
  const told = await identityClaims(db, caller.userId, names);
  return reply({ ...told, sub: String(caller.userId) }, { headers: OAUTH_HEADERS });
}

function insufficient() {
  return Forbidden('This takes an access token with the scope openid', [], {
    'WWW-Authenticate': 'Bearer error="insufficient_scope", scope="openid"',
  });
}
