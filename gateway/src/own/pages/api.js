/** Milliseconds after which an answer is not waited for any more. */
const PATIENCE = 20_000;

/**
 * Asks the API of the platform that served this page.
 *
 * @returns `{ ok, status, code, message, data, details, retryAfter }`; status 0 where there was no answer, and
 *   `retryAfter` in seconds, null if the answer does not say
 */
export async function ask(method, path, { body, accessToken, keepalive = false, withCookie = false } = {}) {
  try {
    const response = await fetch(`/api/v1${path}`, {
      method,
      headers: {
        ...(body ? { 'Content-Type': 'application/json' } : {}),
        ...(accessToken ? { Authorization: `Bearer ${accessToken}` } : {}),
      },
      body: body && JSON.stringify(body),
      cache: 'no-store',
      credentials: withCookie ? 'same-origin' : 'omit',
      redirect: 'error',
      keepalive,
      signal: AbortSignal.timeout(PATIENCE),
    });
    const { data, error } = response.status === 204 ? {} : await response.json();
    return {
      ok: response.ok,
      status: response.status,
      code: error?.code,
      message: error?.message,
      details: error?.details ?? [],
      data,
      retryAfter: Number(response.headers.get('Retry-After')) || null,
    };
  } catch {
    return { ok: false, status: 0, details: [], retryAfter: null };
  }
}

/** Ends the session of an access token. @returns whether that worked */
export async function endSession(accessToken) {
  const { ok, status } = await ask('POST', '/auth/logout', { accessToken, keepalive: true });
  return ok || status === 401;
}
