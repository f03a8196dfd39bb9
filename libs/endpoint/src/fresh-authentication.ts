import type { Principal } from '@rivergate/caller';
import { StepUpRequired } from './failure.ts';
import type { EndpointSpec } from './spec.ts';

/** `acr_values` of a refusal for want of a second factor: what `amr` then has to name (RFC 8176). */
const WITH_SECOND_FACTOR = 'mfa';

/**
 * Whether the caller was authenticated of late, and with a second factor where the account had one, as far as the endpoint
 * asks for that (RFC 9470, section 3).
 *
 * @param longestAge seconds
 * @throws StepUpRequired
 */
export function requireFreshAuthentication(
  { fresh }: Pick<EndpointSpec, 'fresh'>,
  { authTime, secondFactorOmitted }: Principal,
  longestAge: number,
): void {
  if (!fresh) return;
  const isRecent = typeof authTime === 'number' && Date.now() / 1000 - authTime <= longestAge;
  if (isRecent && !secondFactorOmitted) return;
  const challenge = [
    'Bearer error="insufficient_user_authentication"',
    'error_description="A more recent or stronger authentication is required"',
    `max_age="${longestAge}"`,
    ...(secondFactorOmitted ? [`acr_values="${WITH_SECOND_FACTOR}"`] : []),
  ];
  throw StepUpRequired(undefined, undefined, { 'WWW-Authenticate': challenge.join(', ') });
}
