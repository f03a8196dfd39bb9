import { ask } from './api.js';
import { showBranding } from './branding.js';
import { onSubmit, showFailure } from './form.js';
import { keptRequest, takeRequest } from './kept-request.js';
import { takeTokenOfQuery } from './link-token.js';
import { addToggles, followRules, isNewPassword } from './password-field.js';
import { show } from './view.js';

const token = takeTokenOfQuery();
const form = document.getElementById('reset');
const { new_password: first, repeated: second } = form.elements;

/** Who forgot the password on the way to an app sees whose app it is here too. */
async function showWhose(search) {
  const { data } = await ask('GET', `/oauth/app-info${search}`);
  await showBranding(data?.branding ?? null);
}

addToggles();
followRules(first);
show(token ? 'reset' : token === null ? 'reopen' : 'invalid', { focus: false });
if (keptRequest()) showWhose(keptRequest());

onSubmit(form, 'Saving…', async ({ new_password }) => {
  if (!isNewPassword(first, second)) return;
  const answer = await ask('POST', '/auth/reset-password', { body: { token, new_password } });
  if (answer.ok) {
    form.reset();
    document.getElementById('go-on').href = takeRequest();
    return show('done');
  }
  if (answer.code === 'INVALID_TOKEN') return show('invalid');
  if (answer.code === 'USER_NOT_FOUND') return show('gone');
  showFailure(form, answer);
});
