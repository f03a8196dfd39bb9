import { element } from '../../docs/element.js';
import { showBranding } from '../branding.js';
import { section } from './section.js';
import { adopt, call } from './session.js';

const roles = { true: 'You are its administrator', false: 'You are a member' };

/** The organizations of the person, and which of them the session acts in. */
export function organizations() {
  const own = section('organizations', {
    path: '/auth/me',
    entries(me) {
      showBranding(me.branding);
      return me.organizations.map(({ id, name, is_admin }) => {
        const isActive = id === me.active_organization_id;
        const button = element(
          'button',
          { type: 'button', className: 'text', ariaLabel: `Switch to ${name}` },
          'Switch',
        );
        button.addEventListener('click', async () => {
          if (button.ariaDisabled === 'true') return;
          button.ariaDisabled = 'true';
          const answer = await call('POST', `/organizations/${id}/switch`, {});
          button.ariaDisabled = 'false';
          if (!answer.ok) return own.failed(answer);
          adopt(answer.data);
          await own.done(`You are working in ${name} now.`);
        });
        return {
          title: isActive ? `${name} (active)` : name,
          lines: [roles[is_admin]],
          act: isActive ? null : button,
        };
      });
    },
    none: 'You belong to none.',
  });
  return own;
}
