import { complain, onSubmit, showFailure } from '../form.js';
import { followRules, isNewPassword } from '../password-field.js';
import { call, closeSession } from './session.js';

/** A new password signs every device out, this page too. */
export function password() {
  const form = document.getElementById('password');
  const { current_password: current, new_password: first, repeated: second } = form.elements;
  followRules(first);
  onSubmit(form, 'Saving…', async ({ current_password, new_password }) => {
    if (!isNewPassword(first, second)) return;
    const answer = await call('POST', '/auth/change-password', { current_password, new_password });
    if (answer.code === 'INVALID_CURRENT_PASSWORD') {
      complain(current, 'This is not your password.');
      return current.select();
    }
    if (!answer.ok) return showFailure(form, answer, words[answer.code]);
    closeSession('Your new password is set. Every device was signed out.');
  });
}

const words = {
  CHANGE_PASSWORD_FAILED:
    'This is the password that you have. If you never had one, choose “Forgot password” where you sign in.',
};
