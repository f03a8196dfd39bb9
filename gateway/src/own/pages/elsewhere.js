import { forgotPassword } from './forgot-password.js';
import { organizationSignIn } from './organization-sign-in.js';
import { socialButtons } from './social-buttons.js';

/** What leads out of the page and back: a mailed link to a new password, the organization's own sign-in, and accounts elsewhere. */
export function elsewhere() {
  forgotPassword();
  organizationSignIn();
  socialButtons(document.getElementById('social'));
}
