import { boundedDetails, type FailureDetail } from './detail.ts';

export { type DetailCode, type FailureDetail, missingPermission, policyDetail } from './detail.ts';

/** A declared refusal on its way to the caller. Thrown, it rolls the transaction back; returned, it commits. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: string;
  readonly status: number;
  readonly details: FailureDetail[];
  readonly headers: Record<string, string>;

  constructor(
    declaration: { code: string; status: number; message: string },
    more: { message?: string; details?: FailureDetail[]; headers?: Record<string, string> } = {},
  ) {
    super(more.message ?? declaration.message);
    this.code = declaration.code;
    this.status = declaration.status;
    this.details = boundedDetails(more.details ?? []);
    this.headers = more.headers ?? {};
  }
}

/** An error that endpoints may declare, and the function that makes one. */
export interface ErrorDeclaration {
  (message?: string, details?: FailureDetail[], headers?: Record<string, string>): Failure;
  readonly code: string;
  readonly status: number;
  readonly summary: string;
}

/**
 * Declares an error once: its code (UPPER_SNAKE), HTTP status and message.
 *
 * @example export const SessionNotFound = error('SESSION_NOT_FOUND', 404, 'No such session');
 */
export function error(code: string, status: number, summary: string): ErrorDeclaration {
  const make = (message?: string, details?: FailureDetail[], headers?: Record<string, string>) =>
    new Failure({ code, status, message: summary }, { message, details, headers });
  return Object.assign(make, { code, status, summary });
}

export const MalformedRequest = error('MALFORMED_REQUEST', 400, 'The request could not be read');
export const Unauthorized = error('UNAUTHORIZED', 401, 'Sign in and send a valid access token');
export const StepUpRequired = error(
  'STEP_UP_REQUIRED',
  401,
  'Prove again that it is you, through /auth/step-up; you are still signed in',
);
export const Forbidden = error('FORBIDDEN', 403, 'You are not allowed to do this');
export const MfaEnrolmentRequired = error(
  'MFA_ENROLMENT_REQUIRED',
  403,
  'An organization of yours requires a second factor; set one up first',
);
export const IpNotAllowed = error(
  'IP_NOT_ALLOWED',
  403,
  'Your organization admits requests from certain networks only; connect from one of them, or switch to another organization',
);
export const TokenNotAllowed = error(
  'TOKEN_NOT_ALLOWED',
  403,
  'Your organization does not admit tokens of this kind or age; ask an administrator, or use another one',
);
export const SsoRequired = error(
  'SSO_REQUIRED',
  403,
  'Your organization is entered through its identity provider only; sign in there',
);
/** With where that is. */
export const ssoRequired = (loginUrl: string): Failure =>
  SsoRequired(undefined, [{ field: 'login_url', code: 'required', reason: loginUrl }]);
/** Its detail names the policy. */
export const PolicyDenied = error(
  'POLICY_DENIED',
  403,
  'A policy of your organization denies this request; ask an administrator of it',
);
export const CrossSiteRequest = error(
  'CROSS_SITE_REQUEST',
  403,
  'Another site may not make your browser do this; open the page here and do it there',
);
export const NotFound = error('NOT_FOUND', 404, 'There is nothing at this address');
export const MethodNotAllowed = error('METHOD_NOT_ALLOWED', 405, 'This address does not answer that method');
export const OrganizationNotFound = error('ORGANIZATION_NOT_FOUND', 404, 'No such organization');
export const IdempotencyConflict = error(
  'IDEMPOTENCY_CONFLICT',
  409,
  'This idempotency key was used with another request; use a new key',
);
export const PreconditionFailed = error(
  'PRECONDITION_FAILED',
  412,
  'This has changed since you read it; read it again and decide anew',
);
export const RequestTooLarge = error('REQUEST_ENTITY_TOO_LARGE', 413, 'The request body is too large');
export const UnsupportedMediaType = error(
  'UNSUPPORTED_MEDIA_TYPE',
  415,
  'The body has a media type or content coding that is not taken here',
);
export const RangeNotSatisfiable = error(
  'RANGE_NOT_SATISFIABLE',
  416,
  'There is less than the range begins with',
);
export const ValidationFailed = error(
  'VALIDATION_ERROR',
  422,
  'The request does not match what this endpoint takes',
);
export const RateLimited = error('RATE_LIMITED', 429, 'Too many requests; try again later');
export const RequestTimeout = error('REQUEST_TIMEOUT', 408, 'The request did not arrive in time');
export const InternalError = error('INTERNAL_ERROR', 500, 'Something went wrong on our side');
export const UpstreamUnavailable = error(
  'UPSTREAM_UNAVAILABLE',
  503,
  'A service that this request needs does not answer; try again shortly',
);
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
