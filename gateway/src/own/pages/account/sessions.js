import { element } from '../../docs/element.js';
import { askedButton } from './asked-button.js';
import { day } from './day.js';
import { section } from './section.js';
import { call, closeSession } from './session.js';

/** @param changed runs when some were ended */
export function sessions({ changed }) {
  let others = [];

  const endOthers = askedButton({
    label: 'End all others',
    question: 'End every session but this one?',
    async act() {
      for (const { id } of others) {
        const answer = await call('DELETE', `/sessions/${id}`);
        if (!answer.ok && answer.status !== 404) return own.failed(answer);
      }
      await own.done('All other sessions were ended.');
      changed();
    },
  });
  const endAll = askedButton({
    label: 'Sign out everywhere',
    question: 'End every session, that of this page too?',
    async act() {
      const answer = await call('POST', '/auth/logout-all');
      if (!answer.ok) return own.failed(answer);
      closeSession('Every device was signed out.');
    },
  });

  const own = section('sessions', {
    path: '/sessions',
    entries(answered) {
      others = answered.sessions.filter(({ is_current }) => !is_current);
      endOthers.hidden = others.length === 0;
      return answered.sessions.map(
        ({ id, ip_address, device_name, impersonator, created_at, last_activity_at, is_current }) => {
          const title = impersonator ? `${impersonator.display_name}, in your name` : device_name;
          const lines = [`At ${ip_address}, since ${day(created_at)}, last active ${day(last_activity_at)}`];
          if (is_current) return { title: `${title} (this page)`, lines };
          const act = askedButton({
            label: 'End',
            of: `the session of ${title}`,
            question: `End the session of ${title}? It is signed out at once.`,
            async act() {
              if (await own.remove('The session was ended.', 'DELETE', `/sessions/${id}`)) changed();
            },
          });
          return { title, lines, act };
        },
      );
    },
    more: [element('div', { className: 'acts' }, endOthers, endAll)],
  });
  return own;
}
