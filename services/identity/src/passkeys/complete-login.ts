import { EmailAddress, error, type Failure } from '@rivergate/endpoint';
import { passkeyCloneSuspected } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { beginSession, LoggedIn } from '../login/begin-session.ts';
import { clearTriesHere, countTry, networkOf } from '../login/check-credentials.ts';
import { AccountDisabled } from '../login/login-errors.ts';
import { noteRefusal } from '../login/note-refusal.ts';
import { startingPlace } from '../login/starting-place.ts';
import { readClientData } from './client-data.ts';
import { ChallengeNotFound } from './complete-registration.ts';
import { AssertedCredential } from './credential.ts';
import { pendingLogin, spendLogin } from './login-store.ts';
import { offeredTo } from './offered.ts';
import { countUse } from './passkey-store.ts';
import { verifyAssertion } from './verify-assertion.ts';

export const InvalidCredential = error(
  'INVALID_CREDENTIAL',
  401,
  'This passkey was not offered for the address',
);
export const InvalidAssertion = error('INVALID_ASSERTION', 401, 'What the passkey signed does not verify');
export const AuthenticationCompletionFailed = error(
  'AUTHENTICATION_COMPLETION_FAILED',
  400,
  'The address of this account is not verified; log in with the password first',
);

/**
 * How the user proved to be there (RFC 8176): by a key that the user has, and something the user is or knows. Without
 * attestation nobody can say whether hardware keeps the key, so it is `pop` (OpenID Connect EAP ACR Values 1.0).
 */
const METHODS = ['pop', 'user', 'mfa'];

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
    ],
    rateLimit: 'login',
    idempotency: { seconds: 60, randomKey: true },
  },
  {
    async prepare({ body, request, knex, secretBox, settings, limit, call, log }) {
      const { email, credential } = body;
      const tries = await countTry(limit, { email, ip: request.ip });
      const { account, offered } = await offeredTo({ knex, secretBox }, email);
      if (tries.here) return { account, tries };

      const { challenge: answered } = readClientData(credential.response.clientDataJSON);
      const network = networkOf(request.ip);
      const challenge = await pendingLogin(knex, { challenge: answered, email, network });
      const chosen = offered.find(one => one.credential_id === credential.id);
      if (!challenge || !chosen) return { account, tries, challenge, chosen };
      const proof = await verifyAssertion({ settings, log }, challenge, chosen, credential);
      const place = account && proof ? await startingPlace({ call, log }, account, undefined) : null;
      return { account, tries, challenge, chosen, proof, place };
    },
    // A failure is returned: the challenge is spent, and the try noted, with it.
    async handle(context) {
      const { body, prepared, request, db, emit, afterCommit, clearLimit } = context;
      const { account, tries, challenge, chosen, proof, place } = prepared;
      const refuse = async (reason: string, failure: Failure) => {
        await noteRefusal(context, { email: body.email, account, reason });
        return failure;
      };
      const wrong = (failure: Failure) =>
        tries.overall ? refuse('rate_limited', tries.overall) : refuse('invalid_assertion', failure);

      if (tries.here) return refuse('rate_limited', tries.here);
      if (!challenge || !(await spendLogin(db, body.email, challenge))) return wrong(ChallengeNotFound());
      if (!chosen) return wrong(InvalidCredential());
      if (!account || !proof) return wrong(InvalidAssertion());
      const { passkey, signCount } = proof;
      const use = await countUse(db, passkey.id, signCount);
      if (use === 'gone') return wrong(InvalidCredential());
      if (use === 'regressed') {
        await emit(passkeyCloneSuspected, {
          aggregateId: passkey.id,
          organizationId: null,
          userId: account.id,
          data: { passkey_id: passkey.id, user_id: account.id, device_name: passkey.device_name },
        });
        return wrong(InvalidAssertion());
      }
      if (!account.verified_at) return refuse('email_not_verified', AuthenticationCompletionFailed());
      const begun = account.disabled_at
        ? undefined
        : await beginSession(context, {
            account,
            method: 'webauthn',
            methods: METHODS,
            place: place ?? null,
            rememberMe: false,
          });
      if (!begun) return refuse('account_disabled', AccountDisabled());
      afterCommit(() => clearTriesHere(clearLimit, { email: body.email, ip: request.ip }));
      return begun.answer;
    },
  },
);
