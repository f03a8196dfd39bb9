export * from './identity.ts';
export * from './organization.ts';
