import { ask } from './api.js';
import { complain, onSubmit, showAlert, showFailure } from './form.js';
import { forgetRegistration, keepRegistration } from './registration.js';
import { fill } from './view.js';

const wrong = {
  INVALID_OTP: 'This is not the code. Look at the newest mail.',
  OTP_EXPIRED: 'This code has expired. Ask for a new one below.',
  TOO_MANY_ATTEMPTS: 'Too many wrong codes. Ask for a new one below.',
};

/**
 * Asks for the mailed code. Who opens the mailed link in this browser instead confirms the same registration.
 *
 * @returns starts it for an address
 */
export function confirmCode({ signedIn, startOver }) {
  const form = document.getElementById('confirm-code');
  const { otp_code: field } = form.elements;
  const again = document.getElementById('another-code');
  let waiting = { email: '', temporaryToken: '' };

  onSubmit(form, 'Confirming…', async ({ otp_code }) => {
    const body = { temporary_token: waiting.temporaryToken, otp_code: otp_code.trim() };
    const answer = await ask('POST', '/auth/verify-otp', { body });
    if (answer.ok || answer.code === 'INVALID_TOKEN') forgetRegistration();
    if (answer.ok && answer.data.access_token) return signedIn(answer.data, form);
    if (answer.ok || answer.code === 'INVALID_TOKEN') return startOver();
    if (!wrong[answer.code]) return showFailure(form, answer);
    complain(field, wrong[answer.code]);
    field.select();
  });

  again.addEventListener('click', async () => {
    if (again.getAttribute('aria-disabled') === 'true') return;
    again.setAttribute('aria-disabled', 'true');
    showAlert(form, '');
    fill({ 'code-news': '' });
    const body = { email: waiting.email, temporary_token: waiting.temporaryToken };
    const answer = await ask('POST', '/auth/resend-signup-otp', { body });
    again.removeAttribute('aria-disabled');
    if (['INVALID_TOKEN', 'EMAIL_ALREADY_VERIFIED'].includes(answer.code)) return startOver();
    if (!answer.ok) return showFailure(form, answer);
    waiting.temporaryToken = answer.data.temporary_token;
    keepRegistration(waiting.temporaryToken);
    complain(field, '');
    field.value = '';
    field.focus();
    fill({ 'code-news': 'A new code is on its way. Those before it do not work any more.' });
  });

  return (email, temporaryToken) => {
    waiting = { email, temporaryToken };
    keepRegistration(temporaryToken);
    fill({ 'code-email': email, 'code-news': '' });
    form.reset();
    field.focus();
  };
}
