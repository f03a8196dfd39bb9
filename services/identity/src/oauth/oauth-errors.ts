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

/** OpenID Connect Core 1.0, section 3.1.2.6; where a request is pushed, the client hears it itself (RFC 9126, section 2.3). */
export const RequestNotSupported = error('request_not_supported', 400, 'Request objects are not supported');
export const RegistrationNotSupported = error(
  'registration_not_supported',
  400,
  'The parameter registration is not supported',
);

/** Codes of RFC 8628, section 3.5. */
export const AuthorizationPending = error(
  'authorization_pending',
  400,
  'The user has not answered yet; ask again after the interval',
);
export const SlowDown = error(
  'slow_down',
  400,
  'The device asks too often; from now on the interval is 5 seconds longer',
);
export const AccessDenied = error('access_denied', 400, 'The user did not let the application act for them');
export const ExpiredToken = error('expired_token', 400, 'The device code has expired; begin anew');

/** RFC 9449, section 5. */
export const InvalidDpopProof = error('invalid_dpop_proof', 400, 'The DPoP proof does not count');
/** RFC 9449, section 8. */
export const UseDpopNonce = error(
  'use_dpop_nonce',
  400,
  'The DPoP proof has to repeat the nonce of the header DPoP-Nonce',
);

/** RFC 8707, section 2. */
export const InvalidTarget = error(
  'invalid_target',
  400,
  'The resource is unknown, or the client or grant is not for it',
);
