import { acceptInvitation, closedWords, refusalWords } from './accept-invitation.js';
import { ask, endSession } from './api.js';
import { failureWords } from './failure-words.js';
import { showAlert } from './form.js';
import { showDetails } from './invitation-details.js';
import { takeTokenOfPath } from './link-token.js';
import { newcomers } from './newcomers.js';
import { addToggles } from './password-field.js';
import { announce, fill, show, showEnding } from './view.js';
import { waysIn } from './ways-in.js';

const token = takeTokenOfPath();
const part = id => document.getElementById(id);

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

addToggles();
const choose = waysIn({ signedIn, newcomers });
part('try-again').addEventListener('click', open);
addEventListener('pagehide', leave);
await open();
