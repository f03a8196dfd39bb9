import { ask, endSession } from './api.js';
import { onSubmit, showFailure } from './form.js';
import { takeTokenOfQuery } from './link-token.js';
import { fill, show } from './view.js';

const token = takeTokenOfQuery();
show(token ? 'confirm' : token === null ? 'reopen' : 'invalid', { focus: false });

const form = document.getElementById('confirm');
onSubmit(form, 'Confirming…', async () => {
  const answer = await ask('POST', '/auth/verify-email', { body: { token } });
  if (answer.code === 'TOKEN_EXPIRED') return show('expired');
  if (answer.code === 'INVALID_TOKEN') return show('invalid');
  if (!answer.ok) return showFailure(form, answer);

  const { email, access_token: accessToken } = answer.data;
  fill({ email });
  // A link that worked before brings no tokens again. Those of the first time are for an app: nobody is signed in here.
  if (accessToken === null) return show('already');
  show('confirmed');
  if (accessToken) await endSession(accessToken);
});
