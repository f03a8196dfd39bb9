import { WorkspaceNotFound } from '@rivergate/contracts';
import { EmailAddress, Failure, Id, IpNotAllowed, SsoRequired } from '@rivergate/endpoint';
import { z } from 'zod';
import { KnownPassword } from '../accounts/password-policy.ts';
import { endpoint } from '../endpoint.ts';
import { methodsOf } from '../second-factors/methods.ts';
import { useTrust } from '../trusted-devices/device-store.ts';
import { DeviceHeaders, fingerprintOf } from '../trusted-devices/fingerprint.ts';
import { beginSession, LoggedIn } from './begin-session.ts';
import { checkCredentials, clearTriesHere } from './check-credentials.ts';
import { leadToSecondFactor } from './lead-to-second-factor.ts';
import { leadToVerification } from './lead-to-verification.ts';
import { AccountDisabled, InvalidCredentials } from './login-errors.ts';
import { noteRefusal } from './note-refusal.ts';
import { SecondFactorRequired } from './second-factor.ts';
import { startingPlace } from './starting-place.ts';

const VerificationRequired = z
  .object({
    temporary_token: z.string(),
    email_verification_required: z.literal(true),
    message: z.string().meta({ examples: ['Verify your address first'] }),
  })
  .meta({ id: 'VerificationRequired' });

/** What the history of logins calls it when the organization does not take the login. */
const NOT_ADMITTED: Partial<Record<string, 'ip_not_allowed' | 'sso_required'>> = {
  [IpNotAllowed.code]: 'ip_not_allowed',
  [SsoRequired.code]: 'sso_required',
};

export const login = endpoint(
  {
    operation: 'logIn',
    method: 'post',
    path: '/auth/login',
    summary: 'Log in with email and password',
    description:
      'An account with a second factor answers mfa_required, unless the device is trusted: go on with ' +
      '/auth/mfa/otp/generate.',
    caller: 'public',
    headers: DeviceHeaders,
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
    answer: z.union([LoggedIn, SecondFactorRequired, VerificationRequired]),
    errors: [InvalidCredentials, AccountDisabled, IpNotAllowed, SsoRequired, WorkspaceNotFound],
    rateLimit: 'login',
    idempotency: { seconds: 60, randomKey: true },
  },
  {
    async prepare({ body, request, knex, limit, call, log }) {
      const credentials = await checkCredentials({ knex, limit }, { ...body, ip: request.ip });
      if (credentials.state !== 'right') return { ...credentials, place: null };
      const { account } = credentials;
      try {
        const place = await startingPlace({ knex, call, log, request }, account, body.workspace_id);
        return { ...credentials, place };
      } catch (cause) {
        const reason = cause instanceof Failure && NOT_ADMITTED[cause.code];
        if (!reason) throw cause;
        return { state: 'refused', reason, account, failure: cause, place: null } as const;
      }
    },
    async handle(context) {
      const { body, headers, prepared, request, db, afterCommit, clearLimit, secretBox } = context;
      const { account, state } = prepared;
      const refuse = (reason: string) => noteRefusal(context, { email: body.email, account, reason });

      if (state === 'refused') {
        await refuse(prepared.reason);
        if (prepared.failure) return prepared.failure;
        return prepared.reason === 'account_disabled' ? AccountDisabled() : InvalidCredentials();
      }
      if (state === 'unverified') {
        await refuse('email_not_verified');
        return leadToVerification(context, prepared.account, body.remember_me);
      }

      const { id: userId, password_hash: passwordHash } = prepared.account;
      const proved = { passwordHash: passwordHash!, place: prepared.place, rememberMe: body.remember_me };
      const mfaMethods = await methodsOf(db, userId);
      const trust =
        mfaMethods.length > 0
          ? await useTrust(db, userId, fingerprintOf(secretBox, userId, request, headers))
          : undefined;
      if (mfaMethods.length > 0 && !trust) {
        const pending = await leadToSecondFactor(context, { ...proved, userId }, mfaMethods);
        if (pending) return pending;
        await refuse('invalid_password');
        return InvalidCredentials();
      }

      const begun = await beginSession(context, {
        ...proved,
        openedThrough: trust?.session_id ?? null,
        trustedDeviceId: trust?.id ?? null,
        account: prepared.account,
        method: 'password',
        methods: ['pwd'],
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
