export { jobKinds } from './declare.ts';
export { jobEndpoints } from './endpoints.ts';
export {
  findJob,
  type ItemRow,
  itemsOf,
  Job,
  JobError,
  JobRightLost,
  JobStatus,
  TooManyJobs,
} from './job.ts';
export type { ItemContext, JobEvents, JobKind, JobKindSpec } from './kind.ts';
export type { JobMetrics } from './metrics.ts';
export { jobReference } from './reference.ts';
export { dropOldJobs } from './retention.ts';
export { createJobTables, JOB_TABLES } from './table.ts';
export { type JobWorkers, startJobWorkers } from './workers.ts';
