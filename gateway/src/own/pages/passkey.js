import { ask } from './api.js';

const Credential = globalThis.PublicKeyCredential;

/** Whether this browser has passkeys, and reads and writes them as JSON (WebAuthn Level 3, section 5.1). */
export const hasPasskeys = Boolean(Credential?.parseCreationOptionsFromJSON);

/** Signs in with a passkey of the account that has this address. @returns what `askForPasskey` does */
export function signInWithPasskey(email) {
  return askForPasskey(email, credential =>
    ask('POST', '/webauthn/authenticate/complete', { body: { email, credential } }),
  );
}

/**
 * Has a passkey of the account that has this address sign a challenge.
 *
 * @param send tells the API what was signed
 * @returns the API's answer; null where the person turned back, or no passkey is at hand
 */
export async function askForPasskey(email, send) {
  const start = await ask('POST', '/webauthn/authenticate/start', { body: { email } });
  if (!start.ok) return start;
  let credential;
  try {
    const publicKey = Credential.parseRequestOptionsFromJSON(start.data);
    credential = await navigator.credentials.get({ publicKey });
  } catch {
    return null;
  }
  return send(credential);
}

/**
 * Makes a passkey for the person that `call` asks the API as.
 *
 * @returns the API's answer, or a failure of the browser: PASSKEY_EXISTS on this device, or PASSKEY_DECLINED
 */
export async function createPasskey(call, deviceName) {
  const start = await call('POST', '/webauthn/register/start', { device_name: deviceName });
  if (!start.ok) return start;
  let credential;
  try {
    const publicKey = Credential.parseCreationOptionsFromJSON(start.data);
    credential = await navigator.credentials.create({ publicKey });
  } catch ({ name }) {
    const code = name === 'InvalidStateError' ? 'PASSKEY_EXISTS' : 'PASSKEY_DECLINED';
    return { ok: false, code, details: [] };
  }
  return call('POST', '/webauthn/register/complete', { credential, device_name: deviceName });
}
