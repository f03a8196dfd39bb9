import { showAlert } from './form.js';
import { ssoRequiredWords } from './sign-in.js';

/** Leads on somebody whose sign-in does not count in an organization, by the form for another one. */
export function askForSso(email = '') {
  const form = document.getElementById('sign-in');
  const field = form.elements.email;
  if (email) field.value = email;
  // The way by which a field tells that its address is another one.
  field.dispatchEvent(new Event('change'));
  showAlert(form, ssoRequiredWords);
}
