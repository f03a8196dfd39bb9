import { element } from '../../docs/element.js';
import { askedButton } from './asked-button.js';
import { clock, day } from './day.js';
import { section } from './section.js';
import { call } from './session.js';

/**
 * Who asks to act in the name of the person, and who does.
 *
 * @param changed runs when something was answered or ended
 */
export function impersonations({ changed }) {
  const own = section('impersonations', {
    path: '/auth/me/impersonations',
    entries: ({ impersonations }) =>
      impersonations.filter(({ status }) => status === 'pending' || status === 'active').map(entry),
    none: 'Nobody asks, and nobody does.',
  });

  function button(label, { administrator, question, words, request: [method, path] }) {
    return askedButton({
      label,
      of: `for ${administrator.display_name}`,
      question,
      async act() {
        const answer = await call(method, `/auth/me/impersonations/${path}`);
        if (answer.ok) await own.done(words);
        else {
          await own.load();
          own.failed(answer);
        }
        changed();
      },
    });
  }

  function entry(impersonation) {
    const { id, organization, administrator, reason, minutes, status } = impersonation;
    const { expires_at, ends_at, started_at } = impersonation;
    const name = administrator.display_name;
    const title = `${name} (${administrator.email})`;
    const place = element('bdi', {}, organization.name);
    if (status === 'active') {
      const begun = started_at ? `Began at ${clock(started_at)}` : 'Has not begun yet';
      const act = button('End', {
        administrator,
        question: `Have ${name} not act in your name any more?`,
        words: 'It was ended.',
        request: ['DELETE', id],
      });
      return { title, lines: [['May act in your name in ', place, ` until ${clock(ends_at)}`], begun], act };
    }
    const lines = [
      ['Asks to act in your name in ', place, ` for ${minutes} minutes`],
      ['Reason: ', element('bdi', {}, reason)],
      `Answer by ${day(expires_at)}, ${clock(expires_at)}`,
    ];
    const approve = button('Approve', {
      administrator,
      question: `Let ${name} see and do what you may in ${organization.name}, for ${minutes} minutes from now? It is recorded as done by ${name}.`,
      words: 'You approved it.',
      request: ['POST', `${id}/approve`],
    });
    const deny = button('Deny', {
      administrator,
      question: `Deny what ${name} asks for?`,
      words: 'You denied it.',
      request: ['POST', `${id}/deny`],
    });
    return { title, lines, act: element('div', { className: 'acts' }, approve, deny) };
  }
  return own;
}
