import { failureWords } from './failure-words.js';
import { announce } from './view.js';

/**
 * Runs `work` with the form's values when it is sent, one at a time, and only when every field holds what it asks for.
 *
 * @param progress what is said and shown on the button meanwhile
 */
export function onSubmit(form, progress, work) {
  const button = form.querySelector('[type="submit"]');
  const label = button.textContent;
  form.noValidate = true;
  form.addEventListener('submit', async event => {
    event.preventDefault();
    if (button.getAttribute('aria-disabled') === 'true' || !isComplete(form)) return;
    // Not `disabled`, which would take the focus away.
    button.setAttribute('aria-disabled', 'true');
    button.textContent = progress;
    announce(progress);
    try {
      await work(Object.fromEntries(new FormData(form)));
    } catch (cause) {
      showAlert(form, 'Something went wrong in this page. Load it again.');
      throw cause;
    } finally {
      announce('');
      button.removeAttribute('aria-disabled');
      button.textContent = label;
    }
  });
}

/** Shows a failure where it belongs: at the fields that it names, else above the button. */
export function showFailure(form, answer, words = failureWords(answer)) {
  const atFields = new Map();
  for (const { field, reason } of answer.status < 500 ? answer.details : []) {
    const input = form.elements.namedItem(field.replace(/^body\./, ''));
    if (!input) continue;
    atFields.set(input, [...(atFields.get(input) ?? []), reason]);
  }
  for (const [input, reasons] of atFields) complain(input, `This ${listed(reasons)}.`);
  if (atFields.size === 0) showAlert(form, words);
  else [...atFields.keys()][0].focus();
}

/** @param more elements behind the words */
export function showAlert(form, words, more = []) {
  const alert = form.querySelector('[role="alert"]');
  alert.textContent = words;
  alert.append(...more);
}

/** Marks a field as wrong and says why; without words it is right again. */
export function complain(input, words) {
  document.getElementById(`${input.id}-error`).textContent = words;
  if (words) input.setAttribute('aria-invalid', 'true');
  else input.removeAttribute('aria-invalid');
}

function isComplete(form) {
  showAlert(form, '');
  const inputs = [...form.elements].filter(element => element.dataset.complaint);
  for (const input of inputs) complain(input, input.checkValidity() ? '' : input.dataset.complaint);
  const wrong = inputs.find(input => input.hasAttribute('aria-invalid'));
  wrong?.focus();
  return !wrong;
}

function listed(reasons) {
  return reasons.length < 2 ? reasons[0] : `${reasons.slice(0, -1).join(', ')} and ${reasons.at(-1)}`;
}
