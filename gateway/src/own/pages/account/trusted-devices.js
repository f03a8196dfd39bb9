import { askedButton } from './asked-button.js';
import { day } from './day.js';
import { section } from './section.js';

export function trustedDevices() {
  const own = section('trusted-devices', {
    path: '/devices',
    entries: ({ devices }) =>
      devices.map(({ id, device_name, ip_address, last_used_at, trusted_until }) => ({
        title: device_name,
        lines: [`At ${ip_address}, last used ${day(last_used_at)}`, `Trusted until ${day(trusted_until)}`],
        act: askedButton({
          label: 'Stop trusting',
          of: device_name,
          question: `Stop trusting ${device_name}? It will be asked for a second factor again.`,
          act: () => own.remove(`${device_name} is not trusted any more.`, 'DELETE', `/devices/${id}`),
        }),
      })),
    none: 'You trust none.',
  });
  return own;
}
