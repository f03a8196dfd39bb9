import { element } from '../../docs/element.js';
import { failureWords } from '../failure-words.js';
import { showAlert } from '../form.js';
import { call } from './session.js';

const known = {
  NOT_FOUND: 'This is not available here.',
  MFA_ENROLMENT_REQUIRED: 'Your organization asks for a second factor. Set one up first.',
  SSO_REQUIRED: 'This organization lets people in through its own sign-in only.',
  MFA_REQUIRED_BY_ORGANIZATION: 'Your organization asks for a second factor. Set another one up first.',
};

const wordsFor = answer => known[answer.code] ?? failureWords(answer);

/** The sign-in that a refusal names; nothing of any other answer. */
function signInLink({ code, details }) {
  const href = code === 'SSO_REQUIRED' && details[0]?.reason;
  return /^https?:/.test(href) ? [' ', element('a', { href }, 'Go to the sign-in')] : [];
}

/**
 * A part of the page that lists what the API says. Where the API fails, the part says so in place of its body, and the
 * other parts go on.
 *
 * @param id of the element with the heading
 * @param path that the API is asked
 * @param entries of the list, from the data: each `{ title, lines, act }`: text, text or elements, and what can be done about it
 * @param none what is said where there are none
 * @param more elements below the list
 */
export function section(id, { path, entries, none, more = [] }) {
  const place = document.getElementById(id);
  const heading = place.querySelector('h2');
  heading.tabIndex = -1;
  place.setAttribute('aria-label', heading.textContent);
  const news = element('p', { className: 'news', role: 'status' });
  const again = element('button', {
    type: 'button',
    className: 'text',
    textContent: 'Try again',
    hidden: true,
  });
  const list = element('ul', { className: 'entries' });
  const body = element('div', { hidden: true }, list, more);
  place.append(element('p', { className: 'alert', role: 'alert' }), again, news, body);

  async function load() {
    const answer = await call('GET', path);
    if (answer.ok) {
      const rows = entries(answer.data).map(row);
      list.replaceChildren(...(rows.length > 0 ? rows : [element('li', { className: 'quiet' }, none)]));
    }
    body.hidden = !answer.ok;
    again.hidden = answer.ok || answer.code === 'NOT_FOUND';
    showAlert(place, answer.ok ? '' : wordsFor(answer), signInLink(answer));
  }
  again.addEventListener('click', async () => {
    await load();
    if (again.hidden) heading.focus();
  });

  const own = {
    load,
    focus: () => heading.focus(),
    /** Says that something was done, and shows how things are now. */
    async done(words) {
      for (const details of place.querySelectorAll('details')) details.open = false;
      news.textContent = words;
      heading.focus();
      await load();
    },
    /** Says why something was not done. */
    failed(answer) {
      news.textContent = '';
      showAlert(place, wordsFor(answer), signInLink(answer));
    },
    /** Asks for something to be taken away, unless it is gone already. @returns whether it is */
    async remove(words, ...request) {
      const answer = await call(...request);
      const gone = answer.ok || answer.status === 404;
      if (gone) await own.done(words);
      else own.failed(answer);
      return gone;
    },
  };
  return own;
}

function row({ title, lines, act }) {
  const texts = lines.filter(Boolean).map(line => element('p', { className: 'quiet' }, line));
  const name = element('p', { className: 'name' }, element('bdi', {}, title));
  return element('li', {}, element('div', {}, name, texts), act);
}
