export * from './branding.ts';
export * from './identity.ts';
export * from './managed-accounts.ts';
export * from './organization.ts';
export * from './personal-data.ts';
export * from './provisioning.ts';
export * from './sso-login.ts';
export * from './usage.ts';
