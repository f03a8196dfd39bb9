import { ask, endSession } from './api.js';
import { keepSession } from './browser-session.js';
import { failureWords } from './failure-words.js';
import { finishFlow, takeFlow } from './social-flow.js';
import { fill, show } from './view.js';

const { provider, state, code, iss, error } = Object.fromEntries(new URLSearchParams(location.search));
history.replaceState(null, '', location.pathname);

const words = {
  SOCIAL_LOGIN_FAILED: 'The sign-in elsewhere did not work, or took too long.',
  ACCOUNT_DISABLED: 'This account is suspended. Ask whoever administers it.',
};

function fail(failure) {
  fill({ failure });
  show('failed');
}

async function finish() {
  const flow = takeFlow(provider, state);
  if (!flow) return fail('This sign-in was not begun in this tab, or is finished already.');
  document.getElementById('back').href = flow.back;
  if (error || !code) return fail('You turned back there, or were not let in.');
  const answer = await ask('POST', '/auth/oauth/login', { body: { provider, code, state, iss } });
  if (!answer.ok) return fail(words[answer.code] ?? failureWords(answer));
  const session = await keepSession(answer.data);
  if (session.kept) return finishFlow(flow);
  await endSession(session.access_token);
  fail('This browser keeps no cookie of this site, so nobody can be signed in this way.');
}

show('going', { focus: false });
await finish();
