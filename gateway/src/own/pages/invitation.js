import { acceptInvitation, closedWords, refusalWords } from './accept-invitation.js';
import { ask, endSession } from './api.js';
import { confirmCode } from './confirm-code.js';
import { failureWords } from './failure-words.js';
import { showAlert } from './form.js';
import { showDetails } from './invitation-details.js';
import { takeTokenOfPath } from './link-token.js';
import { addToggles } from './password-field.js';
import { secondFactor } from './second-factor.js';
import { signIn } from './sign-in.js';
import { signUp } from './sign-up.js';
import { announce, fill, show, showEnding } from './view.js';

const token = takeTokenOfPath();
const part = id => document.getElementById(id);
const choices = { 'sign-in': part('choose-sign-in'), 'sign-up': part('choose-sign-up') };

let invitation;
/** Lives from signing in to the answer of the acceptance. */
let accessToken = null;

async function open() {
  if (token === null) return show('reopen', { focus: false });
  if (token === undefined) return showEnding(...closedWords('INVITATION_NOT_FOUND'));
  show('loading', { focus: false });
  const answer = await ask('GET', `/invitations/${token}`);
  if (!answer.ok) {
    const closed = closedWords(answer.code);
    if (closed) return showEnding(...closed);
    fill({ failure: failureWords(answer) });
    return show('failed');
  }
  invitation = answer.data.invitation;
  showDetails(invitation);
  choose('sign-in');
  show('invitation');
}

/** Shows one of the forms: sign in, its second factor, sign up, or the code that was mailed. */
function choose(name) {
  for (const form of document.forms) form.hidden = form.id !== name;
  part('choice').hidden = !(name in choices);
  for (const [id, button] of Object.entries(choices))
    button.setAttribute('aria-pressed', String(id === name));
}

async function signedIn(tokens) {
  accessToken = tokens.access_token;
  announce('Accepting the invitation…');
  const answer = await acceptInvitation(token, accessToken);
  const ended = await leave();
  if (answer.ok) {
    const { organization, workspace, role } = answer.data;
    fill({ organization: organization.name, workspace: workspace.name, role: role.name });
    part('signed-out').hidden = !ended;
    part('still-signed-in').hidden = ended;
    return show('accepted');
  }
  const closed = closedWords(answer.code);
  if (closed) return showEnding(...closed);
  // Its code is spent and its session over: from here on the account signs in by password.
  const next = part('sign-in');
  choose(next.id);
  showAlert(next, refusalWords(answer.code, invitation) ?? `${failureWords(answer)} You are not signed in.`);
}

/** This page has no use for the session beyond the acceptance. */
async function leave() {
  if (accessToken === null) return true;
  const leaving = accessToken;
  accessToken = null;
  return endSession(leaving);
}

const askForCode = confirmCode({
  signedIn,
  startOver() {
    choose('sign-in');
    showAlert(
      part('sign-in'),
      'This code does not count any more. Sign in: if your address is not confirmed yet, a new code is mailed to you.',
    );
    part('sign-in').elements.password.focus();
  },
});

const askForFactor = secondFactor({
  signedIn,
  startOver(words) {
    choose('sign-in');
    showAlert(part('sign-in'), words);
    part('sign-in').elements.password.focus();
  },
});

function factorNeeded(login) {
  choose('second-factor');
  return askForFactor(login);
}

function codeNeeded(email, temporaryToken) {
  part('sign-in').elements.email.value = email;
  choose('confirm-code');
  askForCode(email, temporaryToken);
}

addToggles();
signIn({ signedIn, codeNeeded, factorNeeded });
signUp({ codeNeeded });
for (const [id, button] of Object.entries(choices)) button.addEventListener('click', () => choose(id));
part('try-again').addEventListener('click', open);
addEventListener('pagehide', leave);
await open();
