import { error } from '@rivergate/endpoint';

export { RequestTimeout, UpstreamBadResponse, UpstreamTimeout } from '@rivergate/endpoint';

/** What the gateway refuses beside the errors that libs/endpoint declares for everyone. */
export const ExpectationFailed = error(
  'EXPECTATION_FAILED',
  417,
  'Only "Expect: 100-continue" is understood',
);
/** Of SCIM's alias for the user who calls (RFC 7644, section 3.11): its tokens stand for organizations. */
export const NobodyIsMe = error(
  'NOT_IMPLEMENTED',
  501,
  'The token stands for an organization and not for a user, so there is nobody whom /Me could be',
);
export const HeadersTooLarge = error('REQUEST_HEADERS_TOO_LARGE', 431, 'The request headers are too large');
