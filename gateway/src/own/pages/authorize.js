import { ask, endSession } from './api.js';
import { failureWords } from './failure-words.js';
import { onSubmit, showFailure } from './form.js';
import { addToggles } from './password-field.js';
import { fill, show } from './view.js';
import { waysIn } from './ways-in.js';

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

function signedIn(tokens) {
  accessToken = tokens.access_token;
  show('consent');
}

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
waysIn({ signedIn });
onSubmit(part('consent'), 'One moment…', () => decide(part('consent'), true));
part('deny').addEventListener('click', () => decide(part('consent'), false));
part('try-again').addEventListener('click', open);
addEventListener('pagehide', leave);
await open();
