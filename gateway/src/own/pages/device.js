import { ask, endSession } from './api.js';
import { showBranding } from './branding.js';
import { keptSession } from './browser-session.js';
import { complain, onSubmit, showAlert, showFailure } from './form.js';
import { organizationSignIn } from './organization-sign-in.js';
import { addToggles } from './password-field.js';
import { showScopes } from './scopes.js';
import { askForSso } from './sso-required.js';
import { fill, show, showEnding } from './view.js';
import { waysIn } from './ways-in.js';

const part = id => document.getElementById(id);
const codeForm = part('code');
const { user_code: field } = codeForm.elements;
const answerForm = part('answer');

/** A link may bring the code (RFC 8628, section 3.3.1): it spares the typing, and nothing else. */
field.value = new URLSearchParams(location.search).get('user_code') ?? '';
history.replaceState(null, '', location.pathname);

/** Of whoever is signed in; null where nobody is. */
let session = null;
/** A device that signs somebody in is signed out with the session, which therefore stays. */
let signsIn = false;

/**
 * Who is signed in in this browser need not sign in again. But a link, which anybody may have sent, has nothing looked up
 * before the person has seen its code and gone on.
 */
async function open() {
  const answer = await keptSession();
  begin(answer.data ?? null);
  show(session ? 'code' : 'sign-in', { focus: false });
  if (answer.code === 'SSO_REQUIRED') askForSso();
}

async function signedIn(tokens) {
  begin(tokens);
  show('code');
  if (field.value) await find(field.value);
}

function begin(newSession) {
  session = newSession;
  fill({ 'own-address': session?.email ?? '' });
  for (const place of document.querySelectorAll('[data-kept]')) place.hidden = !session?.kept;
}

async function find(user_code) {
  const answer = await ask('POST', '/oauth/device', {
    body: { user_code },
    accessToken: session.access_token,
  });
  if (answer.code === 'USER_CODE_NOT_FOUND') {
    complain(field, noDevice);
    return field.focus();
  }
  if (answer.code === 'SSO_REQUIRED') return enterByProvider();
  if (!answer.ok) return showFailure(codeForm, answer, refused[answer.code]);
  const { data } = answer;
  field.value = data.user_code;
  await showBranding(data.branding);
  fill({
    'user-code': data.user_code,
    app: data.app_name,
    organization: data.organization_name,
    time: timeOf(data.requested_at),
    address: data.ip_address ?? 'an unknown address',
    network: data.same_network ? 'in the network that you use now' : 'in another network than yours',
    program: data.user_agent ?? 'nothing',
  });
  showScopes(data.requested_scopes);
  signsIn = data.requested_scopes.includes('openid');
  answerForm.reset();
  complain(part('matches'), '');
  showAlert(answerForm, '');
  show('request');
}

async function decide(approve) {
  const body = { user_code: field.value, approve };
  const answer = await ask('POST', '/oauth/device/answer', { body, accessToken: session.access_token });
  if (answer.code === 'SSO_REQUIRED') return enterByProvider();
  if (!answer.ok) return showFailure(answerForm, answer, refused[answer.code]);
  if (approve && signsIn) session = null;
  await leave();
  if (approve)
    showEnding('Your device is connected', 'Go back to it: it goes on by itself within a few seconds.');
  else showEnding('Not allowed', 'The device gets nothing. You can close this page.');
}

/** The device waits meanwhile. */
function enterByProvider() {
  show('sign-in');
  askForSso(session.email);
}

const noDevice = 'No device waits with this code. A code works once, for ten minutes: look at your device.';
const refused = {
  USER_CODE_NOT_FOUND: noDevice,
  FORBIDDEN: 'Only members of the organization can use this app. Ask its administrator to invite you.',
  UNAUTHORIZED: 'You were signed out meanwhile. Load this page again.',
};

/** In the reader's time zone, in the language of the page. */
function timeOf(time) {
  return new Date(time).toLocaleTimeString(document.documentElement.lang, { timeStyle: 'short' });
}

/** The device gets tokens of its own: a session that was opened on this page is of no use any more. */
async function leave() {
  const leaving = session;
  session = null;
  if (leaving !== null && !leaving.kept) await endSession(leaving.access_token);
}

addToggles();
waysIn({ signedIn, elsewhere: organizationSignIn });
onSubmit(codeForm, 'Looking it up…', ({ user_code }) => find(user_code));
onSubmit(answerForm, 'One moment…', () => decide(true));
part('deny').addEventListener('click', () => decide(false));
for (const button of document.querySelectorAll('[data-another-account]'))
  button.addEventListener('click', () => show('sign-in'));
addEventListener('pagehide', leave);
await open();
