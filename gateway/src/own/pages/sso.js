import { ask, endSession } from './api.js';
import { keepSession, keptSession } from './browser-session.js';
import { failureWords } from './failure-words.js';
import { onSubmit, showAlert } from './form.js';
import { addToggles } from './password-field.js';
import { finishFlow } from './social-flow.js';
import { goToProvider, newVerifier, takeSsoFlow } from './sso-flow.js';
import { leftWords, ssoWords } from './sso-words.js';
import { fill, show } from './view.js';
import { waysIn } from './ways-in.js';

const part = id => document.getElementById(id);
const { provider, state, code, ticket, error, signed_out } = Object.fromEntries(
  new URLSearchParams(location.search),
);
history.replaceState(null, '', location.pathname);

function fail(failure) {
  fill({ failure });
  show('failed');
}

const failed = answer => fail(answer.code ? ssoWords(answer.code) : failureWords(answer));

/** Has the browser keep the session and goes back to where somebody wanted to sign in. */
async function enter(tokens, back) {
  const session = await keepSession(tokens);
  if (session.kept) return finishFlow({ back });
  await endSession(session.access_token);
  fail('This browser keeps no cookie of this site, so nobody can be signed in this way.');
}

async function trade(given, { verifier, back }) {
  const answer = await ask('POST', '/auth/sso/login', { body: { code: given, code_verifier: verifier } });
  if (!answer.ok) return failed(answer);
  await enter(answer.data, back);
}

/** What a ticket is for; else the page says that it is good no more. */
async function describe(given) {
  const answer = await ask('POST', '/sso/tickets/describe', { body: { ticket: given } });
  if (!answer.ok) return failed(answer);
  const { email, display_name, provider_name } = answer.data;
  fill({ arriving: email, 'arriving-name': display_name ?? email, provider: provider_name });
  return answer.data;
}

/** The account with the address is somebody's own: whoever can sign in to it may connect it. */
async function connect(given, { verifier, back }) {
  const described = await describe(given);
  if (!described) return;
  addToggles();
  waysIn({
    async signedIn(tokens) {
      const { access_token: accessToken } = tokens;
      const body = { ticket: given, code_verifier: verifier };
      const answer = await ask('POST', '/sso/tickets/connect', { body, accessToken });
      await endSession(accessToken);
      // By the provider: an organization may let nobody in who signed in otherwise.
      if (answer.ok) return goToProvider(answer.data.provider_id, described.email, back);
      if (answer.code !== 'NOT_THIS_ACCOUNT') return failed(answer);
      showAlert(part('sign-in'), `This is another account. Sign in to the one of ${described.email}.`);
    },
  });
  part('sign-in').elements.email.value = described.email;
  show('connect');
}

/** The provider began it, or somebody who leads others here: nothing counts before this person has seen for whom it is. */
async function confirm(given) {
  if (!(await describe(given))) return;
  onSubmit(part('confirm'), 'One moment…', async () => {
    const { verifier, challenge } = await newVerifier();
    const body = { ticket: given, code_challenge: challenge };
    const answer = await ask('POST', '/sso/tickets/confirm', { body });
    if (!answer.ok) return failed(answer);
    const flow = { verifier, back: '/account' };
    const { code: traded, ticket: proved, reason } = answer.data;
    if (traded) return trade(traded, flow);
    if (proved) return connect(proved, flow);
    fail(ssoWords(reason));
  });
  show('confirm');
}

/** Whoever leads others here by a link cannot have them believe that they are signed out. */
async function signedOut() {
  if (signed_out === 'refused') return show('not-signed-out');
  const { data: kept } = await keptSession();
  if (kept) {
    fill({ still: kept.email });
    return show('still-here');
  }
  fill({ left: leftWords(signed_out) });
  show('signed-out');
}

async function finish() {
  if (signed_out) return signedOut();
  if (/^\d+$/.test(provider)) {
    part('begin').addEventListener('click', () => goToProvider(provider));
    return show('begin');
  }
  if (ticket && !state && isSecureContext) return confirm(ticket);
  if (error && !state) return fail(ssoWords(error));
  const flow = takeSsoFlow(state);
  if (!flow) return fail('This sign-in was not begun in this tab, or is finished already.');
  part('back').href = flow.back;
  if (code) return trade(code, flow);
  if (ticket) return connect(ticket, flow);
  fail(ssoWords(error));
}

show('going', { focus: false });
await finish();
