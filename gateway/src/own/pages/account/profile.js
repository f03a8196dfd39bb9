import { element } from '../../docs/element.js';
import { fill } from '../view.js';
import { folded, goOn, madeForm, nameField, sixDigits } from './made-form.js';
import { section } from './section.js';
import { call } from './session.js';

/** Name and address. `known` gets what the API says about the person. */
export function profile({ known }) {
  let wanted;

  const name = madeForm({
    id: 'name',
    fields: [nameField('display_name', 'Name', 'name')],
    button: 'Save the name',
    progress: 'Saving…',
    send: values => call('PUT', '/auth/me/profile', values),
    done: () => own.done('Your name has been changed.'),
  });

  const address = madeForm({
    id: 'address',
    fields: [
      {
        name: 'new_email',
        label: 'New email address',
        complaint: 'Enter an email address.',
        type: 'email',
        autocomplete: 'email',
      },
    ],
    button: 'Mail a code to it',
    progress: 'Sending the code…',
    send: values => call('POST', '/auth/me/email/request', values),
    wrong: {
      EMAIL_ALREADY_TAKEN: 'Another account has this address.',
      EMAIL_UPDATE_REQUEST_FAILED: 'This is the address that you have, or your organization looks after it.',
    },
    done({ new_email }) {
      wanted = new_email;
      fill({ 'new-address': wanted });
      goOn(confirm);
    },
  });

  const confirm = madeForm({
    id: 'address-code',
    fields: [
      element(
        'p',
        {},
        'A code was mailed to ',
        element('bdi', { className: 'name', data: { text: 'new-address' } }),
        '.',
      ),
      sixDigits('otp_code', 'Code of the mail'),
    ],
    button: 'Change the address',
    progress: 'Checking…',
    send: values => call('POST', '/auth/me/email/verify', { new_email: wanted, ...values }),
    wrong: {
      INVALID_OTP: 'This is not the code. Look at the newest mail.',
      OTP_EXPIRED: 'This code has expired. Have a new one sent.',
      TOO_MANY_ATTEMPTS: 'Too many wrong codes. Have a new one sent.',
      EMAIL_UPDATE_VERIFY_FAILED: 'This code does not count any more. Have a new one sent.',
    },
    done() {
      confirm.hidden = true;
      return own.done(`You sign in with ${wanted} from now on.`);
    },
  });
  confirm.hidden = true;

  const own = section('profile', {
    path: '/auth/me',
    entries(me) {
      const { display_name, primary_email } = me.user;
      fill({ 'own-address': primary_email });
      name.elements.display_name.value = display_name;
      known(me);
      return [
        { title: display_name, lines: ['Name'] },
        ...me.emails.map(({ email, is_primary }) => ({
          title: email,
          lines: [
            is_primary ? 'Address that you sign in with' : 'Also yours, but you do not sign in with it',
          ],
        })),
      ];
    },
    more: [folded('Change the name', name), folded('Change the address', address, confirm)],
  });
  return own;
}
