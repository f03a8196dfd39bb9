import { element } from '../../docs/element.js';
import { complain, onSubmit, showFailure } from '../form.js';

/** By which the person knows something again. */
export const nameField = (name, label, autocomplete = 'off') => ({
  name,
  label,
  complaint: 'Enter a name.',
  autocomplete,
  maxLength: 100,
});

export const sixDigits = (name, label) => ({
  name,
  label,
  complaint: 'Enter the 6 digits.',
  className: 'code',
  inputMode: 'numeric',
  autocomplete: 'one-time-code',
  pattern: '\\s*[0-9]{6}\\s*',
});

/**
 * A form that asks the API.
 *
 * @param id of the form, from which those of its fields are made
 * @param fields elements, or `{ name, label, complaint }` with the properties of the input
 * @param send asks, with the trimmed values by name
 * @param wrong what is said at the last field about a failure, by its code; `words` above the button
 * @param done gets the data of the success
 */
export function madeForm({ id, fields = [], button, progress, send, wrong = {}, words = {}, done }) {
  const form = element(
    'form',
    { id, method: 'post' },
    fields.map(field => (field instanceof Element ? field : madeField(id, field))),
    element('p', { className: 'alert', role: 'alert' }),
    element('button', { className: 'main', type: 'submit', textContent: button }),
  );
  onSubmit(form, progress, async values => {
    for (const name in values) values[name] = values[name].trim();
    const answer = await send(values);
    if (answer.ok) {
      form.reset();
      return done(answer.data);
    }
    if (!wrong[answer.code]) return showFailure(form, answer, words[answer.code]);
    const field = [...form.elements].findLast(({ required }) => required);
    complain(field, wrong[answer.code]);
    field.select();
  });
  return form;
}

function madeField(form, { label, complaint, ...properties }) {
  const id = `${form}-${properties.name}`;
  return element(
    'div',
    { className: 'field' },
    element('label', { htmlFor: id }, label),
    element('input', {
      id,
      required: true,
      'aria-describedby': `${id}-error`,
      data: { complaint },
      ...properties,
    }),
    element('p', { id: `${id}-error`, className: 'wrong' }),
  );
}

/** What opens when its words are pressed. */
export function folded(summary, ...content) {
  return element('details', {}, element('summary', {}, summary), content);
}

/** Shows the next step of something. */
export function goOn(form) {
  form.hidden = false;
  form.querySelector('input').focus();
}
