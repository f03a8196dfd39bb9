import { startOf } from '../saml/index.ts';
import { lastingOf, type ProviderRow } from './provider-store.ts';

/** As administrators see it, without certificates and secret. */
export function shownProvider(row: ProviderRow, verifiedDomains: readonly string[]) {
  const {
    organization_id: _1,
    created_by: _2,
    certificates,
    client_secret_sealed: _3,
    metadata_refresh_at: _4,
    metadata_refreshed_at: _5,
    metadata_valid_until: _6,
    metadata_etag: _7,
    metadata_last_modified: _8,
    metadata_failure: _9,
    metadata_withheld: _10,
    metadata_told_at: _11,
    certificates_noticed: _12,
    ...shown
  } = row;
  const lasting = lastingOf(certificates);
  return {
    ...shown,
    verified_domains: row.domains.filter(domain => verifiedDomains.includes(domain)),
    certificate_fingerprint: lasting?.fingerprint ?? null,
    certificate_expires_at: lasting?.expires_at ?? null,
  };
}

/** Those that are trusted, the one that is good for longest first. */
export const shownCertificates = ({ certificates }: Pick<ProviderRow, 'certificates'>) =>
  certificates
    .toSorted((left, right) => (left.expires_at > right.expires_at ? -1 : 1))
    .map(({ pem, fingerprint, expires_at, missing_since = null }) => ({
      fingerprint,
      not_before: startOf(pem),
      not_after: expires_at,
      missing_since,
    }));

/** What came of reading its metadata again; null for one of which it is not read. */
export function shownMetadata({
  metadata_url,
  metadata_refresh,
  metadata_refresh_at,
  metadata_refreshed_at,
  metadata_failure,
  metadata_withheld,
  status,
}: ProviderRow) {
  if (metadata_url === null) return null;
  const failure = metadata_failure && {
    code: metadata_failure.code,
    message: metadata_failure.message,
    since: metadata_failure.since,
  };
  const withheld = metadata_withheld && {
    reasons: metadata_withheld.reasons,
    sso_url: metadata_withheld.sso_url,
    certificate_fingerprints: metadata_withheld.fingerprints,
    since: metadata_withheld.since,
  };
  const goesOn = metadata_refresh && status === 'active';
  return {
    refreshed_at: metadata_refreshed_at,
    next_refresh_at: goesOn ? metadata_refresh_at : null,
    failure,
    withheld,
  };
}
