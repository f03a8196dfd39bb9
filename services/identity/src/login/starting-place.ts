import { startingPoint } from '@rivergate/contracts';
import { type Call, type Log, type RequestFacts, UpstreamUnavailable } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { Account } from '../accounts/account-store.ts';
import { admissionRefusal, requireAdmitted, ssoRefusalAnywhere } from '../organizations/admission.ts';

/** Milliseconds for which a login waits to be told where it starts, when it could also start nowhere. */
const DEADLINE = 1_000;

/** Organization and workspace of a session. */
export interface Place {
  organization_id: number | null;
  workspace_id: number | null;
}

/**
 * Where a login starts: in the workspace asked for, else where the last session was, if that admits the address and what was
 * proved, else where organization says.
 * While organization is down the session starts nowhere, and a later refresh finds its place.
 *
 * @returns null for the place that the account remembers
 * @throws WorkspaceNotFound, UpstreamUnavailable when a workspace was asked for that nobody can confirm, and IpNotAllowed
 *   or SsoRequired where no organization of the user admits the address and what was proved, or that of the workspace does not
 */
export async function startingPlace(
  { knex, call, log, request }: { knex: Knex; call: Call; log: Log; request: RequestFacts },
  account: Account,
  workspaceId: number | undefined,
): Promise<Place | null> {
  const { id: userId, last_organization_id: last } = account;
  const params = { user_id: userId };
  const { ip } = request;
  const entering = { userId, ip, ssoOrganizationId: null };
  if (workspaceId !== undefined) {
    const named = await call(startingPoint, { params, query: { workspace_id: workspaceId } });
    await requireAdmitted(knex, { ...entering, organizationId: named.organization_id });
    return named;
  }
  const refusal = await admissionRefusal(knex, { ...entering, organizationId: last });
  if (last !== null && !refusal) return null;
  try {
    const query = ip === null ? {} : { ip };
    const place = await call(startingPoint, { params, query }, { deadline: DEADLINE });
    const nowhere =
      place.organization_id === null ? (refusal ?? (await ssoRefusalAnywhere(knex, userId))) : null;
    if (nowhere) throw nowhere;
    return place;
  } catch (cause) {
    if ((cause as { code?: string }).code !== UpstreamUnavailable.code) throw cause;
    log.warn({ user_id: account.id }, 'A session starts without an organization');
    return { organization_id: null, workspace_id: null };
  }
}
