import { ask } from './api.js';
import { complain, onSubmit, showFailure } from './form.js';
import { takeTokenOfQuery } from './link-token.js';
import { addToggles, followRules, meetsRules } from './password-field.js';
import { show } from './view.js';

const token = takeTokenOfQuery();
const form = document.getElementById('reset');
const { new_password: first, repeated: second } = form.elements;

addToggles();
followRules(first);
show(token ? 'reset' : token === null ? 'reopen' : 'invalid', { focus: false });

onSubmit(form, 'Saving…', async ({ new_password, repeated }) => {
  if (!meetsRules(new_password)) {
    complain(first, 'This password does not meet all of the rules.');
    return first.focus();
  }
  if (repeated !== new_password) {
    complain(second, 'The two passwords differ.');
    return second.focus();
  }
  const answer = await ask('POST', '/auth/reset-password', { body: { token, new_password } });
  if (answer.ok) {
    form.reset();
    return show('done');
  }
  if (answer.code === 'INVALID_TOKEN') return show('invalid');
  if (answer.code === 'USER_NOT_FOUND') return show('gone');
  showFailure(form, answer);
});
