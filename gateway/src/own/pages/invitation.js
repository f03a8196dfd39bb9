import { acceptInvitation, closedWords, refusalWords } from './accept-invitation.js';
import { ask, endSession } from './api.js';
import { showBranding } from './branding.js';
import { keptSession } from './browser-session.js';
import { failureWords } from './failure-words.js';
import { onSubmit, showAlert } from './form.js';
import { showDetails } from './invitation-details.js';
import { takeTokenOfPath } from './link-token.js';
import { newcomers } from './newcomers.js';
import { addToggles } from './password-field.js';
import { announce, fill, show, showEnding } from './view.js';
import { waysIn } from './ways-in.js';

const token = takeTokenOfPath();
const part = id => document.getElementById(id);

let invitation;
/** Of whoever is signed in; one that was opened here lives to the answer of the acceptance. Null where nobody is. */
let session = null;

async function open() {
  if (token === null) return show('reopen', { focus: false });
  if (token === undefined) return showEnding(...closedWords('INVITATION_NOT_FOUND'));
  show('loading', { focus: false });
  const [answer, kept] = await Promise.all([ask('GET', `/invitations/${token}`), keptSession()]);
  if (!answer.ok) {
    const closed = closedWords(answer.code);
    if (closed) return showEnding(...closed);
    fill({ failure: failureWords(answer) });
    return show('failed');
  }
  invitation = answer.data.invitation;
  showDetails(invitation);
  await showBranding(invitation.branding);
  session = kept.data ?? null;
  fill({ 'own-address': session?.email ?? '' });
  offer(session ? 'accept' : 'ways-in');
  choose('sign-in');
  show('invitation');
}

/** Shows the one button of who is signed in in this browser, or the forms of everybody else. */
function offer(name) {
  for (const id of ['accept', 'ways-in']) part(id).hidden = id !== name;
}

async function signedIn(tokens) {
  session = tokens;
  announce('Accepting the invitation…');
  await accept();
}

async function accept() {
  const { kept, access_token } = session;
  const answer = await acceptInvitation(token, access_token);
  const ended = await leave();
  if (answer.ok) {
    const { organization, workspace, role } = answer.data;
    const afterwards = kept ? wordsAfter.kept : wordsAfter[ended ? 'ended' : 'open'];
    fill({ organization: organization.name, workspace: workspace.name, role: role.name, afterwards });
    return show('accepted');
  }
  const closed = closedWords(answer.code);
  if (closed) return showEnding(...closed);
  const words = refusalWords(answer.code, invitation);
  if (kept && answer.code !== 'UNAUTHORIZED') return showAlert(part('accept'), words ?? failureWords(answer));
  // Its code is spent and its session over: from here on the account signs in by password.
  offer('ways-in');
  choose('sign-in');
  showAlert(part('sign-in'), words ?? `${failureWords(answer)} You are not signed in.`);
}

const wordsAfter = {
  kept: 'You can close this page and go on in your app.',
  ended: 'This page has signed you out again. You can close it and go on in your app.',
  open: 'You can close this page and sign in to your app. Signing out here did not work: the session ends by itself within a day, or at once in your list of sessions.',
};

/** This page has no use beyond the acceptance for a session that was opened here. */
async function leave() {
  if (session === null || session.kept) return true;
  const { access_token } = session;
  session = null;
  return endSession(access_token);
}

addToggles();
const choose = waysIn({ signedIn, newcomers });
onSubmit(part('accept'), 'Accepting…', accept);
part('another-account').addEventListener('click', () => {
  offer('ways-in');
  part('sign-in-email').focus();
});
part('try-again').addEventListener('click', open);
addEventListener('pagehide', leave);
await open();
