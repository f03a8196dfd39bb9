import { error } from '@rivergate/endpoint';

/** RFC 7591, section 3.2.2. */
export const InvalidRedirectUri = error(
  'invalid_redirect_uri',
  400,
  'A redirect URI is no https address, no http address of this machine and no address of an app',
);
export const InvalidClientMetadata = error(
  'invalid_client_metadata',
  400,
  'What the client says of itself cannot be registered',
);
/** RFC 6750, section 3.1. */
const InvalidToken = error('invalid_token', 401, 'There has to be a token for this, and it has to be good');
export const RegistrationClosed = error(
  'temporarily_unavailable',
  503,
  'As many clients have registered themselves as can; try again later',
);

export { InvalidToken };

export const unauthorized = () =>
  InvalidToken(undefined, [], { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
export const closed = () => RegistrationClosed(undefined, [], { 'Retry-After': '3600' });
