import { element } from '../../docs/element.js';
import { fill } from '../view.js';
import { askedButton } from './asked-button.js';
import { day, lastUse } from './day.js';
import { folded, goOn, madeForm, nameField, sixDigits } from './made-form.js';
import { section } from './section.js';
import { call } from './session.js';
import { showOnce } from './show-once.js';

const wrong = {
  INVALID_CODE: 'This is not the code. Wait for the next one, or look at the newest mail.',
  NO_PENDING_SETUP: 'That took too long. Begin again.',
};

/** `changed` is told when a factor was turned on or off, on which other parts of the page depend. */
export function secondFactors({ changed }) {
  const codes = element('div', { className: 'once' });
  const picture = element('img', { className: 'qr', alt: 'QR code of the key below' });
  let methods = [];

  const name = madeForm({
    id: 'totp',
    fields: [nameField('device_name', 'Name of the device')],
    button: 'Go on',
    progress: 'One moment…',
    send: values => call('POST', '/mfa/totp/setup', { ...values, additional: methods.includes('totp') }),
    words: { TOTP_ALREADY_ENABLED: 'You have as many authenticator apps as you can. Remove one first.' },
    done({ qr_code, manual_entry_key }) {
      picture.src = qr_code;
      fill({ 'totp-key': manual_entry_key.replace(/.{4}(?=.)/g, '$& ') });
      name.hidden = true;
      goOn(confirm);
    },
  });

  const confirm = madeForm({
    id: 'totp-code',
    fields: [
      element(
        'p',
        {},
        'Scan this with the app, or enter the key by hand. Then enter the code that the app shows.',
      ),
      picture,
      element('p', {}, 'Key: ', element('code', { data: { text: 'totp-key' } })),
      sixDigits('code', 'Code of the app'),
    ],
    button: 'Turn it on',
    progress: 'Checking…',
    send: values => call('POST', '/mfa/totp/verify', values),
    wrong,
    done: ({ backup_codes }) => turnedOn('The authenticator app is set up.', backup_codes),
  });

  const mail = madeForm({
    id: 'mail',
    button: 'Mail me a code',
    progress: 'Sending the code…',
    send: () => call('POST', '/mfa/email-otp/setup'),
    done: () => goOn(confirmMail),
  });

  const confirmMail = madeForm({
    id: 'mail-code',
    fields: [sixDigits('code', 'Code of the mail')],
    button: 'Turn it on',
    progress: 'Checking…',
    send: values => call('POST', '/mfa/email-otp/verify', values),
    wrong,
    done: ({ backup_codes }) => turnedOn('Codes by mail are on.', backup_codes),
  });

  const addApp = folded('Add an authenticator app', name, confirm);
  const addMail = folded('Get codes by mail', mail, confirmMail);
  /** The key is gone when the person is done with it or turns back. */
  function startAnew() {
    name.hidden = false;
    confirm.hidden = true;
    picture.removeAttribute('src');
    fill({ 'totp-key': '' });
  }
  startAnew();
  confirmMail.hidden = true;
  addApp.addEventListener('toggle', () => addApp.open || startAnew());

  async function turnedOn(words, newCodes) {
    startAnew();
    confirmMail.hidden = true;
    await own.done(words);
    showCodes(newCodes);
    changed();
  }

  function showCodes(newCodes) {
    showOnce(codes, {
      label:
        'Your backup codes. Each signs you in once where you have no other code. Older ones do not count any more, and these are not shown again.',
      secret: newCodes.join('\n'),
      rows: newCodes.length,
      kept: own.focus,
    });
  }

  async function remove(...what) {
    if (await own.remove(...what)) changed();
  }

  const app = ({ id, device_name, created_at, last_used_at }) => ({
    title: device_name,
    lines: [`Authenticator app, added ${day(created_at)}, ${lastUse(last_used_at)}`],
    act: askedButton({
      label: 'Remove',
      of: device_name,
      question: `Remove ${device_name}? Its codes will not count any more.`,
      act: () => remove(`${device_name} was removed.`, 'DELETE', `/mfa/totp/devices/${id}`),
    }),
  });

  const mailedCodes = () => ({
    title: 'Codes by mail',
    lines: ['They go to the address that you sign in with'],
    act: askedButton({
      label: 'Turn off',
      of: 'codes by mail',
      question: 'Turn codes by mail off?',
      act: () => remove('Codes by mail are off.', 'POST', '/auth/mfa/deactivate', { method: 'email_otp' }),
    }),
  });

  const backupCodes = left => ({
    title: 'Backup codes',
    lines: [`${left} left`],
    act: askedButton({
      label: 'Make new ones',
      of: 'as backup codes',
      question: 'Make ten new backup codes? Older ones will not count any more.',
      async act() {
        const answer = await call('POST', '/mfa/backup-codes');
        if (!answer.ok) return own.failed(answer);
        await own.done('You have new backup codes.');
        showCodes(answer.data.backup_codes);
      },
    }),
  });

  const own = section('second-factors', {
    path: '/mfa/status',
    entries(status) {
      methods = status.mfa_methods;
      const mails = methods.includes('email_otp');
      addMail.hidden = mails;
      if (!status.mfa_enabled) codes.replaceChildren();
      return [
        ...(status.required
          ? [{ title: 'Your organization asks for one', lines: [`From ${day(status.required_from)}`] }]
          : []),
        ...status.devices.map(app),
        ...(mails ? [mailedCodes()] : []),
        ...(status.mfa_enabled ? [backupCodes(status.backup_codes_left)] : []),
      ];
    },
    none: 'Your account asks for none.',
    more: [codes, addApp, addMail],
  });
  return own;
}
