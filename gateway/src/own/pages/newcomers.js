import { confirmCode } from './confirm-code.js';
import { signUp } from './sign-up.js';

/**
 * Lets somebody make an account: a form, and the code that proves the address.
 *
 * @param choose shows a form by its id
 * @returns asks for the code of an address
 */
export function newcomers({ signedIn, startOver, choose }) {
  const askForCode = confirmCode({
    signedIn,
    startOver: () =>
      startOver(
        'This code does not count any more. Sign in: if your address is not confirmed yet, a new code is mailed to you.',
      ),
  });
  function codeNeeded(email, temporaryToken) {
    document.getElementById('sign-in').elements.email.value = email;
    choose('confirm-code');
    askForCode(email, temporaryToken);
  }
  signUp({ codeNeeded });
  return codeNeeded;
}
