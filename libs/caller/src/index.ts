export {
  type Access,
  type AccessQuestion,
  fillMembership,
  fillPolicy,
  fillSession,
  forgetMemberships,
  forgetSession,
  hasExpired,
  type KnownMembership,
  type KnownPolicy,
  type Login,
  type LoginState,
  type Member,
  type Membership,
  organizationGeneration,
  readAccess,
  recallAccess,
  revokeSession,
  type SessionState,
  type TokenLogin,
} from './access.ts';
export {
  type AccessPolicy,
  admits,
  type PolicySubject,
  refusalUnder,
  type SsoRequirement,
} from './access-policy.ts';
export { type AccessEvent, accessTopics, projectAccess } from './access-projection.ts';
export {
  type AccessTokenClaims,
  accessTokenAlgorithm,
  accessTokenAudience,
  accessTokenIssuer,
  accessTokenKeysPath,
  accessTokenLifetimeSeconds,
  accessTokenType,
} from './access-token.ts';
export {
  canonicalAddress,
  canonicalNetwork,
  countedAddress,
  countedNetwork,
  isLoopback,
  namesThisMachine,
  reachedByOthers,
} from './address.ts';
export { decidingPolicy } from './attribute-policy.ts';
export { clientStanding } from './client-standing.ts';
export {
  CREDENTIAL_HEADER,
  CREDENTIAL_LIFETIME,
  CredentialRefused,
  type CredentialRequest,
  credentialMemory,
  identityHeadersAgree,
  issueCredential,
  verifyCredential,
} from './credential.ts';
export {
  type CredentialKey,
  type CredentialKeys,
  credentialKey,
  credentialKeys,
  generateInternalKeys,
} from './credential-key.ts';
export type { Fact } from './fact-memory.ts';
export { type Known, readFacts, recallFacts } from './facts.ts';
export { isFirstUse } from './first-use.ts';
export { followAccessState } from './following.ts';
export { mayImpersonate } from './impersonation.ts';
export { type UsedOnce, usedOnce } from './one-use.ts';
export {
  BUILT_IN_ROLES,
  type BuiltInRole,
  holds,
  holdsIn,
  isPermission,
  PERMISSIONS,
  type Permission,
  type PermissionEntry,
  workspacesWith,
} from './permission.ts';
export {
  attributesOf,
  type PolicyPrincipal,
  type PolicyRequest,
  type RequestedOperation,
} from './policy-attributes.ts';
export { clockOf, type Explanation, explain, minutesOf, testOf } from './policy-condition.ts';
export {
  ATTRIBUTES,
  type AttributeName,
  type AttributePolicy,
  type Attributes,
  type AttributeValue,
  type Comparison,
  type Condition,
  OPERATORS,
  type TimeWindow,
} from './policy-language.ts';
export {
  type PolicyReport,
  type PolicyReports,
  policyReports,
  readPolicyReport,
} from './policy-report.ts';
export type { SampledRequest } from './policy-sample.ts';
export {
  forgetPolicySamples,
  MOST_SAMPLES,
  type PolicySamples,
  policySamples,
  readPolicySamples,
  SAMPLED_HOURS,
  type SampledHour,
} from './policy-samples.ts';
export { policySubject } from './policy-subject.ts';
export {
  anonymous,
  boundTo,
  type Impersonator,
  type Principal,
  type PrincipalToken,
  servicePrincipal,
  standingIn,
} from './principal.ts';
export type { ProcessName, ServiceName } from './process-name.ts';
export { RATE_LIMITS, type RateLimit, type RateLimitClass, rateLimitsFromEnv } from './rate-limit-class.ts';
export { type RateLimiter, type RateLimitVerdict, rateLimiter, rateLimitHeaders } from './rate-limiter.ts';
export { SCOPES, type Scope } from './scope.ts';
export {
  fillToken,
  forgetToken,
  revokeToken,
  type TokenFacts,
  type TokenKind,
  type TokenState,
} from './token-state.ts';
export { grantsIn, type WorkspaceGrant } from './workspace-grant.ts';
