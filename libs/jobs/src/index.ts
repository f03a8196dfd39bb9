export { jobKinds } from './declare.ts';
export { jobEndpoints } from './endpoints.ts';
export { Job, JobRightLost, JobStatus, TooManyJobs } from './job.ts';
export type { ItemContext, JobEvents, JobKind, JobKindSpec } from './kind.ts';
export type { JobMetrics } from './metrics.ts';
export { dropOldJobs } from './retention.ts';
export { createJobTables, JOB_TABLES } from './table.ts';
export { type JobWorkers, startJobWorkers } from './workers.ts';
