import { type Context, Failure, RateLimited } from '@rivergate/endpoint';

/** Anybody can send what is refused: administrators see the first ones of a minute. */
export async function isNoted(limit: Context['limit'], providerId: number): Promise<boolean> {
  try {
    await limit('sso_refused_response', `provider ${providerId}`);
    return true;
  } catch (cause) {
    if (cause instanceof Failure && cause.code === RateLimited.code) return false;
    throw cause;
  }
}
