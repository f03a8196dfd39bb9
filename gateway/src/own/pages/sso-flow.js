import { here } from './here.js';

const FLOW = 'sso';

const inBase64Url = bytes =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

/** A verifier that stays in this tab, and its S256 challenge (RFC 7636, section 4). */
export async function newVerifier() {
  const verifier = inBase64Url(crypto.getRandomValues(new Uint8Array(32)));
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  return { verifier, challenge: inBase64Url(hash) };
}

/**
 * Goes to an organization's identity provider, and keeps in this tab alone how the way back is known.
 *
 * @param back where the person goes on afterwards
 */
export async function goToProvider(id, email, back = here()) {
  const { verifier, challenge } = await newVerifier();
  const state = `page.${crypto.randomUUID()}`;
  sessionStorage.setItem(FLOW, JSON.stringify({ state, verifier, back }));
  const asked = { code_challenge: challenge, state, ...(email ? { login_hint: email } : {}) };
  location.assign(`/api/v1/sso/providers/${id}/login?${new URLSearchParams(asked)}`);
}

/**
 * What was kept for a state, once: what comes with another one was begun by somebody who would have this person signed in as
 * somebody else.
 */
export function takeSsoFlow(state) {
  const flow = JSON.parse(sessionStorage.getItem(FLOW));
  sessionStorage.removeItem(FLOW);
  return flow && flow.state === state ? flow : undefined;
}
