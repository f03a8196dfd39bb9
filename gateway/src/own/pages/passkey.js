import { ask } from './api.js';

/** Whether this browser has passkeys at all. */
export const hasPasskeys = 'PublicKeyCredential' in globalThis;

/**
 * Signs in with a passkey of the account that has this address.
 *
 * @returns the API's answer; null where the person turned back, or no passkey is at hand
 */
export async function signInWithPasskey(email) {
  const start = await ask('POST', '/webauthn/authenticate/start', { body: { email } });
  if (!start.ok) return start;
  const { challenge, allowCredentials, timeout, userVerification, rpId } = start.data;
  const publicKey = {
    challenge: bytes(challenge),
    allowCredentials: allowCredentials.map(({ id, ...more }) => ({ ...more, id: bytes(id) })),
    timeout,
    userVerification,
    rpId,
  };
  let found;
  try {
    found = await navigator.credentials.get({ publicKey });
  } catch {
    return null;
  }
  const { authenticatorData, clientDataJSON, signature, userHandle } = found.response;
  const response = {
    authenticatorData: text(authenticatorData),
    clientDataJSON: text(clientDataJSON),
    signature: text(signature),
    userHandle: userHandle && text(userHandle),
  };
  const credential = { id: found.id, rawId: text(found.rawId), type: found.type, response };
  return ask('POST', '/webauthn/authenticate/complete', { body: { email, credential } });
}

function bytes(base64url) {
  const base64 = base64url.replaceAll('-', '+').replaceAll('_', '/');
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0));
}

function text(buffer) {
  const base64 = btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
