export { accessOwners, askMembership, type Owners } from './access/owners.ts';
export { MANIFEST_VERSION_HEADER } from './application.ts';
export { type Config, processVariables, readConfig, readEnvironment } from './config.ts';
export { connectDatabase } from './database/connect.ts';
export { type Migration, migrate } from './database/migrate.ts';
export {
  cloneDatabase,
  DATABASE_ROLES,
  databaseUrl,
  EVENT_LOG_ROLE,
  type Provision,
  provisionDatabase,
  roleOf,
} from './database/provision.ts';
export { tenantTable } from './database/tenant.ts';
export {
  defineService,
  endpointsByTag,
  type Module,
  personalDataIn,
  type Resources,
  type ServiceDefinition,
} from './definition.ts';
export { closeServer, listen } from './http-server.ts';
export { createLog } from './log.ts';
export {
  type DataSubject,
  ofMember,
  ofUser,
  type PersonalData,
  type PersonalDataPolicy,
} from './personal-data/personal-data.ts';
export { runService } from './run.ts';
export { runProcess } from './run-process.ts';
export type { Schedule } from './schedule.ts';
export { SERVICES, type ServiceName, serviceUrl, urlVariable } from './services.ts';
export { migrateService, type RunningService, startService } from './start.ts';
export { startTracing } from './tracing.ts';
export { type Worker, wakeAfterCommit } from './worker.ts';
