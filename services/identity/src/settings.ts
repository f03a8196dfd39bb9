import { accessTokenIssuer, type RateLimit, rateLimitsFromEnv } from '@rivergate/caller';
import { z } from 'zod';

const seconds = (preset: number) => z.coerce.number().int().positive().default(preset);

const Environment = z.object({
  PUBLIC_URL: z.url().default('http://localhost:8080'),
  /** Where the links in mails lead; the console's address once there is one. */
  APP_URL: z.url().optional(),
  EMAIL_LINK_SECONDS: seconds(600),
  SIGNING_KEY_SECONDS: seconds(30 * 86_400),
  SIGNING_KEY_LEAD_SECONDS: seconds(300),
  WEBAUTHN_RP_NAME: z.string().trim().min(1).max(64).default('Rivergate'),
  /** A domain that passkeys belong to; default the host of PUBLIC_URL. */
  WEBAUTHN_RP_ID: z.hostname().toLowerCase().optional(),
  /** Comma list of origins whose pages may ask for passkeys; default those of PUBLIC_URL and APP_URL. */
  WEBAUTHN_ORIGINS: z.string().optional(),
  DPOP_NONCE_REQUIRED: z.stringbool().default(false),
});

/** For whom passkeys are made (WebAuthn Level 3, section 4). */
export interface RelyingParty {
  /** Shown by authenticators. */
  name: string;
  id: string;
  /** Never empty. */
  origins: readonly string[];
}

/** What an operator may set of identity; all times in seconds. */
export interface Settings {
  /** `iss` of access tokens, and the address under which pictures are served. */
  publicUrl: string;
  appUrl: string;
  /** Life of the link that verifies an address. The code beside it always lives 10 minutes. */
  emailLinkSeconds: number;
  /** Age at which a signing key is replaced. */
  signingKeySeconds: number;
  /** How long a new signing key is published before it signs, so that every verifier has it by then. */
  signingKeyLeadSeconds: number;
  /** Wrong codes that an address may be tried with, over all codes that it was sent; null where that is not limited. */
  wrongCodes: RateLimit | null;
  /** Wrong codes in a user's logins, over all of them; null where that is not limited. */
  wrongSecondFactors: RateLimit | null;
  relyingParty: RelyingParty;
  /** Whether DPoP proofs have to repeat a nonce. */
  dpopNonceRequired: boolean;
}

/** @throws ZodError, or an ordinary Error, that names the variable */
export function settingsFromEnv(env: Record<string, string | undefined>): Settings {
  const read = Environment.parse(env);
  const publicUrl = accessTokenIssuer(read);
  const appUrl = (read.APP_URL ?? publicUrl).replace(/\/+$/, '');
  const limits = rateLimitsFromEnv(env);
  return {
    publicUrl,
    appUrl,
    emailLinkSeconds: read.EMAIL_LINK_SECONDS,
    signingKeySeconds: read.SIGNING_KEY_SECONDS,
    signingKeyLeadSeconds: read.SIGNING_KEY_LEAD_SECONDS,
    wrongCodes: limits.signup_code_wrong_daily,
    wrongSecondFactors: limits.second_factor_wrong_hourly,
    relyingParty: relyingPartyOf(read, publicUrl, appUrl),
    dpopNonceRequired: read.DPOP_NONCE_REQUIRED,
  };
}

function relyingPartyOf(read: z.infer<typeof Environment>, publicUrl: string, appUrl: string): RelyingParty {
  const id = read.WEBAUTHN_RP_ID ?? new URL(publicUrl).hostname;
  const given = read.WEBAUTHN_ORIGINS?.split(',').map(origin => origin.trim());
  const origins = given ?? [publicUrl, appUrl].map(url => new URL(url).origin);
  const malformed = origins.find(origin => !URL.canParse(origin) || new URL(origin).origin !== origin);
  if (malformed !== undefined) throw new Error(`WEBAUTHN_ORIGINS holds what is no origin: ${malformed}`);
  const belongs = (host: string) => host === id || host.endsWith(`.${id}`);
  if (!origins.some(origin => belongs(new URL(origin).hostname)))
    throw new Error(
      `WEBAUTHN_RP_ID is neither the host of one of WEBAUTHN_ORIGINS nor a domain above it: ${id}`,
    );
  return { name: read.WEBAUTHN_RP_NAME, id, origins: [...new Set(origins)] };
}
