import { failureWords } from '../failure-words.js';
import { complain, onSubmit, showAlert, showFailure } from '../form.js';
import { askForPasskey, hasPasskeys } from '../passkey.js';
import { secondFactor } from '../second-factor.js';

const words = {
  INVALID_CREDENTIAL: 'This passkey does not belong to your account.',
  INVALID_ASSERTION: 'This passkey does not belong to your account.',
  CHALLENGE_NOT_FOUND: 'That took too long. Please try again.',
};

/** The form for codes, without what belongs to a login alone. That of signing in has served when this is needed. */
function codeForm() {
  const used = document.getElementById('second-factor');
  const form = used.cloneNode(true);
  for (const ofLogin of form.querySelectorAll('p:not([class]), .field:has(.tick)')) ofLogin.remove();
  used.remove();
  return form;
}

/** Of the page: made when it is needed first. */
let dialog;

/**
 * Asks the person to prove to be there, in a dialog over the page: by password and second factor, or by passkey.
 *
 * @param call asks the API as the person
 * @returns the tokens that it gave; null where the person turned back
 */
export function proveAgain(call) {
  dialog ??= makeDialog(call);
  return dialog();
}

function makeDialog(call) {
  const place = document.getElementById('step-up');
  const form = document.getElementById('step-up-password');
  const passkey = document.getElementById('step-up-passkey');
  const { password } = form.elements;
  const factors = codeForm();
  form.after(factors);
  let settle;
  let email;

  function choose(chosen) {
    form.hidden = chosen !== form;
    factors.hidden = chosen !== factors;
  }

  function done(tokens) {
    password.value = '';
    settle(tokens);
    if (place.open) place.close();
  }

  function startOver(reason) {
    choose(form);
    showAlert(form, reason);
    password.focus();
  }
  const askForFactor = secondFactor({ signedIn: done, startOver });

  function goOn(answer) {
    if (!answer.data.mfa_required) return done(answer.data);
    choose(factors);
    return askForFactor(answer.data);
  }

  onSubmit(form, 'Checking…', async values => {
    const answer = await call('POST', '/auth/step-up', { password: values.password });
    if (answer.code === 'INVALID_CREDENTIALS') {
      complain(password, 'This is not your password.');
      return password.select();
    }
    if (!answer.ok) return showFailure(form, answer);
    password.value = '';
    return goOn(answer);
  });
  passkey.addEventListener('click', async () => {
    const answer = await askForPasskey(email, signed => call('POST', '/auth/step-up', { passkey: signed }));
    if (answer === null) return showAlert(place, 'No passkey was used.');
    if (!answer.ok) return showAlert(place, words[answer.code] ?? failureWords(answer));
    done(answer.data);
  });
  document.getElementById('step-up-cancel').addEventListener('click', () => place.close());
  place.addEventListener('close', () => done(null));

  return () =>
    new Promise(resolve => {
      settle = resolve;
      open().then(
        started => started || done(null),
        () => done(null),
      );
    });

  async function open() {
    const [options, me] = await Promise.all([call('GET', '/auth/step-up'), call('GET', '/auth/me')]);
    if (!options.ok || !me.ok) return false;
    email = me.data.user.primary_email;
    passkey.hidden = !(options.data.passkey && hasPasskeys);
    showAlert(place, '');
    choose(form);
    if (!options.data.password) {
      const begun = await call('POST', '/auth/step-up', {});
      if (!begun.ok) return false;
      place.showModal();
      await goOn(begun);
      return true;
    }
    place.showModal();
    password.focus();
    return true;
  }
}
