import { ask } from './api.js';
import { onSubmit, showFailure } from './form.js';

export const ssoRequiredWords =
  'Your organization lets you in through its own sign-in only. Enter your address, then use its button below.';

const words = {
  INVALID_CREDENTIALS: 'Email or password is wrong.',
  ACCOUNT_DISABLED: 'This account is suspended. Ask whoever administers it.',
  SSO_REQUIRED: ssoRequiredWords,
};

/** Signs in with address and password. `signedIn` gets the tokens. */
export function signIn({ signedIn, codeNeeded, factorNeeded }) {
  const form = document.getElementById('sign-in');
  onSubmit(form, 'Signing in…', async ({ email, password }) => {
    const answer = await ask('POST', '/auth/login', { body: { email, password } });
    if (!answer.ok) return showFailure(form, answer, words[answer.code]);
    const { temporary_token, email_verification_required, mfa_required } = answer.data;
    form.elements.password.value = '';
    if (mfa_required) return factorNeeded(answer.data);
    if (email_verification_required) return codeNeeded(email, temporary_token);
    await signedIn(answer.data, form);
  });
}
