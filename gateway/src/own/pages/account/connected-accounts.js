import { day } from './day.js';
import { section } from './section.js';

const names = { github: 'GitHub', google: 'Google', apple: 'Apple', microsoft: 'Microsoft' };

export function connectedAccounts() {
  return section('connected-accounts', {
    path: '/auth/social-accounts',
    entries: ({ accounts }) =>
      accounts.map(({ provider, email, connected_at, last_used_at }) => ({
        title: names[provider] ?? provider,
        lines: [email, `Connected ${day(connected_at)}, last used ${day(last_used_at)}`],
      })),
    none: 'None is connected.',
  });
}
