import type { z } from 'zod';
import type { Client } from './client-store.ts';
import { type IssuedTokens, type IssueTools, issueTokens } from './issue.ts';
import { InvalidScope, InvalidTarget, UnauthorizedClient } from './oauth-errors.ts';
import { narrowed } from './resource.ts';
import { requestedScopes } from './scope.ts';
import type { TokenRequest } from './token-request.ts';

/** A token by which the client acts for itself (RFC 6749, section 4.4). */
export async function clientCredentialsGrant(
  tools: IssueTools,
  client: Client,
  { scope, resource }: Pick<TokenRequest, 'scope' | 'resource'>,
): Promise<z.infer<typeof IssuedTokens>> {
  const { grant_types, organization_id } = client;
  // What belongs to no organization cannot stand for one.
  if (organization_id === null || !grant_types.includes('client_credentials')) throw UnauthorizedClient();
  const target = narrowed({ organization_id, resource: null }, resource, tools.settings.publicUrl);
  if (!target) throw InvalidTarget();
  const scopes = requestedScopes(scope, client.scopes);
  if (!scopes) throw InvalidScope();
  return issueTokens(tools, client, 'client_credentials', scopes, null, { organization_id, ...target });
}
