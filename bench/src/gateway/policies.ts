import type { AccessPolicy } from '@rivergate/caller';

/** Of an organization that has set nothing. */
export const EVERYTHING: AccessPolicy = {
  ipAllowList: [],
  personalTokens: true,
  personalTokenAge: null,
  organizationTokens: true,
  oauthApplications: true,
  sso: null,
  attributePolicies: [],
};

/** Of one that admits a thousand networks; that from which the load comes is the last of them. */
export const THOUSAND_NETWORKS: AccessPolicy = {
  ...EVERYTHING,
  ipAllowList: [
    ...Array.from({ length: 999 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`),
    '127.0.0.0/8',
  ],
};
