import {
  type AccessPolicy,
  attributesOf,
  decidingPolicy,
  MOST_SAMPLES,
  type PolicyReports,
  type PolicySamples,
  policySubject,
  refusalUnder,
} from '@rivergate/caller';
import { IpNotAllowed, PolicyDenied, policyDetail, ssoRequired, TokenNotAllowed } from '@rivergate/endpoint';
import type { Owners } from '@rivergate/service';
import type { Exchange, OrganizationSubject } from '../exchange.ts';

/** Who hears of requests on which policies are tried. */
export type PolicyTrials = {
  /** Counts what policies in mode `report` apply to. */
  reports: PolicyReports;
  /** Keeps what dry runs are made on; null where the operator wants none kept. */
  samples: PolicySamples | null;
};

/**
 * Step: does the organization that the request acts on admit it, by where it comes from, by its kind of token, by what
 * opened its session and by its policies on attributes? That concerns members and clients. Strangers get nothing there anyway, and who administers the
 * platform is not kept out: that is how an organization gets in again that has locked itself out.
 *
 * @param trials not where a request is decided again
 */
export function organizationPolicy(owners: Pick<Owners, 'policy'>, trials: PolicyTrials | null) {
  return (exchange: Exchange): void | Promise<void> => {
    const { principal, access } = exchange;
    exchange.subject = null;
    if (!principal || principal.organizationId === null) return;
    if (!principal.isMember && principal.kind !== 'client') return;
    const policy = access?.policy.policy;
    if (policy) return decide(exchange, policy, trials);
    return owners
      .policy(principal.organizationId, access?.policy)
      .then(told => decide(exchange, told, trials));
  };
}

function decide(exchange: Exchange, policy: AccessPolicy, trials: PolicyTrials | null): void {
  const { principal, route, access } = exchange;
  if (principal!.isSystemAdmin) return;
  const facts = access?.session.state === 'active' ? access.session.token : undefined;
  const subject = {
    organizationId: principal!.organizationId!,
    ...policySubject(principal!, facts),
    principal: principal!,
    operation: route!,
  };
  const refusal = refusalUnder(policy, subject);
  if (refusal === 'token') throw TokenNotAllowed();
  if (!route!.anyNetwork) {
    if (refusal === 'ip') throw IpNotAllowed();
    if (refusal === 'sso') throw ssoRequired(policy.sso!.loginUrl);
    const most = policy.attributePolicies.length > 0 ? MOST_SAMPLES.withPolicies : MOST_SAMPLES.without;
    trials?.samples?.count(subject.organizationId, most, subject);
    const denying = denyingPolicy(policy, subject, trials?.reports);
    if (denying) throw PolicyDenied(undefined, [policyDetail(denying)]);
  }
  exchange.subject = subject;
}

/** The policy by attributes that denies a request; null where none does. */
export function denyingPolicy(
  { attributePolicies }: AccessPolicy,
  request: OrganizationSubject,
  reports: PolicyReports | null = null,
) {
  if (attributePolicies.length === 0) return null;
  const deciding = decidingPolicy(
    attributePolicies,
    attributesOf(request),
    reports ? (policy, applies) => reports.count(policy, applies, request) : undefined,
  );
  return deciding?.effect === 'deny' ? deciding : null;
}
