import { error } from '@rivergate/endpoint';

/** What the gateway refuses beside the errors that libs/endpoint declares for everyone. */
export const RequestTimeout = error('REQUEST_TIMEOUT', 408, 'The request did not arrive in time');
export const ExpectationFailed = error(
  'EXPECTATION_FAILED',
  417,
  'Only "Expect: 100-continue" is understood',
);
export const HeadersTooLarge = error('REQUEST_HEADERS_TOO_LARGE', 431, 'The request headers are too large');
export const UpstreamBadResponse = error(
  'UPSTREAM_BAD_RESPONSE',
  502,
  'A service that this request needs answered nonsense',
);
export const UpstreamTimeout = error(
  'UPSTREAM_TIMEOUT',
  504,
  'A service that this request needs did not answer in time',
);
