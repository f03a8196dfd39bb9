import { TokenBundle, WorkspaceNotFound } from '@rivergate/contracts';
import { EmailAddress, Id } from '@rivergate/endpoint';
import { loginFailed, sessionOpened } from '@rivergate/events';
import { oneTimeToken, tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { KnownPassword } from '../accounts/password-policy.ts';
import { endpoint } from '../endpoint.ts';
import { openSession } from '../sessions/session-store.ts';
import { tokenBundle } from '../tokens/token-bundle.ts';
import { checkCredentials, clearTriesHere } from './check-credentials.ts';
import { leadToVerification } from './lead-to-verification.ts';
import { AccountDisabled, InvalidCredentials } from './login-errors.ts';
import { startingPlace } from './starting-place.ts';

const LoggedIn = TokenBundle.extend({
  user_id: Id,
  email: z.string(),
  display_name: z.string(),
  is_verified: z.literal(true),
}).meta({ id: 'LoggedIn' });
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
      const { body, prepared, request, db, emit, afterCommit, clearLimit, keys, settings, secretBox } =
        context;
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

      const refreshToken = oneTimeToken();
      const session = await openSession(db, {
        userId: prepared.account.id,
        passwordHash: prepared.account.password_hash!,
        place: prepared.place,
        methods: ['pwd'],
        rememberMe: body.remember_me,
        refreshTokenHash: tokenHash(refreshToken),
        ip: request.ip,
        userAgent: request.userAgent,
      });
      if (!session) {
        await refuse('invalid_password');
        return InvalidCredentials();
      }
      const { id: userId, email, display_name } = prepared.account;
      await emit(sessionOpened, {
        aggregateId: session.id,
        organizationId: session.organization_id,
        userId,
        data: { session_id: session.id, user_id: userId, method: 'password', remember_me: body.remember_me },
      });
      afterCommit(() => clearTriesHere(clearLimit, { email, ip: request.ip }));
      const bundle = tokenBundle({ keys, settings }, session, refreshToken);
      return { ...bundle, user_id: userId, email, display_name, is_verified: true as const };
    },
  },
);
