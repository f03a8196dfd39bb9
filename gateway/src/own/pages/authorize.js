import { endSession } from './api.js';
import { request } from './authorization-request.js';
import { showBranding } from './branding.js';
import { keepSession, keptSession, stayWords } from './browser-session.js';
import { elsewhere } from './elsewhere.js';
import { failureWords } from './failure-words.js';
import { onSubmit, showAlert, showFailure } from './form.js';
import { newcomers } from './newcomers.js';
import { addToggles } from './password-field.js';
import { showScopes } from './scopes.js';
import { takeFinishedFlow } from './social-flow.js';
import { askForSso } from './sso-required.js';
import { fill, show } from './view.js';
import { waysIn } from './ways-in.js';

const part = id => document.getElementById(id);

/** Of whoever is signed in; null where nobody is. */
let session = null;
/** What the API says of the request. */
let app;

async function open() {
  show('loading', { focus: false });
  if (!request.isComplete) return fail('The app did not say what it needs. Go back to it and try again.');
  const kept = await keptSession();
  session = kept.data ?? null;
  if (!(await lookUp())) return;
  if (app.redirect_url) return goTo(app.redirect_url);
  if (session !== null && (takeFinishedFlow() || !app.viewer.sign_in_required)) return goOn();
  const { login_hint, registration_wanted } = app;
  const { email } = part('sign-in').elements;
  email.value = login_hint || (!registration_wanted && session?.email) || '';
  email.dispatchEvent(new Event('change'));
  if (registration_wanted) choose('sign-up');
  show('sign-in');
  if (kept.code === 'SSO_REQUIRED') askForSso();
}

/** Fills in who asks for what. @returns whether the request can be answered; else the page says why not */
async function lookUp() {
  const answer = await request.explain(session?.access_token);
  if (!answer.ok) {
    fail(unknown[answer.code] ?? failureWords(answer), answer.status === 0);
    return false;
  }
  app = answer.data;
  fill({
    app: app.app_name,
    organization: app.organization_name,
    back: placeOf(app.redirect_uri),
    'own-address': session?.email ?? '',
    stay: stayWords(isSecureContext),
  });
  part('elsewhere').hidden = app.viewer?.is_active ?? true;
  part('unverified').hidden = app.verified;
  await showBranding(app.branding);
  showScopes([...app.identity_scopes, ...app.requested_scopes]);
  return true;
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
  VALIDATION_ERROR: 'The app did not say what it needs. Go back to it and try again.',
};

function fail(words, mayPass = false) {
  fill({ failure: words });
  part('try-again').hidden = !mayPass;
  show('failed');
}

/** Somebody is signed in: asks for consent, unless it was given before. */
async function goOn() {
  const { is_member, consent_remembered } = app.viewer;
  if (is_member && consent_remembered) return decide(true);
  show(is_member ? 'consent' : 'stranger');
}

async function signedIn(tokens) {
  await leave();
  session = await keepSession(tokens);
  if (await lookUp()) await goOn();
}

async function decide(approve) {
  const answer = await request.decide(approve, session.access_token);
  if (answer.code === 'LOGIN_REQUIRED') {
    show('sign-in');
    return showAlert(part('sign-in'), 'The app asks you to sign in again, or as somebody else.');
  }
  if (answer.code === 'SSO_REQUIRED') {
    choose('sign-in');
    show('sign-in');
    return askForSso(session.email);
  }
  if (!answer.ok) {
    show('consent');
    return showFailure(part('consent'), answer, refused[answer.code]);
  }
  // An app that signs people in is signed out of with the session, which therefore stays.
  if (approve && app.identity_scopes.includes('openid')) session = null;
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
  MFA_ENROLMENT_REQUIRED: 'Your organization asks for a second factor. Set one up in your account first.',
  UNAUTHORIZED: 'You were signed out meanwhile. Load this page again.',
};

/** A session that the browser does not keep is of no use beyond this page: the app gets tokens of its own. */
async function leave() {
  const leaving = session;
  session = null;
  if (leaving !== null && !leaving.kept) await endSession(leaving.access_token);
}

addToggles();
const choose = waysIn({ signedIn, newcomers, elsewhere });
onSubmit(part('consent'), 'One moment…', () => decide(true));
part('deny').addEventListener('click', () => decide(false));
part('go-back').addEventListener('click', () => goTo(app.denial_url));
for (const button of document.querySelectorAll('[data-another-account]'))
  button.addEventListener('click', () => show('sign-in'));
part('try-again').addEventListener('click', open);
addEventListener('pagehide', leave);
await open();
