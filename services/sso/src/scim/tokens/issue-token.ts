import { canonicalNetwork } from '@rivergate/caller';
import { Id, Timestamp } from '@rivergate/endpoint';
import { scimTokenChanged, scimTokenIssued } from '@rivergate/events';
import { prefixedToken, tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { requireOrganizationAccount } from '../../organizations/organization-account.ts';
import { insertToken, shortenTokens } from './token-store.ts';

const Network = z
  .string()
  .trim()
  .max(60)
  .transform((text, context) => {
    const network = canonicalNetwork(text);
    if (network !== null) return network;
    context.addIssue({
      code: 'custom',
      message: 'must be an address or a network, as 192.0.2.0/24, without bits beyond its prefix',
      params: { code: 'invalid_format' },
    });
    return z.NEVER;
  })
  .meta({ examples: ['192.0.2.0/24'] });

export const issueToken = endpoint(
  {
    operation: 'issueScimToken',
    method: 'post',
    path: '/sso/scim/token',
    summary: 'Issue the SCIM bearer token, or replace it',
    description:
      'The token is shown once. Tokens that there were go on for `overlap_hours`, in which the client is given the new one.',
    caller: 'admin',
    activeOrganization: true,
    session: true,
    fresh: true,
    body: z.object({
      overlap_hours: z.int().min(0).max(168).default(24).meta({ description: '0 ends the others at once' }),
      expires_in_days: z.int().min(1).max(1_825).nullable().default(null).meta({
        description: 'Null: it is good until it is revoked',
      }),
      allowed_networks: z.array(Network).max(100).default([]).meta({
        description: 'From where alone it is taken; from everywhere where there are none',
      }),
    }),
    status: 201,
    answer: z.object({
      token: z.string().meta({ examples: ['scim_vZ…'] }),
      token_id: Id,
      expires_at: Timestamp.nullable(),
      allowed_networks: z.array(z.string()).meta({ examples: [['192.0.2.0/24']] }),
    }),
    message: 'SCIM token issued; it is not shown again',
    idempotency: { seconds: 60, randomKey: true },
  },
  async ({ body, caller, db, emit }) => {
    requireOrganizationAccount(caller);
    const { organizationId } = caller;
    const token = prefixedToken('scim');
    const days = body.expires_in_days;
    const row = await insertToken(db, {
      organization_id: organizationId,
      token_hash: tokenHash(token),
      networks: [...new Set(body.allowed_networks)],
      created_by: caller.userId,
      expires_at: days === null ? null : db.raw("now() + ? * interval '1 day'", [days]),
    });
    const issued = {
      token_id: row.id,
      organization_id: organizationId,
      expires_at: row.expires_at?.toISOString() ?? null,
      networks: row.networks,
    };
    await emit(scimTokenIssued, { aggregateId: row.id, organizationId, data: issued });
    for (const { id, token_hash } of await shortenTokens(db, organizationId, body.overlap_hours, row.id)) {
      const data = {
        token_id: id,
        organization_id: organizationId,
        token_hash,
        reason: 'replaced' as const,
      };
      await emit(scimTokenChanged, { aggregateId: id, organizationId, data });
    }
    return { token, token_id: row.id, expires_at: row.expires_at, allowed_networks: row.networks };
  },
);
