import type { Failure } from '@rivergate/endpoint';
import { tokenHash } from '@rivergate/secrets';
import type { z } from 'zod';
import { DEVICE_CODE } from '../../oauth-applications/application.ts';
import type { Client } from '../client-store.ts';
import { endReusedGrant } from '../end-reused-grant.ts';
import { endedBySignOut, holdGrant, useCode } from '../grant-store.ts';
import { type IssuedTokens, type IssueTools, issueTokens } from '../issue.ts';
import {
  AccessDenied,
  AuthorizationPending,
  ExpiredToken,
  InvalidGrant,
  InvalidRequest,
  SlowDown,
  UnauthorizedClient,
} from '../oauth-errors.ts';
import { requireEntered } from '../require-entered.ts';
import { holdDeviceRequest, notePoll } from './device-request-store.ts';

/**
 * Tokens for a device, once its user has approved it (RFC 8628, sections 3.4 and 3.5).
 *
 * @param isMember whether the user belongs to the organization of the application still; null where nobody had approved
 * @returns a failure where it has to commit
 */
export async function deviceGrant(
  tools: IssueTools,
  client: Client,
  { device_code }: { device_code?: string | undefined },
  isMember: boolean | null,
): Promise<z.infer<typeof IssuedTokens> | Failure> {
  if (device_code === undefined) throw InvalidRequest(`The grant ${DEVICE_CODE} takes device_code`);
  if (!client.grant_types.includes(DEVICE_CODE)) throw UnauthorizedClient();
  const { db } = tools;
  const application_id = client.id;
  const request = await holdDeviceRequest(db, { application_id, device_code_hash: tokenHash(device_code) });
  if (!request) throw InvalidGrant();
  const grant =
    request.grant_id === null ? undefined : await holdGrant(db, { application_id, id: request.grant_id });
  if (request.grant_id !== null && !grant) throw InvalidGrant();
  if (grant?.code_used) return endReusedGrant(tools, client, grant);
  if (request.expired) throw ExpiredToken();
  await notePoll(db, request);
  if (request.too_soon) return SlowDown();
  if (request.refused) return AccessDenied();
  // Approved while this poll was on its way, nobody has asked about the user: the next one will.
  if (!grant || isMember === null) return AuthorizationPending();
  if (!isMember || grant.scopes.length === 0 || endedBySignOut(grant)) throw InvalidGrant();
  await requireEntered(db, grant);
  if (!(await useCode(db, grant.id))) return endReusedGrant(tools, client, grant);
  return issueTokens(tools, client, DEVICE_CODE, grant.scopes, grant, grant);
}
