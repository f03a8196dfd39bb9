import { forgotPassword } from './forgot-password.js';
import { socialButtons } from './social-buttons.js';
import { ssoButtons } from './sso-buttons.js';

/** What leads out of the page and back: a mailed link to a new password, the organization's own sign-in, and accounts elsewhere. */
export function elsewhere() {
  forgotPassword();
  ssoButtons(document.getElementById('sign-in'), document.getElementById('sso'));
  socialButtons(document.getElementById('social'));
}
