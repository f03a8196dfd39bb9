import type { Log } from '@rivergate/endpoint';
import { verifyRegistrationResponse } from '@simplewebauthn/server';
import { decodeAttestationObject } from '@simplewebauthn/server/helpers';
import type { z } from 'zod';
import type { Settings } from '../settings.ts';
import { readClientData } from './client-data.ts';
import type { RegisteredCredential } from './credential.ts';

/** ES256, EdDSA and RS256, the preferred one first (IANA, COSE Algorithms). */
export const ALGORITHMS = [-7, -8, -257] as const;

export interface Attested {
  credentialId: string;
  publicKey: Uint8Array;
  signCount: number;
}

/**
 * Verifies a new credential (WebAuthn Level 3, section 7.1).
 *
 * @returns undefined where anything about it is wrong, whatever came in
 */
export async function verifyAttestation(
  { settings: { relyingParty }, log }: { settings: Settings; log: Log },
  challenge: string,
  credential: z.infer<typeof RegisteredCredential>,
): Promise<Attested | undefined> {
  const { attestationObject, clientDataJSON } = credential.response;
  try {
    if (readClientData(clientDataJSON).crossOrigin || !isUncertified(attestationObject)) return undefined;
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: { ...credential, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: [...relyingParty.origins],
      expectedRPID: relyingParty.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: [...ALGORITHMS],
    });
    if (!verified || registrationInfo.credential.id !== credential.id) return undefined;
    const { id, publicKey, counter } = registrationInfo.credential;
    return { credentialId: id, publicKey, signCount: counter };
  } catch (cause) {
    // The library throws for what does not verify and for what it cannot read.
    log.debug({ err: cause }, 'A passkey does not verify');
    return undefined;
  }
}

/**
 * Whether it is what a browser gives that was asked for no attestation: none, or one by the credential's own key
 * (section 5.4.7). Certificates would be looked into by the library, down to the addresses that stand in them.
 */
function isUncertified(attestationObject: string): boolean {
  const decoded = decodeAttestationObject(new Uint8Array(Buffer.from(attestationObject, 'base64url')));
  const format = decoded.get('fmt');
  return format === 'none' || (format === 'packed' && decoded.get('attStmt').get('x5c') === undefined);
}
