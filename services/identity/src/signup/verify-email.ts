import { error } from '@rivergate/endpoint';
import { tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { accountById } from '../accounts/account-store.ts';
import { endpoint } from '../endpoint.ts';
import { byLink } from './address-verification-store.ts';
import { completeVerification } from './complete-verification.ts';
import { TemporaryToken } from './temporary-token.ts';
import { VerifiedAnswer } from './verified-answer.ts';

export const InvalidLink = error('INVALID_TOKEN', 400, 'This link is not valid; ask for a new one');
export const LinkExpired = error('TOKEN_EXPIRED', 410, 'This link has expired; ask for a new one');

const NO_TOKENS = { access_token: null, refresh_token: null, token_type: null, expires_in: null };

export const verifyEmail = endpoint(
  {
    operation: 'verifyEmail',
    method: 'post',
    path: '/auth/verify-email',
    summary: 'Verify the address by the mailed link',
    description: 'A repeated link succeeds without tokens: they are issued once.',
    caller: 'token',
    body: z.object({ token: TemporaryToken }),
    answer: VerifiedAnswer.extend({
      access_token: z.string().nullable(),
      refresh_token: z.string().nullable(),
      token_type: z.literal('bearer').nullable(),
      expires_in: z.int().nullable(),
    }),
    message: 'Your address is verified',
    messageInData: true,
    errors: [InvalidLink, LinkExpired],
    idempotency: { seconds: 60, spends: 'body.token' },
  },
  async ({ body, db, emit, call, knex, keys, settings, request }) => {
    const verification = await byLink(db, tokenHash(body.token));
    if (!verification || verification.disabled) throw InvalidLink();
    if (verification.verified) {
      const account = (await accountById(db, verification.user_id))!;
      return { ...NO_TOKENS, user_id: account.id, email: account.email, is_verified: true as const };
    }
    if (verification.link_expired) throw LinkExpired();
    return completeVerification({ db, emit, call, knex, keys, settings, request }, verification);
  },
);
