import { ValidationFailed } from '@rivergate/endpoint';
import { type Outbound, OutboundFailure } from '@rivergate/outbound';

/**
 * For the `url` of a body that is stored, to be asked later.
 *
 * @throws ValidationFailed where it would not be asked, or its host is not found
 */
export async function requireReachable(outbound: Outbound, url: string): Promise<void> {
  try {
    await outbound.check(url);
  } catch (cause) {
    if (!(cause instanceof OutboundFailure)) throw cause;
    throw ValidationFailed(undefined, [{ field: 'body.url', code: 'not_allowed', reason: cause.message }]);
  }
}
