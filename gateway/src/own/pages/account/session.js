import { ask, endSession } from '../api.js';
import { keptSession } from '../browser-session.js';

/** Of whoever is signed in, in memory alone; null where nobody is. */
let tokens = null;
let whenOver;
let renewal = null;
let proving = null;
let timer;

/** @param over gets the words that say why the session is over, unless the person is leaving the page */
export function beginSession(newTokens, over) {
  whenOver = over;
  keep(newTokens);
}

/** Whether the browser keeps the session, also for other pages. */
export const isKept = () => tokens?.kept === true;

/** They are renewed before they expire, so that there always are some by which leaving ends the session. */
function keep(newTokens) {
  tokens = { ...tokens, ...newTokens };
  clearTimeout(timer);
  timer = setTimeout(() => tokens && renew(tokens.access_token), newTokens.expires_in * 900);
}

/** Goes on with other tokens of the session. */
export const adopt = newTokens => keep(newTokens);

/**
 * Asks the API as the person. An access token that is not good any more is renewed once. Where the API wants to be shown again
 * that it is the person, the person is asked for that, and the API anew. What is answered after the
 * end of the session reaches nobody: there is no page left to show it.
 *
 * @returns what `ask` does
 */
export async function call(method, path, body) {
  let used = tokens?.access_token;
  let answer = await ask(method, path, { body, accessToken: used });
  if (tokens !== null && answer.code === 'UNAUTHORIZED') {
    const renewed = await renew(used);
    if (!renewed.ok && renewed.status !== 401) return renewed;
    if (tokens !== null && renewed.ok) {
      used = tokens.access_token;
      answer = await ask(method, path, { body, accessToken: used });
    }
    if (answer.code === 'UNAUTHORIZED') closeSession('The session of this page has ended.');
  }
  if (tokens !== null && answer.code === 'STEP_UP_REQUIRED') {
    if (!(await stepUp())) answer = { ...answer, message: 'Nothing has changed' };
    else answer = await ask(method, path, { body, accessToken: tokens.access_token });
  }
  return tokens === null ? new Promise(() => {}) : answer;
}

/** Those who need it at the same time share one; few need it, so it comes when it is needed. @returns whether the person has proved it */
async function stepUp() {
  proving ??= import('./step-up.js').then(
    ({ proveAgain }) => proveAgain(call),
    () => null,
  );
  const proved = await proving;
  proving = null;
  if (proved && tokens !== null && proved !== tokens) keep(proved);
  return proved !== null && tokens !== null;
}

/** A refresh token works once, so those who find the same access token expired share one renewal. */
async function renew(used) {
  if (tokens.access_token !== used) return { ok: true };
  renewal ??= isKept()
    ? renewKept()
    : ask('POST', '/auth/refresh', { body: { refresh_token: tokens.refresh_token } });
  const renewed = await renewal;
  renewal = null;
  if (renewed.ok && tokens?.access_token === used) keep(renewed.data);
  return renewed;
}

/** In another tab somebody else may have signed in meanwhile, whose account this page does not show. */
async function renewKept() {
  const answer = await keptSession();
  return answer.ok && answer.data.user_id !== tokens?.user_id ? { ok: false, status: 401 } : answer;
}

/** Forgets the session, which is over at the API already. */
export function closeSession(words) {
  if (tokens === null) return;
  tokens = null;
  whenOver(words);
}

/** Ends the session of somebody who leaves the page, unless the browser keeps it. */
export function leave() {
  if (tokens === null || isKept()) return;
  const { access_token } = tokens;
  tokens = null;
  endSession(access_token);
}
