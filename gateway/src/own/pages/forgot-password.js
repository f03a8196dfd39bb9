import { ask } from './api.js';
import { onSubmit, showFailure } from './form.js';
import { keepRequest } from './kept-request.js';
import { fill } from './view.js';

/** Has a link mailed by which a new password is set; from there on it goes back to what the person was about. */
export function forgotPassword() {
  const form = document.getElementById('forgot-password');
  onSubmit(form, 'Sending it…', async ({ email }) => {
    const answer = await ask('POST', '/auth/forgot-password', { body: { email } });
    if (!answer.ok) return showFailure(form, answer);
    keepRequest();
    fill({
      'forgot-news':
        'If this address belongs to an account, a mail is on its way. Set the new password by its link, then sign in here.',
    });
  });
}
