import { redirect } from '@rivergate/endpoint';
import { z } from 'zod';

/** S256 of a verifier (RFC 7636, section 4.2). */
export const CodeChallenge = z
  .string()
  .regex(/^[\w-]{43}$/, 'must be an S256 code challenge')
  .meta({
    description:
      'S256 (RFC 7636) of a verifier that this browser keeps, and shows when it trades the code in',
    examples: ['E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'],
  });

/** Of a page of the platform, which gets it back. No longer than what SAML can carry (Bindings, section 3.4.3). */
export const PageState = z
  .string()
  .regex(/^[\w.~-]{8,80}$/, 'must be 8 to 80 characters of A-Z a-z 0-9 . _ ~ -')
  .meta({ examples: ['page.0b0e7a5a-6a0c-4d0f-9d41-4e3f8a2f7a10'] });

/** What the platform's own page is told by its address. A code and a ticket are good once, and for minutes. */
export interface Told {
  /** What the page gave to begin with, by which it knows that it did. */
  state?: string | undefined;
  code?: string | undefined;
  ticket?: string | undefined;
  /** A reason, in place of the others. */
  error?: string | undefined;
  /** In place of all others, of somebody who comes back from signing out. */
  signed_out?: SignedOut;
}

/**
 * What a provider has said of a logout: that it is done; that it is not done everywhere; nothing that is known to be its
 * answer. `refused` is what came from there to sign somebody out, and was not taken.
 */
export type SignedOut = 'everywhere' | 'partly' | 'unconfirmed' | 'refused';

/** Sends the browser to the page that goes on with a sign-in: nothing that comes from outside leads anywhere else. */
export function toPage(publicUrl: string, told: Told) {
  const given = Object.entries(told).filter(([, value]) => value !== undefined) as [string, string][];
  return redirect(`${publicUrl}/sso?${new URLSearchParams(given)}`);
}
