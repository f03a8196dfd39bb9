import { isDeepStrictEqual } from 'node:util';
import {
  changesOf,
  emit,
  serviceActor,
  ssoMetadataFailed,
  ssoMetadataTaken,
  ssoMetadataWithheld,
} from '@rivergate/events';
import type { Mail } from '@rivergate/mail';
import type { Knex } from 'knex';
import type { SsoTools } from '../endpoint.ts';
import { nameOf } from '../organizations/organization-store.ts';
import { mailAdministrators } from '../people/administrators.ts';
import type { Validators } from '../providers/fetch-metadata.ts';
import type { MetadataWithheld } from '../providers/metadata-state.ts';
import { ofProvider } from '../providers/provider.ts';
import type { ProviderFacts } from '../providers/provider-mail.ts';
import type { SamlProvider, StoredCertificate } from '../providers/provider-store.ts';
import type { IdentityProviderMetadata } from '../saml/index.ts';
import { failedMail, takenMail, withheldMail } from './metadata-mails.ts';
import type { Taken } from './take-metadata.ts';

/** One whose metadata is read again by itself. */
export type Refreshed = SamlProvider & { metadata_url: string };

type Work = Pick<SsoTools, 'mailer' | 'appUrl'> & { db: Knex.Transaction };

/** Seconds between two looks: what a provider asks for counts within these. */
const [SOONEST, USUALLY, LATEST] = [900, 3_600, 86_400];
/** Milliseconds of failing after which administrators are told, and between two mails on what is withheld. */
const A_DAY = 86_400_000;

/** When it is read again: not by all providers at the same time. */
function nextLook(
  db: Knex.Transaction,
  metadata?: Pick<IdentityProviderMetadata, 'cacheSeconds' | 'validUntil'>,
) {
  const { cacheSeconds = null, validUntil = null } = metadata ?? {};
  const valid = validUntil === null ? LATEST : (validUntil.getTime() - Date.now()) / 2_000;
  const seconds = Math.max(SOONEST, Math.min(LATEST, cacheSeconds ?? USUALLY, valid));
  return db.raw("now() + ? * (0.9 + 0.2 * random()) * interval '1 second'", [seconds]);
}

const update = (db: Knex.Transaction, { id }: Refreshed, changes: Record<string, unknown>) =>
  db('providers').where({ id }).update(changes);

const fingerprintsOf = (certificates: readonly StoredCertificate[]) =>
  certificates.map(({ fingerprint }) => fingerprint).toSorted();

async function tell(
  { db, mailer, appUrl }: Work,
  { organization_id, name }: Refreshed,
  mailTo: (to: string, facts: ProviderFacts) => Mail,
): Promise<void> {
  const facts = { provider: name, organization: await nameOf(db, organization_id), appUrl };
  await mailAdministrators(db, mailer, organization_id, to => mailTo(to, facts));
}

const by = ({ id, organization_id }: Refreshed) => ({
  aggregateId: id,
  organizationId: organization_id,
  actor: serviceActor('sso', null),
});

export async function noteUnchanged(db: Knex.Transaction, provider: Refreshed): Promise<void> {
  await update(db, provider, {
    metadata_refresh_at: nextLook(db),
    metadata_refreshed_at: db.fn.now(),
    metadata_failure: null,
  });
}

/** Takes what metadata says. Certificates that came or went are an event, and a mail. */
export async function noteRead(
  work: Work,
  provider: Refreshed,
  { certificates, ...addresses }: Taken,
  { metadata, validators }: { metadata: IdentityProviderMetadata; validators: Validators },
): Promise<void> {
  const { db } = work;
  // As long as a certificate is missing, the same document has something to say the next time.
  const isSettled = certificates.every(({ missing_since }) => missing_since === undefined);
  const { sso_url, slo_url, slo_response_url, slo_binding } = provider;
  const changes = changesOf<object>(
    { sso_url, slo_url, slo_response_url, slo_binding, certificates: fingerprintsOf(provider.certificates) },
    { ...addresses, certificates: fingerprintsOf(certificates) },
  );
  const isChanged = Object.keys(changes).length > 0;
  await update(db, provider, {
    ...addresses,
    certificates: JSON.stringify(certificates),
    metadata_refresh_at: nextLook(db, metadata),
    metadata_refreshed_at: db.fn.now(),
    metadata_valid_until: metadata.validUntil,
    metadata_etag: isSettled ? validators.etag : null,
    metadata_last_modified: isSettled ? validators.lastModified : null,
    metadata_failure: null,
    metadata_withheld: null,
    ...(isChanged && { updated_at: db.fn.now() }),
  });
  if (!isChanged) return;
  await emit(db, ssoMetadataTaken, { ...by(provider), data: { ...ofProvider(provider), changes } });
  await tell(work, provider, (to, facts) => takenMail(to, facts, changes));
}

/** Keeps what is not taken; administrators are told of it once, and of another one a day later at the earliest. */
export async function noteWithheld(
  work: Work,
  provider: Refreshed,
  found: Pick<MetadataWithheld, 'reasons' | 'sso_url' | 'fingerprints'>,
): Promise<void> {
  const { db } = work;
  const { since, told, ...before } = provider.metadata_withheld ?? { since: null, told: false };
  const isSame = isDeepStrictEqual(before, found);
  const lately =
    provider.metadata_told_at !== null && Date.now() - provider.metadata_told_at.getTime() < A_DAY;
  const isTold = (isSame && told) || !lately;
  const isNews = isTold && !(isSame && told);
  const withheld: MetadataWithheld = {
    ...found,
    since: (isSame && since) || new Date().toISOString(),
    told: isTold,
  };
  await update(db, provider, {
    metadata_refresh_at: nextLook(db),
    metadata_refreshed_at: db.fn.now(),
    metadata_failure: null,
    metadata_etag: null,
    metadata_last_modified: null,
    metadata_withheld: JSON.stringify(withheld),
    ...(isNews && { metadata_told_at: db.fn.now() }),
  });
  if (!isNews) return;
  const changes = changesOf(
    { sso_url: provider.sso_url, certificates: fingerprintsOf(provider.certificates) },
    { sso_url: found.sso_url, certificates: found.fingerprints },
  );
  const data = { ...ofProvider(provider), reasons: found.reasons, changes };
  await emit(db, ssoMetadataWithheld, { ...by(provider), data });
  await tell(work, provider, (to, facts) => withheldMail(to, facts, found.reasons));
}

/** Keeps why it could not be read; administrators are told once it has failed for a day. */
export async function noteFailure(
  work: Work,
  provider: Refreshed,
  { code, message }: { code: string; message: string },
): Promise<void> {
  const { db } = work;
  const { since = new Date().toISOString(), told = false } = provider.metadata_failure ?? {};
  const isNews = !told && Date.now() - Date.parse(since) >= A_DAY;
  await update(db, provider, {
    metadata_refresh_at: nextLook(db),
    metadata_failure: JSON.stringify({ code, message, since, told: told || isNews }),
  });
  if (!isNews) return;
  await emit(db, ssoMetadataFailed, {
    ...by(provider),
    data: { ...ofProvider(provider), reason: code, since },
  });
  await tell(work, provider, (to, facts) => failedMail(to, facts, message, new Date(since)));
}
