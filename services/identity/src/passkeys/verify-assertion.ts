import type { Log } from '@rivergate/endpoint';
import { verifyAuthenticationResponse } from '@simplewebauthn/server';
import type { z } from 'zod';
import type { Settings } from '../settings.ts';
import { readClientData } from './client-data.ts';
import { type AssertedCredential, userHandleOf } from './credential.ts';
import type { Offered } from './offered.ts';
import type { Passkey } from './passkey-store.ts';

/**
 * Verifies a signed challenge (WebAuthn Level 3, section 7.2) but for the counter, which has to be compared in the
 * transaction that stores it.
 *
 * @returns the passkey that signed, and its counter; undefined where anything is wrong, whatever came in
 */
export async function verifyAssertion(
  { settings: { relyingParty }, log }: { settings: Settings; log: Log },
  challenge: string,
  { passkey, publicKey }: Offered,
  credential: z.infer<typeof AssertedCredential>,
): Promise<{ passkey: Passkey; signCount: number } | undefined> {
  const { userHandle, ...response } = credential.response;
  try {
    if (readClientData(response.clientDataJSON).crossOrigin) return undefined;
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...credential, response, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: [...relyingParty.origins],
      expectedRPID: relyingParty.id,
      requireUserVerification: true,
      // 0: the library compares counters before the signature, so that anybody could make one look like a clone's.
      credential: { id: credential.id, publicKey: new Uint8Array(publicKey), counter: 0 },
    });
    if (!verified || !passkey) return undefined;
    if (userHandle != null && userHandle !== userHandleOf(passkey.user_id)) return undefined;
    return { passkey, signCount: authenticationInfo.newCounter };
  } catch (cause) {
    // The library throws for what does not verify and for what it cannot read.
    log.debug({ err: cause }, 'A passkey does not verify');
    return undefined;
  }
}
