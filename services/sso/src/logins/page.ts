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

/** What the platform's own page is told by its address. A code and a ticket are good once, and for minutes. */
export interface Told {
  /** What the page gave to begin with, by which it knows that it did. */
  state?: string | undefined;
  code?: string | undefined;
  ticket?: string | undefined;
  /** A reason, in place of the others. */
  error?: string | undefined;
}

/** Sends the browser to the page that goes on with a sign-in: nothing that comes from outside leads anywhere else. */
export function toPage(publicUrl: string, told: Told) {
  const given = Object.entries(told).filter(([, value]) => value !== undefined) as [string, string][];
  return redirect(`${publicUrl}/sso?${new URLSearchParams(given)}`);
}

/** Where providers send browsers, and where they read what the platform is to them. */
export const addressOf = (publicUrl: string, providerId: number, end: 'callback' | 'acs' | 'metadata') =>
  `${publicUrl}/api/v1/sso/providers/${providerId}/${end}`;
