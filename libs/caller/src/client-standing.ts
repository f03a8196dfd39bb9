import { PERMISSIONS } from './permission.ts';
import type { Principal } from './principal.ts';
import type { TokenFacts } from './token-state.ts';

/**
 * What the scopes of a token that stands for no user let it do in its organization: `read` all that reads, `write` all
 * other permissions, `admin` what is reserved to administrators. It is nobody elsewhere.
 */
export function clientStanding(
  organizationId: number | null,
  token: Pick<TokenFacts, 'organizationId' | 'scopes'>,
): Pick<Principal, 'organizationId' | 'isAdmin' | 'permissions' | 'scope'> {
  const scope = token.scopes;
  if (organizationId !== token.organizationId)
    return { organizationId: null, isAdmin: false, permissions: [], scope };
  return {
    organizationId,
    isAdmin: scope.includes('admin'),
    permissions: permissionsOf(scope.includes('read'), scope.includes('write')),
    scope,
  };
}

const known = new Map<string, readonly string[]>();

/** The same list for the same scopes: what is made of it has not to be made for each request. */
function permissionsOf(reads: boolean, writes: boolean): readonly string[] {
  const found = known.get(`${reads} ${writes}`);
  if (found) return found;
  const allowed = PERMISSIONS.filter(({ action }) => (action === 'read' ? reads : writes));
  const codes = Object.freeze(allowed.map(({ code }) => code));
  known.set(`${reads} ${writes}`, codes);
  return codes;
}
