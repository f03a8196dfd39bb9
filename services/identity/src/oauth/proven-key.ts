import { InvalidDpopProof as InvalidProof, verifyDpopProof } from '@rivergate/caller/dpop';
import { UpstreamUnavailable } from '@rivergate/endpoint';
import { z } from 'zod';
import type { IdentityTools } from '../endpoint.ts';
import { InvalidDpopProof, UseDpopNonce } from './oauth-errors.ts';

export const DpopHeader = z
  .string()
  .max(16_384)
  .optional()
  .meta({ description: 'Proof of a key, to which the tokens are then bound (RFC 9449, section 5)' });

/** Thumbprint of a key (RFC 7638), SHA-256 in base64url. */
export const THUMBPRINT = /^[\w-]{43}$/;

/**
 * The key that a client proves to have in a POST to an endpoint of OAuth.
 *
 * @returns its thumbprint; null where there is no proof
 * @throws InvalidDpopProof; UseDpopNonce with one to use; UpstreamUnavailable while nobody can know whether the proof was used
 */
export async function provenKey(
  { settings, nonces, useProof }: Pick<IdentityTools, 'settings' | 'nonces' | 'useProof'>,
  path: `/oauth/${string}`,
  proof: string | undefined,
): Promise<string | null> {
  if (proof === undefined) return null;
  const request = { method: 'POST', url: settings.publicUrl + path };
  const proven = await verifyDpopProof(proof, request).catch(cause => {
    throw cause instanceof InvalidProof ? refused(cause.message) : cause;
  });
  if (nonces && !nonces.isFresh(proven.nonce)) throw UseDpopNonce(undefined, [], nonceHeader(nonces));
  const isFirst = await useProof(proven).catch(() => {
    throw UpstreamUnavailable('Whether the DPoP proof was used before cannot be known; try again shortly');
  });
  if (!isFirst) throw refused('it was used before');
  return proven.keyThumbprint;
}

/** The nonce for the client's next proof, where one is required. */
export function nonceHeader(nonces: IdentityTools['nonces']): Record<string, string> {
  return nonces ? { 'DPoP-Nonce': nonces.current() } : {};
}

const refused = (why: string) => InvalidDpopProof(`The DPoP proof does not count: ${why}`);
