import { ask, endSession } from './api.js';
import { failureWords } from './failure-words.js';
import { onSubmit, showFailure } from './form.js';
import { addToggles } from './password-field.js';
import { showScopes } from './scopes.js';
import { fill, show } from './view.js';
import { waysIn } from './ways-in.js';

/** What an app asks for when it sends somebody here (RFC 6749, section 4.1.1; RFC 7636, section 4.3; RFC 9126, section 4). */
const asked = Object.fromEntries(new URLSearchParams(location.search));
const part = id => document.getElementById(id);

/** What of it the API is told, as it came (OpenID Connect Core 1.0, section 3.1.2.1). */
const known = [
  'client_id',
  'redirect_uri',
  'scope',
  'state',
  'resource',
  'nonce',
  'prompt',
  'max_age',
  'acr_values',
  'id_token_hint',
  'claims',
  'response_mode',
  'request',
  'request_uri',
  'registration',
  'dpop_jkt',
];
const request = Object.fromEntries(known.filter(name => asked[name]).map(name => [name, asked[name]]));

let accessToken = null;
/** An app that signs people in is signed out of with the session, which therefore stays. */
let signsIn = false;

async function open() {
  show('loading', { focus: false });
  const isPlain = asked.response_type === 'code' && asked.redirect_uri;
  if (!asked.client_id || !(isPlain || asked.request_uri))
    return fail('The app did not say what it needs. Go back to it and try again.');
  const answer = await ask('GET', `/oauth/app-info?${new URLSearchParams(request)}`);
  if (!answer.ok) return fail(unknown[answer.code] ?? failureWords(answer), answer.status === 0);
  const { app_name, organization_name, requested_scopes, identity_scopes, redirect_uri, redirect_url } =
    answer.data;
  fill({ app: app_name, organization: organization_name, back: placeOf(redirect_uri) });
  if (redirect_url) return goTo(redirect_url);
  part('unverified').hidden = answer.data.verified;
  signsIn = identity_scopes.includes('openid');
  if (asked.login_hint) part('sign-in').elements.email.value = asked.login_hint;
  showScopes([...identity_scopes, ...requested_scopes]);
  show('sign-in');
}

/** What people can tell a place by: where it is, or, of an app that is installed, its name for itself. */
function placeOf(redirectUri) {
  const { protocol, origin } = new URL(redirectUri);
  return /^https?:$/.test(protocol) ? origin : protocol.slice(0, -1);
}

const tooLate = 'This sign-in took too long, or was used before. Go back to the app and start again.';
const unknown = {
  INVALID_CLIENT: 'This app is not registered here, or was taken away. Ask whoever runs it.',
  INVALID_REDIRECT_URI:
    'This app asks to be answered at a place that is not registered for it. Do not go on.',
  INVALID_REQUEST_URI: tooLate,
  INVALID_TARGET: 'This app asks for an organization that does not let it in. Ask an administrator of it.',
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
  const { code_challenge, code_challenge_method } = asked;
  const body = { ...request, code_challenge, code_challenge_method, approve };
  const answer = await ask('POST', '/oauth/authorize', { body, accessToken });
  if (answer.code === 'LOGIN_REQUIRED') {
    show('sign-in');
    return showFailure(part('sign-in'), answer, refused.LOGIN_REQUIRED);
  }
  if (!answer.ok) return showFailure(form, answer, refused[answer.code]);
  if (approve && signsIn) accessToken = null;
  await leave();
  goTo(answer.data.redirect_url);
}

function goTo(address) {
  show('going');
  location.replace(address);
}

const refused = {
  FORBIDDEN: 'Only members of the organization can use this app. Ask its administrator to invite you.',
  INVALID_REQUEST_URI: tooLate,
  INVALID_TARGET: 'The organization does not let this app in. Ask an administrator of it.',
  LOGIN_REQUIRED: 'The app asks you to sign in again, or as somebody else.',
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
