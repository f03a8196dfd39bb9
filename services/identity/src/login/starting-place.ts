import { startingPoint } from '@rivergate/contracts';
import { type Call, type Log, UpstreamUnavailable } from '@rivergate/endpoint';
import type { Account } from '../accounts/account-store.ts';

/** Milliseconds for which a login waits to be told where it starts, when it could also start nowhere. */
const DEADLINE = 1_000;

/** Organization and workspace of a session. */
export interface Place {
  organization_id: number | null;
  workspace_id: number | null;
}

/**
 * Where a login starts: in the workspace asked for, else where the last session was, else where organization says.
 * While organization is down the session starts nowhere, and a later refresh finds its place.
 *
 * @returns null for the place that the account remembers
 * @throws WorkspaceNotFound, and UpstreamUnavailable when a workspace was asked for that nobody can confirm
 */
export async function startingPlace(
  { call, log }: { call: Call; log: Log },
  account: Account,
  workspaceId: number | undefined,
): Promise<Place | null> {
  if (workspaceId === undefined && account.last_organization_id !== null) return null;
  const question = { params: { user_id: account.id }, query: { workspace_id: workspaceId } };
  if (workspaceId !== undefined) return call(startingPoint, question);
  try {
    return await call(startingPoint, question, { deadline: DEADLINE });
  } catch (cause) {
    if ((cause as { code?: string }).code !== UpstreamUnavailable.code) throw cause;
    log.warn({ user_id: account.id }, 'A session starts without an organization');
    return { organization_id: null, workspace_id: null };
  }
}
