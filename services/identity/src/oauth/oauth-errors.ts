import { error } from '@rivergate/endpoint';

/** Codes of RFC 6749, sections 4.1.2.1 and 5.2. */
export const InvalidRequest = error(
  'invalid_request',
  400,
  'A parameter is missing, repeated or malformed, or the redirect URI is not registered',
);
/** At the token endpoint and its like, where the client authenticates itself. */
export const InvalidClient = error(
  'invalid_client',
  401,
  'The client is unknown or revoked, or its secret is wrong',
);
/** Where a user authorizes a client. */
export const UnknownClient = error('invalid_client', 400, 'The client is unknown or revoked');
export const InvalidGrant = error(
  'invalid_grant',
  400,
  'The code or refresh token is not good for this client and this request',
);
export const UnauthorizedClient = error(
  'unauthorized_client',
  400,
  'The application is not registered for this grant',
);
export const UnsupportedGrantType = error(
  'unsupported_grant_type',
  400,
  'grant_type is none of grant_types_supported',
);
export const InvalidScope = error('invalid_scope', 400, 'The scope exceeds what is allowed');
