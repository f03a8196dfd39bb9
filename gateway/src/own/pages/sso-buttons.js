import { element } from '../docs/element.js';
import { ask } from './api.js';
import { goToProvider } from './sso-flow.js';

/**
 * Offers to sign in at the organization's own identity provider, once the form has an address of which there is one. Of who has
 * an account it tells nothing.
 */
export function ssoButtons(form, place) {
  if (!isSecureContext) return;
  const { email } = form.elements;
  let asked = '';
  async function lookUp() {
    const domain = email.value.trim().toLowerCase().split('@').at(-1);
    if (domain === asked) return;
    asked = domain;
    place.replaceChildren();
    if (!email.value.includes('@') || !email.checkValidity()) return;
    const { ok, data } = await ask('POST', '/sso/discover', { body: { domain } });
    if (!ok || asked !== domain) return;
    place.replaceChildren(...data.providers.map(buttonFor));
  }
  function buttonFor({ id, name }) {
    const button = element('button', { type: 'button', className: 'other' }, `Continue with ${name}`);
    button.addEventListener('click', () => goToProvider(id, email.value.trim()));
    return button;
  }
  email.addEventListener('change', lookUp);
  if (email.value) lookUp();
}
