import { Failure } from '@rivergate/endpoint';
import type { Exchange } from '../exchange.ts';

const METADATA = '/.well-known/oauth-protected-resource';
const ORGANIZATIONS = '/api/v1/organizations/';

/** Adds to a 401 where its client learns how to get a token (RFC 9728, section 5.1). */
export type Challenge = (failure: Failure, exchange: Exchange) => Failure;

/**
 * To the first challenge of the header: one for another scheme may follow (RFC 9110, section 11.6.1). What acts in an
 * organization leads to the metadata of that organization: a client may be for it alone.
 */
export function challenge(publicUrl: string): Challenge {
  return (failure, { path, pathOrganizationId, route }) => {
    // No client of SCIM can ask for its token: an administrator has it issued.
    if (route?.caller === 'scim') return withChallenge(failure, 'Bearer realm="scim"');
    const [first, ...others] = failure.headers['WWW-Authenticate']?.split(/, (?=DPoP )/) ?? [];
    if (first === undefined || !/^(?:Bearer|DPoP)\b/.test(first)) return failure;
    const organization =
      pathOrganizationId !== null && path.startsWith(ORGANIZATIONS)
        ? `${ORGANIZATIONS}${pathOrganizationId}`
        : '';
    const joint = first.includes(' ') ? ', ' : ' ';
    const told = `${first}${joint}resource_metadata="${publicUrl}${METADATA}${organization}"`;
    return withChallenge(failure, [told, ...others].join(', '));
  };
}

function withChallenge({ code, status, message, details, headers }: Failure, challenge: string): Failure {
  return new Failure(
    { code, status, message },
    { details, headers: { ...headers, 'WWW-Authenticate': challenge } },
  );
}
