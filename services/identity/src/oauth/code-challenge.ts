import { createHash } from 'node:crypto';
import { equal } from '@rivergate/secrets';

/** What a verifier and a challenge are made of (RFC 7636, sections 4.1 and 4.2). */
export const PKCE_TEXT = /^[A-Za-z0-9._~-]{43,128}$/;
export const CHALLENGE_METHODS = ['S256', 'plain'] as const;

export interface ChallengeParameters {
  code_challenge?: string | undefined;
  code_challenge_method?: string | undefined;
}

const s256 = (text: string) => createHash('sha256').update(text).digest('base64url');

/** Whether the parameters of an authorization request make sense: a method needs a challenge. */
export function isWellFormed({ code_challenge, code_challenge_method }: ChallengeParameters): boolean {
  if (code_challenge === undefined) return code_challenge_method === undefined;
  if (!PKCE_TEXT.test(code_challenge)) return false;
  return code_challenge_method === undefined || CHALLENGE_METHODS.some(one => one === code_challenge_method);
}

/** Whether the challenge is such that who sees it cannot make the verifier, which alone guards a client without a secret. */
export function isS256({ code_challenge, code_challenge_method }: ChallengeParameters): boolean {
  return code_challenge !== undefined && code_challenge_method === 'S256';
}

/** The S256 of the verifier, which is what is kept: of a plain challenge, which is the verifier, too. */
export function keptChallenge(parameters: ChallengeParameters): string | null {
  const { code_challenge, code_challenge_method } = parameters;
  if (code_challenge === undefined) return null;
  return code_challenge_method === 'S256' ? code_challenge : s256(code_challenge);
}

/** Whether the verifier belongs to what was kept; neither may be there without the other (RFC 9700, section 4.8.2). */
export function verifies(verifier: string | undefined, kept: string | null): boolean {
  if (verifier === undefined || kept === null) return verifier === undefined && kept === null;
  return equal(s256(verifier), kept);
}
