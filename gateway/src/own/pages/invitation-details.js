import { fill } from './view.js';

/** Shows what an invitation is about. Names and message are other people's words. */
export function showDetails({ email, organization, workspace, role, invited_by, message, expires_at }) {
  fill({
    organization: organization.name,
    workspace: workspace.name,
    role: role.name,
    inviter: invited_by.display_name,
    invited: email,
    message: message ?? '',
    expiry: inWords(expires_at),
  });
  document.getElementById('message').hidden = !message;
  for (const input of document.querySelectorAll('[name="email"]')) input.value = email;
}

/** In the reader's time zone, in the language of the page. */
function inWords(time) {
  return new Date(time).toLocaleString(document.documentElement.lang, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    timeZoneName: 'short',
  });
}
