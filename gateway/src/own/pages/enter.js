import { endSession } from './api.js';
import { keepSession } from './browser-session.js';
import { elsewhere } from './elsewhere.js';
import { newcomers } from './newcomers.js';
import { addToggles } from './password-field.js';
import { show } from './view.js';
import { waysIn } from './ways-in.js';

/** At `/sign-in` and `/sign-up`. Goes on to the account; where the browser keeps no session, that one asks for a sign-in. */
async function signedIn(tokens) {
  const session = await keepSession(tokens);
  if (!session.kept) await endSession(session.access_token);
  location.replace('/account');
}

addToggles();
waysIn({ signedIn, newcomers, elsewhere })(location.pathname.slice(1));
show('enter', { focus: false });
