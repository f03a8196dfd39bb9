export { asyncapiDocument } from './asyncapi.ts';
export { auditEntry, INSERT_AUDIT_ENTRY } from './audit-entry.ts';
export {
  AUDIT_LOG_COLUMNS,
  AUDIT_OWNER,
  type AuditLogPlace,
  auditLogStatements,
} from './audit-log-table.ts';
export { type Backoff, backoff } from './backoff.ts';
export { type Bell, bell } from './bell.ts';
export { catalogue } from './catalogue/index.ts';
export { jobEvents } from './catalogue/job.ts';
export * from './catalogue/services.ts';
export { type Changes, changesOf } from './changes.ts';
export { type Consumer, type ConsumerTools, consumer, on, type Reaction } from './consumer.ts';
export { DEAD_LETTER, type DeadLetter } from './dead-letter.ts';
export {
  dataSchemaOf,
  deadLetterTopicOf,
  type EventData,
  type EventDeclaration,
  event,
  serviceOf,
  topicOf,
  webhookData,
} from './declaration.ts';
export { describeError } from './describe-error.ts';
export { type Emission, emit, LARGEST_EVENT } from './emit.ts';
export { type Actor, actorName, type CloudEvent, serviceActor } from './envelope.ts';
export { eraseAudited } from './erase-audited.ts';
export type { Delivery, EventLog, LogRecord, Subscribe, Subscription } from './event-log.ts';
export { type EventLogEnvironment, eventLogFromEnv } from './from-env.ts';
export type { Logger } from './logger.ts';
export type { EventMetrics } from './metrics.ts';
export type { Retry } from './react.ts';
export { type Relay, type StartRelay, startRelay } from './relay.ts';
export { type ReplayDeadLetters, replayDeadLetters } from './replay-dead-letters.ts';
export { sendAhead, sendWithCommit } from './sent-along.ts';
export {
  consumerGroup,
  type RunningConsumers,
  type StartConsumers,
  startConsumers,
} from './start-consumers.ts';
export { createEventTables } from './tables.ts';
