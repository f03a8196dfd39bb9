import { createPasskey, hasPasskeys } from '../passkey.js';
import { askedButton } from './asked-button.js';
import { day, lastUse } from './day.js';
import { folded, madeForm, nameField } from './made-form.js';
import { section } from './section.js';
import { call } from './session.js';

export function passkeys() {
  const add = madeForm({
    id: 'passkey',
    fields: [nameField('device_name', 'Name of the device')],
    button: 'Make the passkey',
    progress: 'Waiting for your device…',
    send: ({ device_name }) => createPasskey(call, device_name),
    words: {
      PASSKEY_DECLINED: 'No passkey was made. Nothing has changed.',
      PASSKEY_EXISTS: 'This device holds a passkey of your account already.',
      CHALLENGE_NOT_FOUND: 'That took too long. Please try again.',
    },
    done: ({ device_name }) => own.done(`The passkey ${device_name} was added.`),
  });

  const own = section('passkeys', {
    path: '/webauthn/credentials',
    entries: ({ credentials }) =>
      credentials.map(({ id, device_name, created_at, last_used_at }) => ({
        title: device_name,
        lines: [`Added ${day(created_at)}, ${lastUse(last_used_at)}`],
        act: askedButton({
          label: 'Delete',
          of: device_name,
          question: `Delete the passkey ${device_name}? It will not sign in any more.`,
          act: () =>
            own.remove(`The passkey ${device_name} was deleted.`, 'DELETE', `/webauthn/credentials/${id}`),
        }),
      })),
    none: 'You have no passkey yet.',
    more: hasPasskeys ? [folded('Add a passkey', add)] : [],
  });
  return own;
}
