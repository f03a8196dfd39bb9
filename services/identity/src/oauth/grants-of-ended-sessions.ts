import { forgetConsents } from './consent-store.ts';
import { grantsOfSessions } from './grant-store.ts';
import { revokeTokens } from './revoke-tokens.ts';

/**
 * Ends what was approved in sessions that have ended: grants that sign somebody in and may not act while the user is away.
 *
 * @param taken whether it may not have been the user who approved: then all that was approved in the sessions ends, and
 *   what the users had agreed to is asked anew
 */
export async function endGrantsOfSessions(
  tools: Parameters<typeof revokeTokens>[0],
  sessions: readonly { id: number; user_id: number }[],
  { taken }: { taken: boolean },
): Promise<void> {
  if (sessions.length === 0) return;
  const ids = sessions.map(({ id }) => id);
  for (const { grant_id, ...application } of await grantsOfSessions(tools.db, ids, { all: taken }))
    await revokeTokens(tools, application, { grant_id }, 'session_ended');
  if (!taken) return;
  for (const userId of new Set(sessions.map(({ user_id }) => user_id)))
    await forgetConsents(tools.db, userId);
}
