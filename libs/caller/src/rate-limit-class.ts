export type RateLimit = { count: number; seconds: number };

/** Every class of rate limit with its default. RATE_LIMIT_<CLASS>=count/seconds (or `off`) overrides one. */
export const RATE_LIMITS = {
  standard: { count: 100, seconds: 60 },
  premium: { count: 500, seconds: 60 },
  admin: { count: 1000, seconds: 60 },
  /** Requests of the provisioning of an organization. */
  scim: { count: 6000, seconds: 60 },
  /** Scripts and styles of the gateway's own pages, of which one page takes a dozen. */
  page_file: { count: 1000, seconds: 60 },
  login: { count: 5, seconds: 900 },
  /** Logins for one mail address from one network; below, from all networks together. */
  login_address: { count: 5, seconds: 900 },
  login_address_hourly: { count: 50, seconds: 3600 },
  login_address_daily: { count: 200, seconds: 86_400 },
  /** Starts of a login with a passkey; below, for one mail address from one network. */
  passkey_start: { count: 20, seconds: 900 },
  passkey_start_address: { count: 20, seconds: 900 },
  signup: { count: 3, seconds: 300 },
  signup_code: { count: 3, seconds: 300 },
  signup_code_daily: { count: 20, seconds: 86_400 },
  /** Counted by identity in its database. */
  signup_code_wrong_daily: { count: 20, seconds: 86_400 },
  /** Setups of a second factor that a user begins, of each method. */
  second_factor_setup: { count: 5, seconds: 900 },
  /** Codes mailed to a user for logins. */
  second_factor_code: { count: 3, seconds: 300 },
  /** Counted by identity in its database. */
  second_factor_wrong_hourly: { count: 10, seconds: 3600 },
  /** User codes of devices that a user names, right or wrong; below, from one network. */
  user_code: { count: 20, seconds: 900 },
  user_code_address: { count: 60, seconds: 900 },
  password_reset: { count: 3, seconds: 3600 },
  password_change: { count: 5, seconds: 900 },
  /** Codes for a change of address, by who asks and by where they are sent. */
  email_change: { count: 3, seconds: 3600 },
  email_change_daily: { count: 10, seconds: 86_400 },
  /** How often one member is asked to let somebody act in their name, in one organization. */
  impersonation_daily: { count: 10, seconds: 86_400 },
  /** OAuth clients that register themselves. */
  client_registration: { count: 20, seconds: 3600 },
  organization_creation: { count: 3, seconds: 300 },
  /** How often who creates users is told that an address has an account. Counted by organization in its database. */
  taken_address: { count: 3, seconds: 300 },
  /** Invitation mails to one address, whoever sends them. */
  invitation_mail: { count: 20, seconds: 3600 },
  /** Invitation mails that one user sends, from whichever organization. */
  invitation_sender: { count: 100, seconds: 3600 },
  /** Invitation mails that go out from one organization, whoever sends them. */
  invitation_organization: { count: 200, seconds: 3600 },
  /** Requests to the collector of an audit log that somebody asks for. */
  audit_shipping_test: { count: 10, seconds: 60 },
  /** Times that one organization has its domains looked for in DNS. */
  domain_check: { count: 20, seconds: 3600 },
  /** Dry runs of policies by attributes that one organization asks for. */
  policy_dry_run: { count: 20, seconds: 60 },
  /** Checks of an identity provider that somebody asks for. */
  sso_provider_test: { count: 10, seconds: 60 },
  /** Keys of the platform that somebody has made for a SAML provider. */
  sso_provider_key: { count: 20, seconds: 3600 },
  /** Responses to a SAML provider that are refused and written down. */
  sso_refused_response: { count: 30, seconds: 60 },
  /** Test events that somebody has sent to a webhook. */
  webhook_test: { count: 10, seconds: 60 },
} as const satisfies Record<string, RateLimit>;

export type RateLimitClass = keyof typeof RATE_LIMITS;

/**
 * The classes of which a process may count a twentieth of the limit before all others know: those that are about load.
 * What guards secrets, mails and accounts is counted exactly.
 */
const LEASED: ReadonlySet<RateLimitClass> = new Set(['standard', 'premium', 'admin', 'scim', 'page_file']);

/** How many uses a process may count by itself. */
export function portionOf(rateClass: RateLimitClass, limit: RateLimit): number {
  return LEASED.has(rateClass) ? Math.floor(limit.count / 20) : 0;
}

/** The limit in force for each class; null is `off`. Throws on a value that is neither count/seconds nor off. */
export function rateLimitsFromEnv(
  env: Record<string, string | undefined>,
): Record<RateLimitClass, RateLimit | null> {
  const entries = Object.entries(RATE_LIMITS).map(([name, preset]) => {
    const variable = `RATE_LIMIT_${name.toUpperCase()}`;
    return [name, parseRateLimit(variable, env[variable]) ?? preset] as const;
  });
  const limits = Object.fromEntries(entries) as Record<RateLimitClass, RateLimit | 'off'>;
  return Object.fromEntries(
    Object.entries(limits).map(([name, limit]) => [name, limit === 'off' ? null : limit]),
  ) as Record<RateLimitClass, RateLimit | null>;
}

function parseRateLimit(variable: string, value: string | undefined): RateLimit | 'off' | null {
  if (!value) return null;
  if (value === 'off') return 'off';
  const match = /^([1-9]\d{0,8})\/([1-9]\d{0,6})$/.exec(value);
  if (!match) throw new Error(`${variable} is not count/seconds: ${value}`);
  return { count: Number(match[1]), seconds: Number(match[2]) };
}
