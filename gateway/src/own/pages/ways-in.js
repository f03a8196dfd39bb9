import { complain, showAlert, showFailure } from './form.js';
import { hasPasskeys, signInWithPasskey } from './passkey.js';
import { signIn, ssoRequiredWords } from './sign-in.js';

const part = id => document.getElementById(id);

/**
 * Lets somebody in by password and second factor, or by passkey where the page has a button for it.
 *
 * @param signedIn gets the tokens
 * @param newcomers of `newcomers.js`, on a page that has its forms
 * @param elsewhere of `elsewhere.js` or `organization-sign-in.js`, on a page that has its places
 * @returns shows one of the forms, by its id
 */
export function waysIn({ signedIn, newcomers, elsewhere }) {
  const place = part('ways-in');
  const forms = [...place.querySelectorAll('form')];
  const buttons = [...place.querySelectorAll('[data-way]')];
  const form = part('sign-in');

  function choose(name) {
    const email = forms.find(({ hidden, elements }) => !hidden && elements.email)?.elements.email.value;
    for (const one of forms) one.hidden = one.id !== name;
    const chosen = part(name).elements.email;
    if (chosen && email) chosen.value = email;
    const isBeginning = name === 'sign-in' || name === 'sign-up';
    if (part('choice')) part('choice').hidden = !isBeginning;
    if (part('social')) part('social').hidden = !isBeginning;
    for (const button of buttons)
      if (button.ariaPressed) button.ariaPressed = String(button.dataset.way === name);
  }

  function startOver(words) {
    choose('sign-in');
    showAlert(form, words);
    form.elements.password.focus();
  }

  let askForFactor;
  const codeNeeded =
    newcomers?.({ signedIn, startOver, choose }) ??
    (() => startOver('This address is not confirmed yet. Open the mail that was sent to it just now.'));
  signIn({
    signedIn,
    codeNeeded,
    async factorNeeded(login) {
      // Few accounts have one: it comes when it is needed.
      const { secondFactor } = await import('./second-factor.js');
      askForFactor ??= secondFactor({ signedIn, startOver });
      choose('second-factor');
      return askForFactor(login);
    },
  });
  for (const button of buttons) {
    button.addEventListener('click', () => {
      choose(button.dataset.way);
      if (!button.ariaPressed) part(button.dataset.way).elements.email.focus();
    });
  }
  elsewhere?.();
  if (part('passkey')) offerPasskey(form, signedIn);
  choose('sign-in');
  return choose;
}

function offerPasskey(form, signedIn) {
  const button = part('passkey');
  button.hidden = !hasPasskeys;
  button.addEventListener('click', async () => {
    const { email } = form.elements;
    showAlert(form, '');
    complain(email, email.checkValidity() ? '' : email.dataset.complaint);
    if (!email.checkValidity()) return email.focus();
    const answer = await signInWithPasskey(email.value);
    if (answer === null) return showAlert(form, 'No passkey was used. You can sign in with your password.');
    if (!answer.ok) return showFailure(form, answer, passkeyWords[answer.code]);
    await signedIn(answer.data);
  });
}

const passkeyWords = {
  INVALID_CREDENTIAL: 'This passkey does not belong to this address.',
  INVALID_ASSERTION: 'This passkey does not belong to this address.',
  SSO_REQUIRED: ssoRequiredWords,
  CHALLENGE_NOT_FOUND: 'That took too long. Please try again.',
};
