import { ssoButtons } from './sso-buttons.js';
import { askForSso } from './sso-required.js';

/**
 * Offers the sign-in of the organization that an address belongs to.
 *
 * @param code why the browser gave no session, if it said so
 */
export function organizationSignIn(code) {
  ssoButtons(document.getElementById('sign-in'), document.getElementById('sso'));
  if (code === 'SSO_REQUIRED') askForSso();
}
