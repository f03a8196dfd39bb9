import type { z } from 'zod';
import type { Client } from './client-store.ts';
import { type IssuedTokens, type IssueTools, issueTokens } from './issue.ts';
import { InvalidScope, UnauthorizedClient } from './oauth-errors.ts';
import { requestedScopes } from './scope.ts';

/** A token by which the client acts for itself (RFC 6749, section 4.4). */
export async function clientCredentialsGrant(
  tools: IssueTools,
  client: Client,
  { scope }: { scope?: string | undefined },
): Promise<z.infer<typeof IssuedTokens>> {
  if (!client.grant_types.includes('client_credentials')) throw UnauthorizedClient();
  const scopes = requestedScopes(scope, client.scopes);
  if (!scopes) throw InvalidScope();
  return issueTokens(tools, client, 'client_credentials', scopes, null);
}
