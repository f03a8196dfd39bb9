import { forgotPassword } from './forgot-password.js';
import { socialButtons } from './social-buttons.js';

/** What leads out of the page and back: a mailed link to a new password, and accounts elsewhere. */
export function elsewhere() {
  forgotPassword();
  socialButtons(document.getElementById('social'));
}
