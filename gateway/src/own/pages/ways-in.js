import { complain, showAlert, showFailure } from './form.js';
import { hasPasskeys, signInWithPasskey } from './passkey.js';
import { secondFactor } from './second-factor.js';
import { signIn } from './sign-in.js';

const part = id => document.getElementById(id);

/**
 * Lets somebody sign in by password, second factor or passkey, on a page that has the parts for it.
 *
 * @param signedIn gets the tokens
 */
export function waysIn({ signedIn }) {
  const form = part('sign-in');

  function choose(name) {
    for (const id of ['sign-in', 'second-factor']) part(id).hidden = id !== name;
  }

  function startOver(words) {
    choose('sign-in');
    showAlert(form, words);
    form.elements.password.focus();
  }

  const askForFactor = secondFactor({ signedIn, startOver });
  signIn({
    signedIn,
    codeNeeded: () =>
      startOver('This address is not confirmed yet. Open the mail that was sent to it just now.'),
    factorNeeded(login) {
      choose('second-factor');
      return askForFactor(login);
    },
  });

  const passkey = part('passkey');
  passkey.hidden = !hasPasskeys;
  passkey.addEventListener('click', async () => {
    const { email } = form.elements;
    showAlert(form, '');
    complain(email, email.checkValidity() ? '' : email.dataset.complaint);
    if (!email.checkValidity()) return email.focus();
    const answer = await signInWithPasskey(email.value);
    if (answer === null) return showAlert(form, 'No passkey was used. You can sign in with your password.');
    if (!answer.ok) return showFailure(form, answer, passkeyWords[answer.code]);
    await signedIn(answer.data);
  });
  choose('sign-in');
}

const passkeyWords = {
  INVALID_CREDENTIAL: 'This passkey does not belong to this address.',
  INVALID_ASSERTION: 'This passkey does not belong to this address.',
  CHALLENGE_NOT_FOUND: 'That took too long. Please try again.',
};
