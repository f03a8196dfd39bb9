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
  const allowed = PERMISSIONS.filter(({ action }) => scope.includes(action === 'read' ? 'read' : 'write'));
  return {
    organizationId,
    isAdmin: scope.includes('admin'),
    permissions: allowed.map(({ code }) => code),
    scope,
  };
}
