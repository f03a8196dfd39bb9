import { connectedAccounts } from './account/connected-accounts.js';
import { impersonations } from './account/impersonations.js';
import { organizations } from './account/organizations.js';
import { passkeys } from './account/passkeys.js';
import { password } from './account/password.js';
import { profile } from './account/profile.js';
import { secondFactors } from './account/second-factors.js';
import { beginSession, call, closeSession, isKept, leave } from './account/session.js';
import { sessions } from './account/sessions.js';
import { tokens } from './account/tokens.js';
import { trustedDevices } from './account/trusted-devices.js';
import { endKeptSession, keepSession, keptSession, stayWords } from './browser-session.js';
import { onSubmit, showFailure } from './form.js';
import { addToggles } from './password-field.js';
import { fill, show } from './view.js';
import { waysIn } from './ways-in.js';

const part = id => document.getElementById(id);

const ownTokens = tokens();
const ownSessions = sessions({ changed: () => load([ownImpersonations]) });
const ownImpersonations = impersonations({ changed: () => load([ownSessions]) });
const others = [
  profile({ known: ({ organizations }) => ownTokens.offer(organizations) }),
  organizations(),
  ownImpersonations,
  passkeys(),
  trustedDevices(),
  ownSessions,
  ownTokens,
  connectedAccounts(),
];
const factors = secondFactors({ changed: () => load(others) });

/** Each part by itself: what one of them meets does not keep the others. */
function load(sections) {
  for (const section of sections) section.load();
}

async function signedIn(tokens) {
  begin(await keepSession(tokens));
}

function begin(session) {
  beginSession(session, over);
  fill({ stay: stayWords(session.kept) });
  show('account');
  load([...others, factors]);
}

/** All that was shown goes with the session. */
function over(words) {
  fill({ reason: words });
  show('over');
  document.querySelector('[data-view="account"]').remove();
}

addToggles();
password();
/** Most who come here are signed in: it comes when it is needed. */
async function offerOrganizations(code) {
  const { organizationSignIn } = await import('./organization-sign-in.js');
  organizationSignIn(code);
}

waysIn({ signedIn });
onSubmit(part('sign-out'), 'Signing out…', async () => {
  // Where the provider of an organization opened the session, it says where to sign out of that, too.
  const { ok: isOver, data } = await call('POST', '/sso/logout');
  const answer = isKept() ? await endKeptSession() : isOver || (await call('POST', '/auth/logout'));
  if (!isOver && !answer.ok) return showFailure(part('sign-out'), answer);
  closeSession('You have signed out.');
  if (isOver && data.redirect_url !== null) location.assign(data.redirect_url);
});
part('sign-in-again').addEventListener('click', () => location.reload());
addEventListener('pagehide', leave);
// A page that the browser kept for going back to shows what was there, without a session.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());

fill({ stay: stayWords(isSecureContext) });
const { data: kept, code } = await keptSession();
if (kept) begin(kept);
else {
  show('sign-in', { focus: false });
  offerOrganizations(code);
}
