import { type AccessPolicy, refusalUnder } from '@rivergate/caller';
import { IpNotAllowed, TokenNotAllowed } from '@rivergate/endpoint';
import type { Owners } from '@rivergate/service';
import type { Exchange } from '../exchange.ts';

/**
 * Step: does the organization that the request acts on admit it, by where it comes from and by its kind of token? That
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
  const { principal, route, access, ip } = exchange;
  if (principal!.isSystemAdmin) return;
  const { login } = exchange.token!;
  const facts = access?.session.state === 'active' ? access.session.token : undefined;
  const token = 'tokenHash' in login && facts ? { kind: login.kind, facts } : null;
  const subject = { organizationId: principal!.organizationId!, ip, token };
  const refusal = refusalUnder(policy, subject);
  if (refusal === 'token') throw TokenNotAllowed();
  if (refusal === 'ip' && !route?.anyNetwork) throw IpNotAllowed();
  exchange.subject = subject;
}
