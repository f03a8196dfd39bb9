import { ask } from './api.js';
import { complain, onSubmit, showFailure } from './form.js';
import { followRules, meetsRules } from './password-field.js';

const words = {
  EMAIL_TAKEN: 'There is an account with this address already. Choose “I have an account” above and sign in.',
};

/** Makes an account; the code that is mailed proves its address. */
export function signUp({ codeNeeded }) {
  const form = document.getElementById('sign-up');
  const { new_password: field } = form.elements;
  followRules(field);
  onSubmit(form, 'Creating your account…', async ({ email, new_password: password, display_name }) => {
    if (!meetsRules(password)) {
      complain(field, 'This password does not meet all of the rules.');
      return field.focus();
    }
    const answer = await ask('POST', '/auth/signup', {
      body: { email, password, display_name, agree_to_terms: true },
    });
    if (!answer.ok)
      return showFailure(form, { ...answer, details: answer.details.map(atField) }, words[answer.code]);
    field.value = '';
    codeNeeded(email, answer.data.temporary_token);
  });
}

/** The API calls it a password; on pages one that is yet to be set is a new one. */
const atField = ({ field, reason }) => ({
  field: field === 'body.password' ? 'body.new_password' : field,
  reason,
});
