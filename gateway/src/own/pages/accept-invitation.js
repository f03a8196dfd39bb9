import { ask } from './api.js';

/** An account made a moment ago is known everywhere a moment later: how often and how fast to ask again, in ms. */
const TRIES = 10;
const PAUSE = 1_000;

/** Accepts the invitation as whoever the access token belongs to. */
export async function acceptInvitation(token, accessToken) {
  for (let left = TRIES; ; left -= 1) {
    const answer = await ask('POST', `/invitations/${token}/accept`, { accessToken });
    if (answer.status !== 503 || left === 1) return answer;
    await new Promise(resolve => setTimeout(resolve, PAUSE));
  }
}

/** Why an invitation cannot be accepted any more, as heading and text; undefined for what may pass. */
export function closedWords(code) {
  return {
    INVITATION_NOT_FOUND: [
      'This link does not work',
      'It may have been cut on its way, or a newer mail has replaced it. Open the link of the newest mail, or ask for a new invitation.',
    ],
    INVITATION_ALREADY_ACCEPTED: [
      'Already accepted',
      'This invitation has been accepted. If that was you, there is nothing left to do: sign in to your app.',
    ],
    INVITATION_EXPIRED: ['This invitation has expired', 'Ask the person who invited you for a new one.'],
    INVITATION_REVOKED: [
      'This invitation was taken back',
      'Ask the person who invited you if you think that this is a mistake.',
    ],
    ALREADY_MEMBER: ['You are a member already', 'There is nothing left to do: go on in your app.'],
  }[code];
}

/** Why it cannot be accepted as things are, though it stays open. */
export function refusalWords(code, { organization, email }) {
  return {
    INVITATION_EMAIL_MISMATCH: `This account does not have the invited address. Sign in with ${email}, or make an account for it.`,
    PLAN_LIMIT_EXCEEDED: `${organization.name} has no free seat. Ask the person who invited you to make room; your invitation stays open.`,
  }[code];
}
