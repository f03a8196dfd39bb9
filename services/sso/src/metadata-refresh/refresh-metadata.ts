import { acrossOrganizations, withinOrganization } from '@rivergate/endpoint';
import { type Outbound, OutboundFailure } from '@rivergate/outbound';
import type { Resources, Worker } from '@rivergate/service';
import type { Knex } from 'knex';
import type { SsoTools } from '../endpoint.ts';
import { isEnding } from '../organizations/organization-store.ts';
import { fetchMetadataAgain, type Refetched } from '../providers/fetch-metadata.ts';
import { SamlRefusal } from '../saml/index.ts';
import { noteFailure, noteRead, noteUnchanged, noteWithheld, type Refreshed } from './note-refresh.ts';
import { takeMetadata } from './take-metadata.ts';

export type RefreshTools = Pick<SsoTools & Resources, 'knex' | 'outbound' | 'mailer' | 'appUrl'>;

type Found = Refetched | { outcome: 'failed'; code: string; message: string };

/** Seconds for which a provider is one process's: longer than a fetch may take. */
const LEASE = 60;

/**
 * Reads the metadata of SAML providers again, each about once an hour, whoever has waited longest first. What is taken of it is
 * decided on the provider as it is under its lock.
 */
export const refreshMetadata: Worker<RefreshTools, Refreshed, string> = {
  name: 'metadata of SAML providers',
  slots: 5,
  claim: ({ knex }, most) =>
    knex.transaction(async db => {
      await acrossOrganizations(db);
      const due = db('providers')
        .where('metadata_refresh_at', '<=', db.fn.now())
        .where({ metadata_refresh: true, status: 'active' })
        .whereNotNull('metadata_url')
        .whereNotExists(db('organizations as o').whereRaw('o.id = providers.organization_id and o.ending'))
        .orderBy('metadata_refresh_at')
        .limit(most)
        .forNoKeyUpdate()
        .skipLocked()
        .select('id');
      // By its claim a row is known again, so it has to be a time that JavaScript can tell from others.
      return await db('providers')
        .whereIn('id', due)
        .update({
          metadata_refresh_at: db.raw("date_trunc('milliseconds', now()) + ? * interval '1 second'", [LEASE]),
        })
        .returning('*');
    }),
  async work(tools, claimed) {
    const found = await look(tools.outbound, claimed);
    return await tools.knex.transaction(db => note(db, tools, claimed, found));
  },
  outcomeOf: outcome => outcome,
};

async function look(outbound: Outbound, provider: Refreshed): Promise<Found> {
  const { metadata_url, entity_id, metadata_valid_until } = provider;
  const isOver = metadata_valid_until !== null && metadata_valid_until <= new Date();
  const validators = isOver
    ? { etag: null, lastModified: null }
    : { etag: provider.metadata_etag, lastModified: provider.metadata_last_modified };
  try {
    return await fetchMetadataAgain(outbound, metadata_url, entity_id, validators);
  } catch (cause) {
    const message = (cause as Error).message;
    if (cause instanceof OutboundFailure)
      return { outcome: 'failed', code: cause.reason.toUpperCase(), message };
    if (cause instanceof SamlRefusal) return { outcome: 'failed', code: cause.code, message };
    throw cause;
  }
}

async function note(
  db: Knex.Transaction,
  tools: RefreshTools,
  claimed: Refreshed,
  found: Found,
): Promise<string> {
  const { id, organization_id, metadata_refresh_at, metadata_url, entity_id } = claimed;
  await withinOrganization(db, organization_id);
  // Not one that was deleted, turned off or set up otherwise while its metadata was on its way.
  const provider: Refreshed | undefined = await db('providers')
    .where({ id, metadata_refresh_at, metadata_url, entity_id, metadata_refresh: true, status: 'active' })
    .forNoKeyUpdate()
    .first();
  if (!provider || (await isEnding(db, organization_id))) return 'overtaken';
  const work = { ...tools, db };
  switch (found.outcome) {
    case 'unchanged':
      await noteUnchanged(db, provider);
      return 'unchanged';
    case 'failed':
      await noteFailure(work, provider, found);
      return 'failed to read';
    case 'other entity':
      await noteWithheld(work, provider, { reasons: ['OTHER_ENTITY'], sso_url: null, fingerprints: [] });
      return 'withheld';
    case 'read': {
      const taken = takeMetadata(provider, found.metadata, new Date());
      if ('certificates' in taken) {
        await noteRead(work, provider, taken, found);
        return 'read';
      }
      const { singleSignOn, certificates } = found.metadata;
      await noteWithheld(work, provider, {
        reasons: taken.reasons,
        sso_url: singleSignOn.redirect,
        fingerprints: certificates.map(({ fingerprint }) => fingerprint).toSorted(),
      });
      return 'withheld';
    }
  }
}
