// Every event there is: a line for each service that has any.
export * from './identity.ts';
export * from './organization.ts';
export * from './sso.ts';
