import { domainOfAddress } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { SignInRefusal } from '../attempts/refusal.ts';
import { verifiedDomainsOf } from '../domains/verified-domains.ts';
import type { ProviderRow } from '../providers/provider-store.ts';

/**
 * A provider can say what it likes; it is believed about addresses in those of its domains that its organization has proved to
 * control.
 *
 * @throws SignInRefusal
 */
export async function requireServedAddress(
  db: Knex.Transaction,
  { organization_id, domains }: Pick<ProviderRow, 'organization_id' | 'domains'>,
  email: string,
): Promise<void> {
  const domain = domainOfAddress(email);
  if (!domains.includes(domain)) throw new SignInRefusal('DOMAIN_NOT_SERVED');
  if (!(await verifiedDomainsOf(db, organization_id)).includes(domain))
    throw new SignInRefusal('DOMAIN_NOT_VERIFIED');
}
