import { EmailTaken, InvalidPassword } from '@rivergate/contracts';
import { displayText, EmailAddress, Id } from '@rivergate/endpoint';
import { userRegistered } from '@rivergate/events';
import { hashPassword } from '@rivergate/secrets';
import { z } from 'zod';
import { acceptTerms, CURRENT_TERMS, nameFromAddress } from '../accounts/account-store.ts';
import { requirePolicy } from '../accounts/password-policy.ts';
import { registerAccount } from '../accounts/register-account.ts';
import { endpoint } from '../endpoint.ts';
import { startVerification } from './start-verification.ts';

export const signup = endpoint(
  {
    operation: 'signUp',
    method: 'post',
    path: '/auth/signup',
    summary: 'Register with email and password',
    description: 'Mails a code and a link, of which one verifies the address; tokens are issued then.',
    caller: 'public',
    body: z.object({
      email: EmailAddress,
      password: z.string(),
      display_name: displayText(100).optional(),
      agree_to_terms: z.literal(true, 'the terms have to be accepted').default(true),
      terms_version: displayText(50).default(CURRENT_TERMS),
      idempotency_key: z.string().min(1).max(255).optional(),
    }),
    status: 201,
    answer: z.object({
      user_id: Id,
      email: z.string(),
      display_name: z.string(),
      temporary_token: z.string(),
      email_verification_required: z.literal(true),
    }),
    message: 'Check your mail for the code that finishes the registration',
    messageInData: true,
    errors: [EmailTaken, InvalidPassword],
    rateLimit: 'signup',
  },
  {
    check: ({ body }) => requirePolicy(body.password),
    async prepare({ body }) {
      return { passwordHash: await hashPassword(body.password) };
    },
    async handle(context) {
      const { body, prepared, request, db, emit } = context;
      const { email } = body;
      const displayName = body.display_name ?? nameFromAddress(email);
      const userId = await registerAccount(
        { db, emit },
        { email, displayName, passwordHash: prepared.passwordHash, holdsAddress: false },
      );
      await acceptTerms(db, userId, body.terms_version, request.ip);
      await emit(userRegistered, {
        aggregateId: userId,
        organizationId: null,
        userId,
        data: { user_id: userId, email, display_name: displayName },
      });
      const account = { id: userId, email, display_name: displayName };
      return {
        user_id: userId,
        email,
        display_name: displayName,
        temporary_token: await startVerification(context, account),
        email_verification_required: true as const,
      };
    },
  },
);
