import { SessionNotFound } from '@rivergate/contracts';
import { error } from '@rivergate/endpoint';
import { z } from 'zod';
import { accountById } from '../accounts/account-store.ts';
import { CallerNotFound } from '../accounts/errors.ts';
import { KnownPassword } from '../accounts/password-policy.ts';
import { endpoint } from '../endpoint.ts';
import { LoggedIn } from '../login/begin-session.ts';
import { checkCredentials, clearTriesHere } from '../login/check-credentials.ts';
import { leadToSecondFactor } from '../login/lead-to-second-factor.ts';
import { InvalidCredentials } from '../login/login-errors.ts';
import { noteRefusal } from '../login/note-refusal.ts';
import { SecondFactorRequired } from '../login/second-factor.ts';
import { ChallengeNotFound } from '../passkeys/complete-registration.ts';
import { AssertedCredential } from '../passkeys/credential.ts';
import {
  InvalidAssertion,
  InvalidCredential,
  PASSKEY_METHODS,
  prepareProof,
  settleProof,
} from '../passkeys/proof.ts';
import { lockCaller } from '../second-factors/lock-caller.ts';
import { reauthenticate } from './reauthenticate.ts';
import { stepUpFactors } from './step-up-factors.ts';

export const PasswordRequired = error('PASSWORD_REQUIRED', 400, 'This takes the password, or a passkey');

export const stepUp = endpoint(
  {
    operation: 'stepUp',
    method: 'post',
    path: '/auth/step-up',
    summary: 'Prove again, within the session, that it is you',
    description:
      'Answers tokens for what asks for a fresh authentication; the earlier refresh token is good no longer. With ' +
      'mfa_required it goes on like a login, with /auth/mfa/otp/generate and /auth/mfa/verify. The challenge of a passkey ' +
      'is that of /webauthn/authenticate/start. Who has no password sends an empty object.',
    caller: 'user',
    session: true,
    beforeEnrolment: true,
    body: z
      .object({ password: KnownPassword.optional(), passkey: AssertedCredential.optional() })
      .refine(({ password, passkey }) => password === undefined || passkey === undefined, {
        error: 'takes password or passkey, not both',
        params: { code: 'not_allowed' },
      })
      .meta({
        description: 'At most one of password and passkey',
        examples: [{ password: 'Correct1horse' }],
      }),
    bodyLimit: 64 * 1024,
    answer: z.union([LoggedIn, SecondFactorRequired]),
    errors: [
      PasswordRequired,
      InvalidCredentials,
      InvalidCredential,
      InvalidAssertion,
      ChallengeNotFound,
      SessionNotFound,
      CallerNotFound,
    ],
    idempotency: { seconds: 60, randomKey: true },
  },
  {
    async prepare({ body, caller, request, knex, secretBox, settings, limit, log }) {
      const account = await accountById(knex, caller.userId);
      if (!account || account.disabled_at) throw CallerNotFound();
      const { email } = account;
      const { password, passkey } = body;
      if (passkey) {
        const tools = { knex, secretBox, settings, limit, log, request };
        return { by: 'passkey', proof: await prepareProof(tools, email, passkey) } as const;
      }
      if (password === undefined) return { by: 'nothing' } as const;
      // Counted as a login, so that there is one number of tries at a password.
      const credentials = await checkCredentials({ knex, limit }, { email, password, ip: request.ip });
      return { by: 'password', credentials } as const;
    },
    async handle(context) {
      const { caller, prepared, request, db, afterCommit, clearLimit } = context;
      const { userId, sessionId } = caller;
      const account = await lockCaller(db, caller);
      const { email, password_hash: passwordHash } = account;
      const proved = async (methods: readonly string[]) => {
        const answer = await reauthenticate(context, account, sessionId, { methods, beside: false });
        if (!answer) throw SessionNotFound();
        afterCommit(() => clearTriesHere(clearLimit, { email, ip: request.ip }));
        return answer;
      };

      if (prepared.by === 'passkey') {
        const refusal = await settleProof(context, email, prepared.proof);
        if (refusal) return refusal;
        return prepared.proof.account?.id === userId ? proved(PASSKEY_METHODS) : InvalidCredential();
      }
      if (prepared.by === 'password') {
        const { credentials } = prepared;
        const isRight =
          credentials.state === 'right' &&
          credentials.account.id === userId &&
          credentials.account.password_hash === passwordHash;
        if (!isRight) {
          const reason = credentials.state === 'refused' ? credentials.reason : 'invalid_password';
          await noteRefusal(context, { email, account, reason });
          return (credentials.state === 'refused' && credentials.failure) || InvalidCredentials();
        }
      } else if (passwordHash !== null) throw PasswordRequired();

      const factors = await stepUpFactors(db, account);
      if (factors.length === 0) return proved(['pwd']);
      const login = { userId, passwordHash, place: null, rememberMe: false, sessionId };
      const pending = await leadToSecondFactor(context, login, factors);
      return pending ?? InvalidCredentials();
    },
  },
);
