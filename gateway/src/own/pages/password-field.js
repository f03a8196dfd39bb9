import { complain } from './form.js';

/** The platform's policy, to say at once what is missing. The API decides. */
const rules = { length: /^.{8,128}$/su, upper: /[A-Z]/, lower: /[a-z]/, digit: /[0-9]/ };

/** Lets a button show what was typed into the password fields that it controls. */
export function addToggles() {
  for (const button of document.querySelectorAll('[data-shows]')) {
    const inputs = button.dataset.shows
      .split(' ')
      .map(id => document.getElementById(id))
      .filter(Boolean);
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

/** Whether a new password meets the rules and is the one that was repeated; else says at the field what is wrong. */
export function isNewPassword(first, second) {
  if (!meetsRules(first.value)) {
    complain(first, 'This password does not meet all of the rules.');
    first.focus();
    return false;
  }
  if (second.value !== first.value) {
    complain(second, 'The two passwords differ.');
    second.focus();
    return false;
  }
  return true;
}

export function meetsRules(password) {
  return Object.values(rules).every(rule => rule.test(password));
}
