import { element } from '../../docs/element.js';
import { fill } from '../view.js';
import { askedButton } from './asked-button.js';
import { day, lastUse } from './day.js';
import { folded, madeForm, nameField } from './made-form.js';
import { section } from './section.js';
import { call } from './session.js';
import { showOnce } from './show-once.js';

const scopes = {
  read: 'read',
  write: 'create, change and delete',
  admin: 'what is left to administrators',
};
const lives = { 7: '7 days', 30: '30 days', 90: '90 days', 365: 'a year' };

/** Personal access tokens. */
export function tokens() {
  const names = new Map();
  const secret = element('div', { className: 'once' });
  const option = (value, text) => element('option', { value, textContent: text });
  const choice = (name, label, options) =>
    element('div', { className: 'field' }, element('label', {}, label, element('select', { name }, options)));
  const place = choice('organization', 'Where', []);
  const life = choice(
    'days',
    'For how long',
    Object.entries(lives).map(entry => option(...entry)),
  );
  life.querySelector('[value="90"]').defaultSelected = true;

  const form = madeForm({
    id: 'token',
    fields: [
      nameField('name', 'Name'),
      element(
        'fieldset',
        { className: 'field' },
        element('legend', {}, 'What it may do for you'),
        Object.entries(scopes).map(([name, text]) =>
          element(
            'label',
            { className: 'tick' },
            element('input', { type: 'checkbox', name, defaultChecked: name === 'read' }),
            element('span', {}, text),
          ),
        ),
      ),
      place,
      life,
    ],
    button: 'Make the token',
    progress: 'Making it…',
    send: ({ name, organization, days, ...ticked }) =>
      call('POST', '/auth/tokens', {
        name,
        scopes: Object.keys(ticked),
        expires_in_days: Number(days),
        organization_id: organization ? Number(organization) : null,
      }),
    words: { VALIDATION_ERROR: 'Say at least one thing that it may do.' },
    async done({ name, token }) {
      await own.done(`The token ${name} was made.`);
      const label = 'Your new token. It is not shown again.';
      showOnce(secret, { label, secret: token, rows: 3, kept: own.focus });
    },
  });

  /** The name of an organization may come after the list. */
  const where = id =>
    id === null
      ? 'all organizations'
      : element('bdi', { data: { text: `organization-${id}` } }, names.get(id) ?? 'one organization');

  const own = section('tokens', {
    path: '/auth/tokens',
    entries({ tokens, total_count }) {
      const shown = tokens.map(({ id, name, scopes, organization_id, expires_at, last_used_at }) => ({
        title: name,
        lines: [
          [`May ${scopes.join(', ')} in `, where(organization_id)],
          `${new Date(expires_at) < new Date() ? 'Expired' : 'Expires'} ${day(expires_at)}, ${lastUse(last_used_at)}`,
        ],
        act: askedButton({
          label: 'Revoke',
          of: name,
          question: `Revoke the token ${name}? Programs that use it are refused at once.`,
          async act() {
            const gone = await own.remove(`The token ${name} was revoked.`, 'DELETE', `/auth/tokens/${id}`);
            if (gone) secret.replaceChildren();
          },
        }),
      }));
      const hidden = total_count - tokens.length;
      return hidden > 0
        ? [...shown, { title: `${hidden} older ones`, lines: ['Revoke some to see them'] }]
        : shown;
    },
    none: 'You have none.',
    more: [secret, folded('Make a token', form)],
  });

  return {
    ...own,
    /** The organizations that a token may be made for. */
    offer(organizations) {
      for (const { id, name } of organizations) {
        names.set(id, name);
        fill({ [`organization-${id}`]: name });
      }
      const own = organizations.map(({ id, name }) => option(id, name));
      place.querySelector('select').replaceChildren(option('', 'all my organizations'), ...own);
    },
  };
}
