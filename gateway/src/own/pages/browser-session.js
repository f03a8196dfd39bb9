import { ask } from './api.js';

/** Browsers keep the cookie where they know the origin for secure: by https, and on their own machine. */
const withCookie = isSecureContext;

/** Asks for the session that this browser keeps. @returns the API's answer; its data have `kept: true` */
export async function keptSession() {
  if (!withCookie) return { ok: false, status: 401 };
  const answer = await ask('POST', '/auth/browser-session/token', { withCookie });
  return answer.ok ? { ...answer, data: { ...answer.data, kept: true } } : answer;
}

/**
 * Has the browser keep a session that was opened on this page.
 *
 * @returns it as the page goes on with it: where the browser keeps nothing, by its own tokens, until it is left
 */
export async function keepSession(tokens) {
  if (!withCookie) return tokens;
  const { access_token: accessToken, refresh_token, user_id } = tokens;
  const body = { refresh_token };
  const { ok } = await ask('PUT', '/auth/browser-session', { body, accessToken, withCookie });
  if (!ok) return tokens;
  const { data } = await keptSession();
  return data?.user_id === user_id ? data : tokens;
}

/** Signs out of this browser. @returns the API's answer */
export const endKeptSession = () => ask('POST', '/auth/browser-session/end', { withCookie });

/** What to say about how long somebody stays signed in. */
export const stayWords = kept =>
  kept
    ? 'You stay signed in in this browser until you sign out, for a day at most.'
    : 'Closing or leaving this page signs you out of it.';
