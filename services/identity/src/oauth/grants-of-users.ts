import { type RevokeReason, revokeTokens } from './revoke-tokens.ts';
import { applicationsWithGrants } from './token-store.ts';

/** What a user let applications do ends for good, in one organization or in all. */
export async function endGrantsOfUser(
  tools: Parameters<typeof revokeTokens>[0],
  whose: Parameters<typeof applicationsWithGrants>[1],
  reason: RevokeReason,
): Promise<void> {
  for (const { grant_id, ...application } of await applicationsWithGrants(tools.db, whose))
    await revokeTokens(tools, application, { grant_id }, reason);
}
