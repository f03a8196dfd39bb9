import { complain } from './form.js';

/** The platform's policy, to say at once what is missing. The API decides. */
const rules = { length: /^.{8,128}$/su, upper: /[A-Z]/, lower: /[a-z]/, digit: /[0-9]/ };

/** Lets a button show what was typed into the password fields that it controls. */
export function addToggles() {
  for (const button of document.querySelectorAll('[data-shows]')) {
    const inputs = button.dataset.shows.split(' ').map(id => document.getElementById(id));
    button.addEventListener('click', () => {
      const shown = button.getAttribute('aria-pressed') !== 'true';
      button.setAttribute('aria-pressed', String(shown));
      for (const input of inputs) input.type = shown ? 'text' : 'password';
    });
  }
}

/** Ticks off the rules beside the field of a new password while it is typed. */
export function followRules(input) {
  const list = document.getElementById(`${input.id}-rules`);
  input.addEventListener('input', () => {
    for (const item of list.querySelectorAll('[data-rule]')) {
      const met = rules[item.dataset.rule].test(input.value);
      item.classList.toggle('met', met);
      item.querySelector('.unseen').textContent = met ? ' (met)' : '';
    }
    if (input.hasAttribute('aria-invalid') && meetsRules(input.value)) complain(input, '');
  });
}

export function meetsRules(password) {
  return Object.values(rules).every(rule => rule.test(password));
}
