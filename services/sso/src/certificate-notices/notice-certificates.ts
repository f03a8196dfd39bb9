import { acrossOrganizations, withinOrganization } from '@rivergate/endpoint';
import { emit, serviceActor, ssoCertificateExpiring } from '@rivergate/events';
import type { Resources, Schedule } from '@rivergate/service';
import type { Knex } from 'knex';
import type { SsoTools } from '../endpoint.ts';
import { nameOf } from '../organizations/organization-store.ts';
import { mailAdministrators } from '../people/administrators.ts';
import { ofProvider } from '../providers/provider.ts';
import { lastingOf, type SamlProvider } from '../providers/provider-store.ts';
import { expiringMail } from './expiring-mail.ts';

/** Days before a certificate expires at which administrators are told; 0: it has expired. */
const DAYS = [30, 7, 1, 0];
/** Of one that nobody was told of. */
const NEVER = 1_000;
/** Providers of one run; the others come with the next. */
const MOST = 500;
const A_DAY = 86_400_000;

type Tools = Pick<SsoTools & Resources, 'knex' | 'mailer' | 'appUrl' | 'log'>;

/**
 * Tells administrators before the last certificate of an active SAML provider expires, and when it has. Of one that a
 * longer-lived one stands beside nobody has to do anything.
 */
export const noticeCertificates: Schedule<Tools> = {
  name: 'notices of expiring certificates',
  every: 900,
  async run(tools) {
    for (const provider of await due(tools.knex))
      await tools.knex
        .transaction(db => tell(db, tools, provider))
        .catch(cause =>
          tools.log.warn({ err: cause, provider_id: provider.id }, 'Nobody was told of a certificate'),
        );
  },
};

type Due = Pick<SamlProvider, 'id' | 'organization_id'>;

async function due(knex: Knex): Promise<Due[]> {
  return await knex.transaction(async db => {
    await acrossOrganizations(db);
    const { rows } = await db.raw(
      `select p.id, p.organization_id from providers as p
         cross join lateral (
           select c ->> 'fingerprint' as fingerprint, cast(c ->> 'expires_at' as timestamptz) as expires_at
           from jsonb_array_elements(p.certificates) as c order by 2 desc limit 1
         ) as lasting
         cross join unnest(cast(:days as int[])) as threshold
       where p.provider_type = 'saml' and p.status = 'active'
         and lasting.expires_at <= now() + threshold * interval '1 day'
         and not exists (select from organizations as o where o.id = p.organization_id and o.ending)
         and coalesce(cast(p.certificates_noticed ->> lasting.fingerprint as int), :never) > threshold
       group by p.id order by min(lasting.expires_at) limit :most`,
      { days: DAYS, most: MOST, never: NEVER },
    );
    return rows;
  });
}

async function tell(
  db: Knex.Transaction,
  { mailer, appUrl }: Pick<Tools, 'mailer' | 'appUrl'>,
  { id, organization_id }: Due,
): Promise<void> {
  await withinOrganization(db, organization_id);
  const provider: SamlProvider | undefined = await db('providers')
    .where({ id, status: 'active' })
    .forNoKeyUpdate()
    .first();
  const lasting = provider && lastingOf(provider.certificates);
  if (!lasting) return;
  const { fingerprint, expires_at } = lasting;
  const left = Date.parse(expires_at) - Date.now();
  // Of several that have come at once administrators are told one time.
  const come = Math.min(...DAYS.filter(days => left <= days * A_DAY));
  // Infinite where none has come.
  if (come >= (provider.certificates_noticed[fingerprint] ?? NEVER)) return;
  await db('providers')
    .where({ id })
    .update({
      certificates_noticed: JSON.stringify({ ...provider.certificates_noticed, [fingerprint]: come }),
    });
  const data = {
    ...ofProvider(provider),
    fingerprint,
    expires_at,
    days_left: Math.max(0, Math.ceil(left / A_DAY)),
  };
  const actor = serviceActor('sso', null);
  await emit(db, ssoCertificateExpiring, { aggregateId: id, organizationId: organization_id, actor, data });
  const facts = {
    provider: provider.name,
    organization: await nameOf(db, organization_id),
    appUrl,
    fingerprint,
    expiresAt: new Date(expires_at),
    refreshes: provider.metadata_refresh === true && provider.metadata_url !== null,
  };
  await mailAdministrators(db, mailer, organization_id, to => expiringMail(to, facts));
}
