/**
 * What an ID token says of how its user was authenticated, the weakest first: by one factor, by two, and by what cannot be
 * phished (OpenID Connect Extended Authentication Profile ACR Values 1.0, section 2).
 */
export const ACR_VALUES = ['urn:rivergate:acr:single', 'urn:rivergate:acr:mfa', 'phr'] as const;
export type Acr = (typeof ACR_VALUES)[number];

/** @param methods RFC 8176; `pop` is that of passkeys, which always verify their user here */
function strongest(methods: readonly string[]): Acr {
  if (methods.includes('pop')) return 'phr';
  return methods.includes('mfa') ? 'urn:rivergate:acr:mfa' : 'urn:rivergate:acr:single';
}

const isAcr = (value: string): value is Acr => ACR_VALUES.some(acr => acr === value);

/**
 * The first of the wanted values that was reached, a stronger login counting for each weaker one; else what was reached.
 *
 * @param wanted in order of preference
 */
export function acrOf(methods: readonly string[], wanted: readonly string[]): Acr {
  const reached = strongest(methods);
  const good = ACR_VALUES.slice(0, ACR_VALUES.indexOf(reached) + 1);
  return wanted.filter(isAcr).find(one => good.includes(one)) ?? reached;
}
