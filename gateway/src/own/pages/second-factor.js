import { ask } from './api.js';
import { complain, onSubmit, showAlert, showFailure } from './form.js';
import { ssoRequiredWords } from './sign-in.js';
import { fill } from './view.js';

const METHODS = {
  totp: { label: 'Code of your authenticator app', news: '' },
  email_otp: { label: 'Code that was mailed to you', news: 'A mail with a code is on its way.' },
};
const BACKUP = { label: 'Backup code', news: 'Each backup code works once.' };

const over = new Set(['INVALID_TOKEN', 'INVALID_TEMPORARY_TOKEN', 'SESSION_NOT_FOUND', 'USER_NOT_FOUND']);

/**
 * Asks for the second factor of a login: the code of an app or of a mail, or a backup code.
 *
 * @returns starts it with what the login answered
 */
export function secondFactor({ signedIn, startOver }) {
  const form = document.getElementById('second-factor');
  const { code: field, trusted } = form.elements;
  const others = [...form.querySelectorAll('[data-factor]')];
  let login = { token: '', methods: [], factor: null };

  /** Every way of proving needs a token of its own; a mailed code comes with it. */
  async function choose(factor) {
    const method = factor === 'backup' ? (login.factor ?? login.methods[0]) : factor;
    const body = { temporary_token: login.token, method };
    const answer = await ask('POST', '/auth/mfa/otp/generate', { body });
    if (over.has(answer.code)) return startOver('The sign-in took too long. Please sign in again.');
    if (!answer.ok) return showFailure(form, answer);
    login = { ...login, token: answer.data.temporary_token, factor: method, backup: factor === 'backup' };
    const { label, news } = factor === 'backup' ? BACKUP : METHODS[factor];
    fill({ 'factor-label': label, 'factor-news': news });
    for (const button of others) {
      const { factor: other } = button.dataset;
      button.hidden = other === factor || !(other === 'backup' || login.methods.includes(other));
    }
    showAlert(form, '');
    complain(field, '');
    field.value = '';
    field.inputMode = factor === 'backup' ? 'text' : 'numeric';
    field.focus();
  }

  onSubmit(form, 'Checking…', async ({ code }) => {
    const proof = login.backup ? { backup_code: code.trim() } : { code: code.trim() };
    const answer = await ask('POST', '/auth/mfa/verify', {
      body: { temporary_token: login.token, ...proof },
    });
    if (answer.code === 'INVALID_MFA_CODE' || answer.code === 'VALIDATION_ERROR') {
      complain(field, 'This is not the code, or it was used before.');
      return field.select();
    }
    if (over.has(answer.code)) return startOver('The sign-in took too long. Please sign in again.');
    if (answer.code === 'SSO_REQUIRED') return startOver(ssoRequiredWords);
    if (!answer.ok) return showFailure(form, answer);
    field.value = '';
    const { access_token: accessToken, trusted_device: device } = answer.data;
    if (device) {
      const path = trusted.checked ? '/devices/activate' : '/devices/skip';
      await ask('POST', path, { body: { activation_token: device.activation_token }, accessToken });
    }
    await signedIn(answer.data, form);
  });

  for (const button of others)
    button.addEventListener('click', () => {
      if (button.dataset.factor === 'backup') return choose('backup');
      return choose(button.dataset.factor);
    });

  return async ({ temporary_token, mfa_methods }) => {
    const methods = mfa_methods.filter(method => METHODS[method]);
    login = { token: temporary_token, methods, factor: null, backup: false };
    form.reset();
    await choose(methods.includes('totp') ? 'totp' : methods[0]);
  };
}
