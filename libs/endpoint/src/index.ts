export { failureAnswer } from './answer.ts';
export { ANSWERED, type Answered } from './answered.ts';
export { ORGANIZATION_PARAMETER } from './authorize.ts';
export { type Call, type OnBehalf, serviceClient } from './client.ts';
export { declaredErrors } from './declared-errors.ts';
export { DETAIL_CODES, MAX_DETAILS, MAX_FIELD_LENGTH } from './detail.ts';
export { type OpenApiFragment, openApiFragment } from './document/fragment.ts';
export { type MergedFragments, mergeFragments } from './document/merge.ts';
export {
  type Context,
  type Emit,
  type Endpoint,
  endpoints,
  type Log,
  type RequestFacts,
  type TransactionContext,
} from './endpoint.ts';
export * from './failure.ts';
export { createIdempotencyTable, forgetExpiredAnswers } from './idempotency.ts';
export { parseJson } from './json.ts';
export { type Manifest, type ManifestRoute, manifest } from './manifest.ts';
export { byPrecedence, publicPath, requestTarget, routeKey, templatePath } from './path.ts';
export { refusal } from './refusal.ts';
export { endpointRouter } from './route.ts';
export type { Runtime } from './runtime.ts';
export {
  displayText,
  EmailAddress,
  Id,
  organizationPage,
  Pagination,
  pagination,
  platformPage,
  Timestamp,
} from './schema.ts';
export {
  type CallAnswer,
  type CallerRule,
  type CallInput,
  DEFAULT_BODY_LIMIT,
  type EndpointSpec,
  type FileType,
  type Input,
  type Method,
  Reply,
  reply,
  spec,
} from './spec.ts';
export { acrossOrganizations, bindCaller, withinOrganization } from './transaction.ts';
