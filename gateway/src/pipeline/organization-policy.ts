import { type AccessPolicy, policySubject, refusalUnder } from '@rivergate/caller';
import { IpNotAllowed, ssoRequired, TokenNotAllowed } from '@rivergate/endpoint';
import type { Owners } from '@rivergate/service';
import type { Exchange } from '../exchange.ts';

/**
 * Step: does the organization that the request acts on admit it, by where it comes from, by its kind of token and by what opened its session? That
 * concerns members and clients. Strangers get nothing there anyway, and who administers the platform is not kept out:
 * that is how an organization gets in again that has locked itself out.
 */
export function organizationPolicy(owners: Pick<Owners, 'policy'>) {
  return (exchange: Exchange): void | Promise<void> => {
    const { principal, access } = exchange;
    exchange.subject = null;
    if (!principal || principal.organizationId === null) return;
    if (!principal.isMember && principal.kind !== 'client') return;
    const policy = access?.policy.policy;
    if (policy) return decide(exchange, policy);
    return owners.policy(principal.organizationId, access?.policy).then(told => decide(exchange, told));
  };
}

function decide(exchange: Exchange, policy: AccessPolicy): void {
  const { principal, route, access } = exchange;
  if (principal!.isSystemAdmin) return;
  const facts = access?.session.state === 'active' ? access.session.token : undefined;
  const subject = { organizationId: principal!.organizationId!, ...policySubject(principal!, facts) };
  const refusal = refusalUnder(policy, subject);
  if (refusal === 'token') throw TokenNotAllowed();
  if (refusal === 'ip' && !route?.anyNetwork) throw IpNotAllowed();
  if (refusal === 'sso' && !route?.anyNetwork) throw ssoRequired(policy.sso!.loginUrl);
  exchange.subject = subject;
}
