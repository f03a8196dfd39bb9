import { Id } from '@rivergate/endpoint';
import { changesOf, tokenChanged } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Scopes, Token, TokenName, TokenNotFound } from './token.ts';
import { changeToken } from './token-store.ts';

export const updateToken = endpoint(
  {
    operation: 'updateToken',
    method: 'patch',
    path: '/auth/tokens/:token_id',
    summary: 'Rename a token or change its scopes',
    description: 'New scopes replace the whole list and count from the next request on.',
    caller: 'user',
    session: true,
    params: z.object({ token_id: Id }),
    body: z.object({ name: TokenName.optional(), scopes: Scopes.optional() }),
    answer: Token,
    errors: [TokenNotFound],
  },
  async ({ params, body, caller, db, emit }) => {
    const scopes = body.scopes && [...new Set(body.scopes)];
    const own = { userId: caller.userId, id: params.token_id };
    const found = await changeToken(db, own, { name: body.name, scopes });
    if (!found) throw TokenNotFound();
    const {
      before,
      after: { token_hash, ...token },
    } = found;
    const fields = (['name', 'scopes'] as const).filter(field => body[field] !== undefined);
    if (fields.length === 0) return token;
    const { id, name, organization_id } = token;
    await emit(tokenChanged, {
      aggregateId: id,
      organizationId: organization_id,
      data: {
        token_id: id,
        user_id: caller.userId,
        organization_id,
        token_hash,
        fields,
        name,
        scopes: token.scopes,
        changes: changesOf({ name: before.name, scopes: before.scopes }, { name, scopes: token.scopes }),
      },
    });
    return token;
  },
);
