import { element } from '../../docs/element.js';

/**
 * Shows a secret that is not shown again, until the person says that it is kept. It is the value of a field, no text of
 * the page, and goes with the field.
 *
 * @param kept what comes then
 */
export function showOnce(place, { label, secret, rows, kept }) {
  const field = element('textarea', { readOnly: true, rows, value: secret, spellcheck: false });
  const news = element('p', { className: 'quiet', role: 'status' });
  const copy = element('button', { type: 'button', className: 'main', textContent: 'Copy' });
  const done = element('button', { type: 'button', className: 'other', textContent: 'I have kept it' });
  copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(secret);
      news.textContent = 'Copied.';
    } catch {
      field.select();
      news.textContent = 'This browser does not let the page copy. The text is selected: copy it yourself.';
    }
  });
  done.addEventListener('click', () => {
    place.replaceChildren();
    kept();
  });
  place.replaceChildren(element('label', {}, label, field), news, copy, done);
  field.focus();
}
