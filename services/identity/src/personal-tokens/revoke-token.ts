import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { revokeTokens } from './revoke-tokens.ts';
import { TokenNotFound } from './token.ts';

export const revokeToken = endpoint(
  {
    operation: 'revokeToken',
    method: 'delete',
    path: '/auth/tokens/:token_id',
    summary: 'Revoke a token',
    description: 'Takes effect at once and cannot be undone.',
    caller: 'user',
    params: z.object({ token_id: Id }),
    message: 'Token revoked',
    messageInData: true,
    errors: [TokenNotFound],
  },
  async ({ params, caller, db, emit }) => {
    const own = { user_id: caller.userId, id: params.token_id };
    if ((await revokeTokens({ db, emit }, own, 'revoked')) === 0) throw TokenNotFound();
  },
);
