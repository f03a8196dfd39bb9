import { WorkspaceNotFound } from '@rivergate/contracts';
import { EmailAddress, Id } from '@rivergate/endpoint';
import { loginFailed } from '@rivergate/events';
import { z } from 'zod';
import { KnownPassword } from '../accounts/password-policy.ts';
import { endpoint } from '../endpoint.ts';
import { beginSession, LoggedIn } from './begin-session.ts';
import { checkCredentials, clearTriesHere } from './check-credentials.ts';
import { leadToVerification } from './lead-to-verification.ts';
import { AccountDisabled, InvalidCredentials } from './login-errors.ts';
import { startingPlace } from './starting-place.ts';

const VerificationRequired = z
  .object({
    temporary_token: z.string(),
    email_verification_required: z.literal(true),
    message: z.string().meta({ examples: ['Verify your address first'] }),
  })
  .meta({ id: 'VerificationRequired' });

export const login = endpoint(
  {
    operation: 'logIn',
    method: 'post',
    path: '/auth/login',
    summary: 'Log in with email and password',
    caller: 'public',
    body: z.object({
      email: EmailAddress,
      password: KnownPassword,
      workspace_id: Id.optional().meta({
        description: 'Workspace to start in; its organization becomes the active one',
      }),
      remember_me: z
        .boolean()
        .default(false)
        .meta({ description: 'A session of 30 days instead of 24 hours' }),
    }),
    answer: z.union([LoggedIn, VerificationRequired]),
    errors: [InvalidCredentials, AccountDisabled, WorkspaceNotFound],
    rateLimit: 'login',
    idempotency: { seconds: 60, randomKey: true },
  },
  {
    async prepare({ body, request, knex, limit, call, log }) {
      const credentials = await checkCredentials({ knex, limit }, { ...body, ip: request.ip });
      if (credentials.state !== 'right') return { ...credentials, place: null };
      return {
        ...credentials,
        place: await startingPlace({ call, log }, credentials.account, body.workspace_id),
      };
    },
    async handle(context) {
      const { body, prepared, request, emit, afterCommit, clearLimit, secretBox } = context;
      const { account, state } = prepared;
      const refuse = (reason: string) => {
        // An unknown address is audited by a keyed hash: people type passwords into the wrong field.
        const aggregateId = account?.id ?? secretBox.codeHash(body.email, 'unknown address').slice(0, 16);
        const data = { user_id: account?.id ?? null, reason };
        return emit(loginFailed, { aggregateId, organizationId: null, userId: account?.id ?? null, data });
      };

      if (state === 'refused') {
        await refuse(prepared.reason);
        if (prepared.failure) return prepared.failure;
        return prepared.reason === 'account_disabled' ? AccountDisabled() : InvalidCredentials();
      }
      if (state === 'unverified') {
        await refuse('email_not_verified');
        return leadToVerification(context, prepared.account, body.remember_me);
      }

      const begun = await beginSession(context, {
        account: prepared.account,
        method: 'password',
        methods: ['pwd'],
        passwordHash: prepared.account.password_hash!,
        place: prepared.place,
        rememberMe: body.remember_me,
      });
      if (!begun) {
        await refuse('invalid_password');
        return InvalidCredentials();
      }
      const { email } = prepared.account;
      afterCommit(() => clearTriesHere(clearLimit, { email, ip: request.ip }));
      return begun.answer;
    },
  },
);
