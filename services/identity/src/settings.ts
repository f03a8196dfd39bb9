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
});

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
}

/** @throws ZodError that names the variable */
export function settingsFromEnv(env: Record<string, string | undefined>): Settings {
  const read = Environment.parse(env);
  const publicUrl = accessTokenIssuer(read);
  return {
    publicUrl,
    appUrl: (read.APP_URL ?? publicUrl).replace(/\/+$/, ''),
    emailLinkSeconds: read.EMAIL_LINK_SECONDS,
    signingKeySeconds: read.SIGNING_KEY_SECONDS,
    signingKeyLeadSeconds: read.SIGNING_KEY_LEAD_SECONDS,
    wrongCodes: rateLimitsFromEnv(env).signup_code_wrong_daily,
  };
}
