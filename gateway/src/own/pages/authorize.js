import { ask, endSession } from './api.js';
import { failureWords } from './failure-words.js';
import { complain, onSubmit, showAlert, showFailure } from './form.js';
import { hasPasskeys, signInWithPasskey } from './passkey.js';
import { addToggles } from './password-field.js';
import { secondFactor } from './second-factor.js';
import { signIn } from './sign-in.js';
import { fill, show } from './view.js';

/** What an app asks for when it sends somebody here (RFC 6749, section 4.1.1; RFC 7636, section 4.3). */
const asked = Object.fromEntries(new URLSearchParams(location.search));
const part = id => document.getElementById(id);

const scopeWords = {
  read: 'see what you can see in the organization',
  write: 'create, change and delete what you can',
  admin: 'do what you can as an administrator',
};

let accessToken = null;

async function open() {
  show('loading', { focus: false });
  if (asked.response_type !== 'code' || !asked.client_id || !asked.redirect_uri)
    return fail('The app did not say what it needs. Go back to it and try again.');
  const { client_id, redirect_uri, scope } = asked;
  const query = new URLSearchParams({ client_id, redirect_uri, ...(scope ? { scope } : {}) });
  const answer = await ask('GET', `/oauth/app-info?${query}`);
  if (!answer.ok) return fail(unknown[answer.code] ?? failureWords(answer), answer.status === 0);
  const { app_name, organization_name, requested_scopes } = answer.data;
  fill({ app: app_name, organization: organization_name, back: new URL(redirect_uri).origin });
  part('scopes').replaceChildren(
    ...requested_scopes.map(scope => {
      const item = document.createElement('li');
      item.textContent = scopeWords[scope] ?? scope;
      return item;
    }),
  );
  choose('sign-in');
  show('sign-in');
}

const unknown = {
  INVALID_CLIENT: 'This app is not registered here, or was taken away. Ask whoever runs it.',
  INVALID_REDIRECT_URI:
    'This app asks to be answered at a place that is not registered for it. Do not go on.',
  INVALID_SCOPE: 'This app asks for more than it may have. Ask whoever runs it.',
};

function fail(words, mayPass = false) {
  fill({ failure: words });
  part('try-again').hidden = !mayPass;
  show('failed');
}

function choose(name) {
  for (const id of ['sign-in', 'second-factor']) part(id).hidden = id !== name;
}

function signedIn(newAccessToken) {
  accessToken = newAccessToken;
  show('consent');
}

function startOver(words) {
  choose('sign-in');
  showAlert(part('sign-in'), words);
  part('sign-in').elements.password.focus();
}

const askForFactor = secondFactor({ signedIn, startOver });

async function decide(form, approve) {
  const { client_id, redirect_uri, scope, state, code_challenge, code_challenge_method } = asked;
  const body = { client_id, redirect_uri, scope, state, code_challenge, code_challenge_method, approve };
  const answer = await ask('POST', '/oauth/authorize', { body, accessToken });
  if (!answer.ok) return showFailure(form, answer, refused[answer.code]);
  await leave();
  show('going');
  location.replace(answer.data.redirect_url);
}

const refused = {
  FORBIDDEN: 'Only members of the organization can use this app. Ask its administrator to invite you.',
  UNAUTHORIZED: 'You were signed out meanwhile. Load this page again.',
};

/** The app gets tokens of its own: this page has no use for its session any more. */
async function leave() {
  if (accessToken === null) return;
  const leaving = accessToken;
  accessToken = null;
  await endSession(leaving);
}

addToggles();
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
  const form = part('sign-in');
  const { email } = form.elements;
  showAlert(form, '');
  complain(email, email.checkValidity() ? '' : email.dataset.complaint);
  if (!email.checkValidity()) return email.focus();
  const answer = await signInWithPasskey(email.value);
  if (answer === null) return showAlert(form, 'No passkey was used. You can sign in with your password.');
  if (!answer.ok) return showFailure(form, answer, passkeyWords[answer.code]);
  signedIn(answer.data.access_token);
});

const passkeyWords = {
  INVALID_CREDENTIAL: 'This passkey does not belong to this address.',
  INVALID_ASSERTION: 'This passkey does not belong to this address.',
  CHALLENGE_NOT_FOUND: 'That took too long. Please try again.',
};

onSubmit(part('consent'), 'One moment…', () => decide(part('consent'), true));
part('deny').addEventListener('click', () => decide(part('consent'), false));
part('try-again').addEventListener('click', open);
addEventListener('pagehide', leave);
await open();
