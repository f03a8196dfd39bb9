import type { Failure } from '@rivergate/endpoint';
import { tokenHash } from '@rivergate/secrets';
import type { z } from 'zod';
import type { Client } from './client-store.ts';
import { verifies } from './code-challenge.ts';
import { endReusedGrant } from './end-reused-grant.ts';
import { endedBySignOut, holdGrant, useCode } from './grant-store.ts';
import { type IssuedTokens, type IssueTools, issueTokens } from './issue.ts';
import { InvalidGrant, InvalidRequest, InvalidTarget, UnauthorizedClient } from './oauth-errors.ts';
import { requireEntered } from './require-entered.ts';
import { narrowed } from './resource.ts';
import type { TokenRequest } from './token-request.ts';

/**
 * Tokens for a code (RFC 6749, section 4.1.3).
 *
 * @param isMember whether its user belongs to the organization of the application still
 * @returns a failure where it has to commit
 */
export async function exchangeCode(
  tools: IssueTools,
  client: Client,
  body: Pick<TokenRequest, 'code' | 'redirect_uri' | 'code_verifier' | 'resource'>,
  isMember: boolean | null,
): Promise<z.infer<typeof IssuedTokens> | Failure> {
  const { code, redirect_uri, code_verifier } = body;
  if (code === undefined || redirect_uri === undefined)
    throw InvalidRequest('The grant authorization_code takes code and redirect_uri');
  if (!client.grant_types.includes('authorization_code')) throw UnauthorizedClient();
  const { db } = tools;
  const grant = await holdGrant(db, { application_id: client.id, code_hash: tokenHash(code) });
  if (!grant) throw InvalidGrant();
  if (grant.code_used) return endReusedGrant(tools, client, grant);
  if (grant.code_expired || grant.redirect_uri !== redirect_uri) throw InvalidGrant();
  if (grant.key_thumbprint !== null && grant.key_thumbprint !== tools.provenKey) throw InvalidGrant();
  if (grant.code_challenge !== null && code_verifier === undefined)
    throw InvalidRequest('The code was asked for with a code_challenge: it takes its code_verifier');
  if (!verifies(code_verifier, grant.code_challenge)) throw InvalidGrant();
  const target = narrowed(grant, body.resource, tools.settings.publicUrl);
  if (!target) throw InvalidTarget();
  if (!isMember || grant.scopes.length === 0 || endedBySignOut(grant)) throw InvalidGrant();
  await requireEntered(db, grant);
  if (!(await useCode(db, grant.id))) return endReusedGrant(tools, client, grant);
  return issueTokens(tools, client, 'authorization_code', grant.scopes, grant, { ...grant, ...target });
}
