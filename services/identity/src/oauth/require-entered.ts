import type { Knex } from 'knex';
import { ssoRefusal } from '../organizations/admission.ts';
import type { Grant } from './grant-store.ts';
import { InvalidGrant } from './oauth-errors.ts';

/**
 * What is thrown spends nothing: the grant is good again when the organization lets people in in other ways too.
 *
 * @throws InvalidGrant where the organization asks for its identity provider, which did not open the session of the grant
 */
export async function requireEntered(
  db: Knex.Transaction,
  {
    user_id,
    organization_id,
    sso_organization_id,
  }: Pick<Grant, 'user_id' | 'organization_id' | 'sso_organization_id'>,
): Promise<void> {
  const entering = {
    userId: user_id,
    organizationId: organization_id,
    ssoOrganizationId: sso_organization_id,
  };
  const refusal = await ssoRefusal(db, entering);
  if (refusal) throw InvalidGrant(`${refusal.code}: ${refusal.message}: ${refusal.details[0]!.reason}`);
}
