import { ask } from './api.js';
import { showBranding } from './branding.js';
import { failureWords } from './failure-words.js';
import { onSubmit, showFailure } from './form.js';
import { fill, show, showEnding } from './view.js';

/** What an app says when it sends somebody here to sign out (OpenID Connect RP-Initiated Logout 1.0, section 2). */
const asked = new URLSearchParams(location.search);
const known = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state'];
const request = Object.fromEntries(
  known.filter(name => asked.get(name)).map(name => [name, asked.get(name)]),
);
const part = id => document.getElementById(id);

const unknown = {
  INVALID_CLIENT: 'This app is not registered here, or was taken away.',
  INVALID_REDIRECT_URI:
    'This app asks to be answered at a place that is not registered for it. Do not go on.',
  INVALID_LOGOUT_REQUEST: 'The app did not say who it is. Go back to it and try again.',
};

const endSession = confirmed => ask('POST', '/oauth/end-session', { body: { ...request, confirmed } });

async function open() {
  show('loading', { focus: false });
  // The ID token has been read, and need not stand in the history of the browser.
  history.replaceState(null, '', location.pathname);
  const answer = await endSession(false);
  if (!answer.ok)
    return showEnding('This sign-out cannot go on', unknown[answer.code] ?? failureWords(answer));
  const { app_name, branding, signed_in, redirect_url } = answer.data;
  const branded = showBranding(branding);
  if (!signed_in) return signedOut(redirect_url);
  await branded;
  fill({ app: app_name ?? 'An app' });
  show('confirm');
}

function signedOut(address) {
  showEnding('You are signed out', 'You can close this page.');
  if (address) location.replace(address);
}

onSubmit(part('end'), 'Signing out…', async () => {
  const answer = await endSession(true);
  if (!answer.ok) return showFailure(part('end'), answer, unknown[answer.code]);
  signedOut(answer.data.redirect_url);
});
part('stay').addEventListener('click', () =>
  showEnding('You are still signed in', 'Close this page, or go back to the app.'),
);
await open();
