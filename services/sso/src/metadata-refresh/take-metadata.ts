import { asStored } from '../providers/configuration.ts';
import { logoutIn } from '../providers/fetch-metadata.ts';
import type { Withholding } from '../providers/metadata-state.ts';
import type { SamlProvider, StoredCertificate } from '../providers/provider-store.ts';
import { type IdentityProviderMetadata, MOST_CERTIFICATES } from '../saml/index.ts';

/** Milliseconds for which a certificate is trusted that the metadata has no longer. */
const OVERLAP = 86_400_000;

type Address = 'sso_url' | 'slo_url' | 'slo_response_url';

/** What a provider has by its metadata. */
export type Taken = Pick<SamlProvider, Address | 'slo_binding' | 'certificates'>;

/**
 * What becomes of a provider by metadata of its entity ID: either all of it is taken, or nothing.
 *
 * URLs stay at their origins, and one certificate at least has been trusted before. A document that has none of those
 * is what a provider that somebody else has put in the place of this one would publish, too.
 */
export function takeMetadata(
  provider: Taken,
  metadata: IdentityProviderMetadata,
  now: Date,
): { reasons: Withholding[] } | Taken {
  const { singleSignOn, certificates, fingerprints } = metadata;
  const published = new Set(fingerprints);
  const reasons: Withholding[] = [];
  const sso_url = singleSignOn.redirect;
  if (sso_url === null) reasons.push('NO_SSO_URL');
  else if (originOf(sso_url) !== originOf(provider.sso_url)) reasons.push('SSO_URL_ELSEWHERE');
  const logout = logoutIn(metadata);
  const origins = new Set([provider.sso_url, provider.slo_url, provider.slo_response_url].map(originOf));
  if (![logout.slo_url, logout.slo_response_url].every(url => url === null || origins.has(originOf(url))))
    reasons.push('SLO_URL_ELSEWHERE');
  const known = new Set(provider.certificates.map(({ fingerprint }) => fingerprint));
  if (!fingerprints.some(fingerprint => known.has(fingerprint))) reasons.push('NO_CERTIFICATE_IN_COMMON');
  if (sso_url === null || reasons.length > 0) return { reasons };

  const present: StoredCertificate[] = [];
  const missing: StoredCertificate[] = [];
  for (const { missing_since = now.toISOString(), ...certificate } of provider.certificates) {
    if (published.has(certificate.fingerprint)) present.push(certificate);
    else if (now.getTime() - Date.parse(missing_since) < OVERLAP)
      missing.push({ ...certificate, missing_since });
  }
  const added = certificates.filter(({ fingerprint }) => !known.has(fingerprint)).map(asStored);
  // Each is tried for a signature that none has made.
  return {
    ...logout,
    sso_url,
    certificates: [...present, ...added, ...missing].slice(0, MOST_CERTIFICATES),
  };
}

const originOf = (url: string | null) => (url === null ? null : new URL(url).origin);
