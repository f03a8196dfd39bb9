import { REFUSALS, SamlRefusal } from '../saml/index.ts';

/** Why a sign-in was refused: a stable code, and what an administrator does about it. */
export const REASONS = {
  PROVIDER_INACTIVE: 'The provider has been made inactive meanwhile',
  PROVIDER_UNREACHABLE: 'The provider could not be reached; the test of the provider says more',
  DISCOVERY_FAILED:
    'The discovery document could not be read, or is of another issuer; compare the issuer with the one that it names',
  REQUEST_REFUSED:
    'The provider did not take the request for a login (RFC 9126); compare client ID, client secret and redirect URI',
  PROVIDER_REFUSED:
    'The provider sent the browser back without a login; its own log says why. Often the user has no access to the application',
  INCOMPLETE_ANSWER: 'The provider sent the browser back with neither a code nor an error',
  WRONG_ISSUER: 'The answer names another issuer than the provider has (RFC 9207)',
  TOKEN_REFUSED:
    'The provider did not trade the code in; with invalid_client, compare client ID and client secret, which may have expired',
  INVALID_ID_TOKEN: 'The ID token is not signed by a key of the provider, or is not for this sign-in',
  USERINFO_FAILED: 'The provider did not answer what it knows of the user',
  INVALID_SUBJECT: 'The provider names no user, or by other than 1 to 255 ASCII characters',
  TRANSIENT_NAME_ID:
    'The NameID is another one at each login; have the provider send a persistent one, or an address',
  EMAIL_MISSING:
    'The provider gives no address, or none that is one; see which claims or attributes it sent, and attribute_mapping',
  EMAIL_NOT_VERIFIED: 'The provider says itself that it has not verified the address',
  DOMAIN_NOT_SERVED: 'The address lies in none of the domains of the provider',
  DOMAIN_NOT_VERIFIED: 'The organization has not verified the domain of the address, or has lost it',
  FINISHED_OR_OLD: 'The sign-in was finished already, or took longer than ten minutes',
  OTHER_SUBJECT: 'Another user of the provider is connected with this account',
  ACCOUNT_ELSEWHERE:
    'The address belongs to an account that the organization has not made; its user was asked to prove that it is theirs',
  FORMER_MEMBER: 'The membership of the user has ended; invite them again',
  MEMBERSHIP_SUSPENDED: 'The membership of the user is suspended',
  EMAIL_DOMAIN_NOT_ALLOWED: 'The settings of the organization do not allow members with such an address',
  PLAN_LIMIT_EXCEEDED: 'The plan of the organization has no seat left',
  ACCOUNT_UNAVAILABLE: 'The account is gone, or its address is not verified',
  LOGOUT_PARTIAL:
    'The provider has signed the user out, and says that it could not do so everywhere it had signed them in',
  LOGOUT_REFUSED: 'The provider says that it has not signed the user out; its own log says why',
  LOGOUT_UNAVAILABLE:
    'The user was signed out here alone: the provider has no address for logouts, or could not be asked for it',
  INVALID_LOGOUT_TOKEN:
    'The logout token is not signed by a key of the provider, is not for this client, is too old, or was used before',
  TRY_AGAIN: 'Another service did not answer in time',
} as const;

export type Reason = keyof typeof REASONS;

const WORDS: Readonly<Record<string, string>> = {
  ...REASONS,
  ...Object.fromEntries(Object.entries(REFUSALS).map(([code, words]) => [`SAML_${code}`, words])),
};

/** A reason in words, and what to do about it. */
export const explanationOf = (reason: string): string | null => WORDS[reason] ?? null;

/** Says nothing of what was refused. */
export class SignInRefusal extends Error {
  override readonly name = 'SignInRefusal';
  readonly reason: string;
  /** For administrators: what the provider, or a library, calls it. */
  readonly detail: string | null;

  constructor(reason: Reason | `SAML_${keyof typeof REFUSALS}`, detail: string | null = null) {
    super(explanationOf(reason) ?? reason);
    this.reason = reason;
    this.detail = detail;
  }
}

/** For `catch`: the refusal as a value. @throws what is none */
export function refusalIn(cause: unknown): SignInRefusal {
  if (cause instanceof SignInRefusal) return cause;
  if (cause instanceof SamlRefusal) return new SignInRefusal(`SAML_${cause.code}`);
  throw cause;
}
