import { type Emit, error, type Failure, type Log, type RequestFacts } from '@rivergate/endpoint';
import { passkeyCloneSuspected } from '@rivergate/events';
import type { Knex } from 'knex';
import type { z } from 'zod';
import type { IdentityTools } from '../endpoint.ts';
import { countTry, networkOf } from '../login/check-credentials.ts';
import { noteRefusal } from '../login/note-refusal.ts';
import { readClientData } from './client-data.ts';
import { ChallengeNotFound } from './complete-registration.ts';
import type { AssertedCredential } from './credential.ts';
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

/**
 * How the user proved to be there (RFC 8176): by a key that the user has, and something the user is or knows. Without
 * attestation nobody can say whether hardware keeps the key, so it is `pop` (OpenID Connect EAP ACR Values 1.0).
 */
export const PASSKEY_METHODS: readonly string[] = ['pop', 'user', 'mfa'];

type Tools = Pick<IdentityTools, 'knex' | 'secretBox' | 'settings'> & {
  limit: Parameters<typeof countTry>[0];
  log: Log;
  request: RequestFacts;
};

/** What is known of a signed challenge before the transaction that spends it. */
export type Proof = Awaited<ReturnType<typeof prepareProof>>;

/** Counts the try as one of a login, and verifies what a passkey of the address signed. */
export async function prepareProof(
  { knex, secretBox, settings, limit, log, request }: Tools,
  email: string,
  credential: z.infer<typeof AssertedCredential>,
) {
  const tries = await countTry(limit, { email, ip: request.ip });
  const { account, offered } = await offeredTo({ knex, secretBox }, email);
  if (tries.here) return { account, tries };

  const { challenge: answered } = readClientData(credential.response.clientDataJSON);
  const network = networkOf(request.ip);
  const challenge = await pendingLogin(knex, { challenge: answered, email, network });
  const chosen = offered.find(one => one.credential_id === credential.id);
  if (!challenge || !chosen) return { account, tries, challenge, chosen };
  const verified = await verifyAssertion({ settings, log }, challenge, chosen, credential);
  return { account, tries, challenge, chosen, verified };
}

/**
 * Spends the challenge, whatever comes of it, and counts the use of the passkey.
 *
 * @returns the failure to return, so that this commits; undefined where the account has proved to be there
 */
export async function settleProof(
  { db, emit, secretBox }: { db: Knex.Transaction; emit: Emit } & Pick<IdentityTools, 'secretBox'>,
  email: string,
  { account, tries, challenge, chosen, verified }: Proof,
): Promise<Failure | undefined> {
  const refuse = async (reason: string, failure: Failure) => {
    await noteRefusal({ emit, secretBox }, { email, account, reason });
    return failure;
  };
  const wrong = (failure: Failure) =>
    tries.overall ? refuse('rate_limited', tries.overall) : refuse('invalid_assertion', failure);

  if (tries.here) return refuse('rate_limited', tries.here);
  if (!challenge || !(await spendLogin(db, email, challenge))) return wrong(ChallengeNotFound());
  if (!chosen) return wrong(InvalidCredential());
  if (!account || !verified) return wrong(InvalidAssertion());
  const { passkey, signCount } = verified;
  const use = await countUse(db, passkey.id, signCount);
  if (use === 'gone') return wrong(InvalidCredential());
  if (use === 'counted') return undefined;
  await emit(passkeyCloneSuspected, {
    aggregateId: passkey.id,
    organizationId: null,
    userId: account.id,
    data: { passkey_id: passkey.id, user_id: account.id, device_name: passkey.device_name },
  });
  return wrong(InvalidAssertion());
}
