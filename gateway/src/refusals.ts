import { error } from '@rivergate/endpoint';

export { RequestTimeout, UpstreamBadResponse, UpstreamTimeout } from '@rivergate/endpoint';

/** What the gateway refuses beside the errors that libs/endpoint declares for everyone. */
export const ExpectationFailed = error(
  'EXPECTATION_FAILED',
  417,
  'Only "Expect: 100-continue" is understood',
);
export const HeadersTooLarge = error('REQUEST_HEADERS_TOO_LARGE', 431, 'The request headers are too large');
