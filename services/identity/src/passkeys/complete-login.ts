import { EmailAddress, error, IpNotAllowed, SsoRequired } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { beginSession, LoggedIn } from '../login/begin-session.ts';
import { clearTriesHere } from '../login/check-credentials.ts';
import { AccountDisabled } from '../login/login-errors.ts';
import { noteRefusal } from '../login/note-refusal.ts';
import { startingPlace } from '../login/starting-place.ts';
import { ChallengeNotFound } from './complete-registration.ts';
import { AssertedCredential } from './credential.ts';
import { InvalidAssertion, InvalidCredential, PASSKEY_METHODS, prepareProof, settleProof } from './proof.ts';

export const AuthenticationCompletionFailed = error(
  'AUTHENTICATION_COMPLETION_FAILED',
  400,
  'The address of this account is not verified; log in with the password first',
);

export const completeLogin = endpoint(
  {
    operation: 'completePasskeyLogin',
    method: 'post',
    path: '/webauthn/authenticate/complete',
    summary: 'Log in with what a passkey signed',
    description: 'Spends the challenge, also where it fails. No second factor is asked for.',
    caller: 'public',
    body: z.object({ credential: AssertedCredential, email: EmailAddress }),
    bodyLimit: 64 * 1024,
    answer: LoggedIn,
    message: 'Logged in',
    messageInData: true,
    errors: [
      AuthenticationCompletionFailed,
      InvalidCredential,
      InvalidAssertion,
      AccountDisabled,
      ChallengeNotFound,
      IpNotAllowed,
      SsoRequired,
    ],
    rateLimit: 'login',
    idempotency: { seconds: 60, randomKey: true },
  },
  {
    async prepare({ body, request, knex, secretBox, settings, limit, call, log }) {
      const tools = { knex, secretBox, settings, limit, log, request };
      const proof = await prepareProof(tools, body.email, body.credential);
      const { account, verified } = proof;
      const place =
        account && verified ? await startingPlace({ knex, call, log, request }, account, undefined) : null;
      return { proof, place };
    },
    // A failure is returned: the challenge is spent, and the try noted, with it.
    async handle(context) {
      const { body, prepared, request, afterCommit, clearLimit } = context;
      const { email } = body;
      const refusal = await settleProof(context, email, prepared.proof);
      if (refusal) return refusal;
      const account = prepared.proof.account!;
      if (!account.verified_at) {
        await noteRefusal(context, { email, account, reason: 'email_not_verified' });
        return AuthenticationCompletionFailed();
      }
      const begun = account.disabled_at
        ? undefined
        : await beginSession(context, {
            account,
            method: 'webauthn',
            methods: [...PASSKEY_METHODS],
            place: prepared.place,
            openedThrough: prepared.proof.verified?.passkey.session_id ?? null,
            rememberMe: false,
          });
      if (!begun) {
        await noteRefusal(context, { email, account, reason: 'account_disabled' });
        return AccountDisabled();
      }
      afterCommit(() => clearTriesHere(clearLimit, { email, ip: request.ip }));
      return begun.answer;
    },
  },
);
