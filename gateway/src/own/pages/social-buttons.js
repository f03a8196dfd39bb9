import { element } from '../docs/element.js';
import { ask } from './api.js';
import { failureWords } from './failure-words.js';
import { beginFlow } from './social-flow.js';

/** Offers to sign in at each provider that is configured, where the browser keeps the session for the way back. */
export async function socialButtons(place) {
  if (!isSecureContext) return;
  const { ok, data } = await ask('GET', '/auth/oauth/providers');
  if (!ok || data.providers.length === 0) return;
  const alert = element('p', { className: 'alert', role: 'alert' });
  const buttons = data.providers.map(({ provider, title }) => {
    const button = element('button', { type: 'button', className: 'other' }, `Go on with ${title}`);
    button.addEventListener('click', async () => {
      alert.textContent = '';
      const answer = await ask('GET', `/auth/oauth/${provider}/url?state=${beginFlow(provider)}`);
      if (answer.ok) location.assign(answer.data.oauth_url);
      else alert.textContent = failureWords(answer);
    });
    return button;
  });
  place.replaceChildren(...buttons, alert);
}
