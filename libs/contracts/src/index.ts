export * from './identity.ts';
export * from './organization.ts';
export * from './usage.ts';
