export { failureAnswer } from './answer.ts';
export { ANSWERED, type Answered } from './answered.ts';
export { requireRights } from './authorize.ts';
export { hasBody } from './body/bytes.ts';
export { parseJson } from './body/json.ts';
export { type BodyKind, form, json, multipart, raw } from './body/kinds.ts';
export type { SentFile } from './body/sent-file.ts';
export type { Files, ReceivedFile } from './body/upload.ts';
export { type WrittenBody, writeBody } from './body/write-body.ts';
export type { Call, CallForUser, CallOptions } from './call.ts';
export { type CallerOf, type CallerRule, isOpen, type UserRule } from './caller-of.ts';
export { type Origin, type ServiceClient, serviceClient } from './client.ts';
export {
  Content,
  type ContentOptions,
  content,
  eventStream,
  page,
  redirect,
  type SentEvent,
  type Source,
  type StreamTools,
  stream,
} from './content.ts';
export { newestFirst, oldestFirst } from './cursor.ts';
export { declaredErrors } from './declared-errors.ts';
export { deletion } from './deletion.ts';
export type { Deprecation } from './deprecation.ts';
export { DETAIL_CODES, MAX_DETAILS, MAX_FIELD_LENGTH } from './detail.ts';
export { type OpenApiFragment, openApiFragment } from './document/fragment.ts';
export { type MergedFragments, mergeFragments } from './document/merge.ts';
export { Domain, domainOfAddress } from './domain.ts';
export {
  type Briefly,
  type Context,
  type Emit,
  type Endpoint,
  endpoints,
  type Log,
  type RequestFacts,
  type TransactionContext,
} from './endpoint.ts';
export { matchesWeakly } from './entity-tag.ts';
export { emitterOf } from './execute.ts';
export * from './failure.ts';
export { createIdempotencyTable, forgetExpiredAnswers } from './idempotency.ts';
export {
  countAtMost,
  countOf,
  organizationList,
  Pagination,
  plannedByValues,
  platformList,
  sorting,
} from './list.ts';
export { type Manifest, type ManifestRoute, manifest } from './manifest.ts';
export { OAUTH_HEADERS } from './oauth-failure.ts';
export { ORGANIZATION_PARAMETER } from './organization-parameter.ts';
export { byPrecedence, publicPath, requestTarget, routeKey, templatePath } from './path.ts';
export { LIMITED, type Limited, rateLimited } from './rate-limit.ts';
export { refusal } from './refusal.ts';
export { requiredScope } from './required-scope.ts';
export { endpointRouter } from './route.ts';
export type { Runtime } from './runtime.ts';
export { displayText, EmailAddress, Id, Timestamp } from './schema.ts';
export { isScimType, SCIM_TYPE, type ScimRefusal } from './scim-failure.ts';
export { type SortedBy, sortedPages } from './sorted-cursor.ts';
export {
  type CallAnswer,
  type CallInput,
  type ContentKind,
  DEFAULT_BODY_LIMIT,
  type EndpointSpec,
  type Idempotency,
  type Input,
  type Method,
  Reply,
  reply,
  spec,
  type WorkspacePlace,
} from './spec.ts';
export { type EventBuffer, eventBuffer } from './streaming/event-buffer.ts';
export { acrossOrganizations, type Binding, bindCaller, withinOrganization } from './transaction.ts';
export { isAway } from './unavailable.ts';
export { isVisible } from './visible-text.ts';
