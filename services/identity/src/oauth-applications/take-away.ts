import type { Emit } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { openCodes } from '../oauth/grant-store.ts';
import { revokeTokens, withdrawScopes } from '../oauth/revoke-tokens.ts';
import type { ApplicationRow } from './application-store.ts';
import { isRegistered } from './redirect-uri.ts';

/** Takes from codes and tokens that are out what a change took from their application. It never comes back to them. */
export async function takeAway(
  tools: { db: Knex.Transaction; emit: Emit },
  organizationId: number | null,
  before: ApplicationRow,
  after: ApplicationRow,
): Promise<void> {
  const { id, client_id } = before;
  const owner = { id, client_id, organization_id: organizationId };
  if (after.status === 'revoked') {
    if (before.status !== 'revoked') await revokeTokens(tools, owner, {}, 'application_revoked');
    return;
  }
  const lost = before.grant_types.filter(type => !after.grant_types.includes(type));
  for (const grant_type of lost) await revokeTokens(tools, owner, { grant_type }, 'grant_type_removed');
  if (before.scopes.some(scope => !after.scopes.includes(scope)))
    await withdrawScopes(tools, owner, after.scopes);
  if (before.redirect_uris.every(uri => after.redirect_uris.includes(uri))) return;
  for (const code of await openCodes(tools.db, id))
    if (!isRegistered(after.redirect_uris, code.redirect_uri))
      await revokeTokens(tools, owner, { grant_id: code.id }, 'redirect_uri_removed');
}
