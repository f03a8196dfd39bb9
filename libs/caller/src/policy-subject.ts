import type { PolicySubject } from './access-policy.ts';
import type { Principal } from './principal.ts';
import type { TokenFacts } from './token-state.ts';

/**
 * A request as the policy of the organization that it acts on is asked about it.
 *
 * @param facts of the token, where one stands in place of the session
 */
export function policySubject(principal: Principal, facts: TokenFacts | undefined): PolicySubject {
  const { ip, token, userId, impersonator, organizationId, sessionBoundTo } = principal;
  return {
    ip,
    token: token && facts ? { kind: token.kind, facts } : null,
    userId: impersonator?.userId ?? userId,
    bySso: organizationId !== null && organizationId === (facts ? facts.ssoOrganizationId : sessionBoundTo),
  };
}
