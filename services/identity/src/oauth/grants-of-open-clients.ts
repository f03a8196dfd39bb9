import { revokeTokens } from './revoke-tokens.ts';
import { openClientsIn } from './token-store.ts';

/** What members let clients do that registered themselves ends where their organization does not want those any more. */
export async function endGrantsOfOpenClients(
  { db, emit }: Parameters<typeof revokeTokens>[0],
  organizationId: number,
): Promise<void> {
  for (const { grant_id, ...application } of await openClientsIn(db, organizationId))
    await revokeTokens(
      { db, emit },
      { ...application, organization_id: organizationId },
      { grant_id },
      'organization_settings',
    );
}
