import type { Failure } from '@rivergate/endpoint';
import { tokenHash } from '@rivergate/secrets';
import type { z } from 'zod';
import type { Client } from './client-store.ts';
import { endReusedGrant } from './end-reused-grant.ts';
import { endedBySignOut, holdGrant } from './grant-store.ts';
import { type IssuedTokens, type IssueTools, issueTokens } from './issue.ts';
import {
  InvalidGrant,
  InvalidRequest,
  InvalidScope,
  InvalidTarget,
  UnauthorizedClient,
} from './oauth-errors.ts';
import { requireEntered } from './require-entered.ts';
import { narrowed } from './resource.ts';
import { requestedScopes } from './scope.ts';
import type { TokenRequest } from './token-request.ts';
import { issuedToken, lifetimesFor, useRefreshToken } from './token-store.ts';

/**
 * New tokens for a refresh token, which works once (RFC 6749, section 6).
 *
 * @param isMember whether its user belongs to the organization of the application still
 * @returns a failure where it has to commit
 */
export async function refreshGrant(
  tools: IssueTools,
  client: Client,
  body: Pick<TokenRequest, 'refresh_token' | 'scope' | 'resource'>,
  isMember: boolean | null,
): Promise<z.infer<typeof IssuedTokens> | Failure> {
  if (body.refresh_token === undefined) throw InvalidRequest('The grant refresh_token takes refresh_token');
  if (client.grant_types.every(type => type === 'client_credentials')) throw UnauthorizedClient();
  const { db } = tools;
  const hash = tokenHash(body.refresh_token);
  const token = await issuedToken(db, hash);
  if (token?.kind !== 'refresh' || token.application_id !== client.id) throw InvalidGrant();
  // Before it is used: who lacks the key neither spends it nor ends the grant.
  if (token.key_thumbprint !== null && token.key_thumbprint !== tools.provenKey) throw InvalidGrant();
  const grant = await holdGrant(db, { application_id: client.id, id: token.grant_id! });
  if (!grant) throw InvalidGrant();
  const target = narrowed(grant, body.resource, tools.settings.publicUrl);
  if (!target) throw InvalidTarget();
  const { refresh } = await lifetimesFor(db, client, grant.organization_id);
  const use = await useRefreshToken(db, hash, refresh);
  if (use.state === 'reused') return endReusedGrant(tools, client, grant);
  if (use.state === 'ended' || !isMember || endedBySignOut(grant)) throw InvalidGrant();
  await requireEntered(db, grant);
  const scopes = requestedScopes(body.scope, use.scopes);
  if (!scopes || scopes.length === 0) throw InvalidScope();
  // An ID token has no nonce then (OpenID Connect Core 1.0, section 12.2).
  const granted = { ...grant, nonce: null, scopes: use.scopes };
  return issueTokens(tools, client, 'refresh_token', scopes, granted, { ...grant, ...target });
}
