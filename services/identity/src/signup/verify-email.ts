import { error, reply } from '@rivergate/endpoint';
import { equal, hashPassword, tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { acceptTerms, CURRENT_TERMS, lockAddress, setPassword } from '../accounts/account-store.ts';
import { NewPassword, requireOrganizationPolicies } from '../accounts/password-policy.ts';
import { endpoint } from '../endpoint.ts';
import { addressOfOpenLink, byLink } from './address-verification-store.ts';
import { claimAddress } from './claim-address.ts';
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
    description:
      'The link proves the mailbox, the temporary token that it was registered by its reader: both together activate the ' +
      'registration. Without the token the answer is password_required, and nothing has changed: with new_password the ' +
      'registration is discarded, with all that belongs to it, and the mailbox gets an account with that password, whose ' +
      'owner accepts the terms by it; one that an administrator made for a member stays, with that password. A repeated link succeeds without tokens: they are issued once.',
    caller: 'token',
    body: z.object({
      token: TemporaryToken.meta({ description: 'From the link' }),
      temporary_token: TemporaryToken.optional().meta({
        description: 'From the signup, resend or login that had this link mailed',
      }),
      new_password: NewPassword.optional(),
    }),
    answer: VerifiedAnswer.extend({
      access_token: z.string().nullable(),
      refresh_token: z.string().nullable(),
      token_type: z.literal('bearer').nullable(),
      expires_in: z.int().nullable(),
      is_verified: z.boolean(),
      password_required: z
        .literal(true)
        .optional()
        .meta({ description: 'Where the link alone is not enough: repeat with new_password' }),
    }),
    message: 'Your address is verified',
    messageInData: true,
    errors: [InvalidLink, LinkExpired],
    idempotency: { seconds: 60, spends: 'body.token' },
  },
  {
    async prepare({ body, knex, limit }) {
      if (body.new_password === undefined) return undefined;
      // Nobody makes the service hash passwords without a good link.
      const email = await addressOfOpenLink(knex, tokenHash(body.token));
      if (email === undefined) return undefined;
      await limit('password_change', `address ${email}`);
      return { email, passwordHash: await hashPassword(body.new_password) };
    },
    async handle(context) {
      const { body, prepared, db } = context;
      const linkHash = tokenHash(body.token);
      // In the order of a signup, which locks the address before it removes the registration.
      if (prepared) await lockAddress(db, prepared.email);
      const verification = await byLink(db, linkHash);
      if (!verification || verification.disabled) throw InvalidLink();
      const { user_id, email, verified: is_verified } = verification;
      if (is_verified) return { ...NO_TOKENS, user_id, email, is_verified };
      if (verification.link_expired) throw LinkExpired();

      if (prepared && verification.made_for_member) {
        await requireOrganizationPolicies(db, user_id, body.new_password!);
        await setPassword(db, user_id, prepared.passwordHash);
        await acceptTerms(db, user_id, CURRENT_TERMS, context.request.ip);
        return completeVerification(context, { user_id, remember_me: false });
      }
      if (prepared) {
        const userId = await claimAddress(context, verification, { linkHash, ...prepared });
        return completeVerification(context, { user_id: userId, remember_me: false });
      }
      const ownToken = verification.temporary_token_hash;
      if (ownToken && body.temporary_token && equal(tokenHash(body.temporary_token), ownToken))
        return completeVerification(context, verification);
      return reply(
        { ...NO_TOKENS, user_id, email, is_verified, password_required: true as const },
        { message: 'Set a password of your own: this is not where the address was registered' },
      );
    },
  },
);
