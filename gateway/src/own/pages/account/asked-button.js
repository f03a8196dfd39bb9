import { element } from '../../docs/element.js';

/**
 * A button for what cannot be taken back. It asks once, in its own place, with the focus on turning back.
 *
 * @param label of the button, such as "Delete"
 * @param of what, for those who hear the button without the row
 */
export function askedButton({ label, of = '', question, act }) {
  const button = (className, text) => element('button', { type: 'button', className, textContent: text });
  const first = button('text', label);
  first.ariaLabel = `${label} ${of}`.trim();
  const no = button('text', 'Cancel');
  const yes = button('text bad', label);
  const asking = element(
    'div',
    { role: 'group', 'aria-label': question },
    element('p', {}, question),
    no,
    yes,
  );
  asking.hidden = true;

  function ask(open) {
    const here = asking.contains(document.activeElement);
    asking.hidden = !open;
    first.hidden = open;
    if (open) no.focus();
    else if (here) first.focus();
  }
  first.addEventListener('click', () => ask(true));
  no.addEventListener('click', () => ask(false));
  asking.addEventListener('keydown', ({ key }) => key === 'Escape' && ask(false));
  yes.addEventListener('click', async () => {
    if (yes.ariaDisabled === 'true') return;
    yes.ariaDisabled = 'true';
    await act();
    yes.ariaDisabled = 'false';
    ask(false);
  });
  return element('div', { className: 'act' }, first, asking);
}
