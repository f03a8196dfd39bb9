import { acrossOrganizations } from '@rivergate/endpoint';
import { ofMember, type Resources, type Schedule } from '@rivergate/service';
import { signInTables } from '../../migrations/0005_sign_ins.ts';
import { assertionConsumer } from './acs.ts';
import { backchannelLogout } from './backchannel-logout.ts';
import { callback } from './callback.ts';
import { confirmLogin } from './confirm-login.ts';
import { connectAccount } from './connect-account.ts';
import { describeTicket } from './describe-ticket.ts';
import { discover } from './discover.ts';
import { dropOldLogins } from './login-store.ts';
import { startLogin } from './start-login.ts';
import { dropExpiredTickets } from './ticket-store.ts';

export const tag = 'SSO';
export const endpoints = [
  discover,
  startLogin,
  assertionConsumer,
  callback,
  describeTicket,
  confirmLogin,
  connectAccount,
  backchannelLogout,
];
export const migrations = [signInTables];
export const schedules: Schedule<Resources>[] = [
  {
    name: 'drop expired tickets and old logins',
    every: 3_600,
    run: ({ knex }) =>
      knex.transaction(async db => {
        await acrossOrganizations(db);
        await dropExpiredTickets(db);
        await dropOldLogins(db);
      }),
  },
];
export const personalData = [
  ofMember('connections', [
    'organization_id',
    'provider_id',
    'subject',
    'email',
    'display_name',
    'connected_at',
    'last_login_at',
  ]),
  ofMember('logins', ['organization_id', 'provider_id', 'created_at']),
];
