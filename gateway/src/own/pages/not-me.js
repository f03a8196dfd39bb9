import { ask } from './api.js';
import { onSubmit, showFailure } from './form.js';
import { takeTokenOfQuery } from './link-token.js';
import { show } from './view.js';

const token = takeTokenOfQuery();
const disown = document.getElementById('disown');

show(token ? 'confirm' : token === null ? 'reopen' : 'invalid', { focus: false });

onSubmit(disown, 'Ending it…', async () => {
  const answer = await ask('POST', '/auth/not-me', { body: { token } });
  if (answer.code === 'INVALID_TOKEN') return show('invalid');
  if (!answer.ok) return showFailure(disown, answer);
  show('done');
});
