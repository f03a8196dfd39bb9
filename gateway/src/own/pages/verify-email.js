import { ask, endSession } from './api.js';
import { onSubmit, showFailure } from './form.js';
import { takeTokenOfQuery } from './link-token.js';
import { addToggles, followRules, isNewPassword } from './password-field.js';
import { forgetRegistration, keptRegistration } from './registration.js';
import { fill, show } from './view.js';

const token = takeTokenOfQuery();
const confirm = document.getElementById('confirm');
const claim = document.getElementById('claim');

addToggles();
followRules(claim.elements.new_password);
show(token ? 'confirm' : token === null ? 'reopen' : 'invalid', { focus: false });

onSubmit(confirm, 'Confirming…', () => verify(confirm, { temporary_token: keptRegistration() }));
onSubmit(claim, 'Saving…', async ({ new_password }) => {
  const { new_password: first, repeated: second } = claim.elements;
  if (isNewPassword(first, second)) await verify(claim, { new_password });
});

/** @param proof what the link is not enough without: the token of the registration, or a password of one's own */
async function verify(form, proof) {
  const answer = await ask('POST', '/auth/verify-email', { body: { token, ...proof } });
  if (answer.code === 'TOKEN_EXPIRED') return show('expired');
  if (answer.code === 'INVALID_TOKEN') return show('invalid');
  if (!answer.ok) return showFailure(form, answer);

  const { email, access_token: accessToken, password_required } = answer.data;
  fill({ email });
  if (password_required) return show('claim');
  forgetRegistration();
  claim.reset();
  // A link that worked before brings no tokens again. Those of the first time are for an app: nobody is signed in here.
  if (accessToken === null) return show('already');
  show('confirmed');
  if (accessToken) await endSession(accessToken);
}
