import { identityUserErased } from '@rivergate/events';
import {
  type DataSubject,
  ofUser,
  type PersonalData,
  type PersonalDataPolicy,
  type Resources,
} from '@rivergate/service';
import type { Knex } from 'knex';
import { emittingAtOnce } from '../emitting-at-once.ts';
import { endGrantsOfUser } from '../oauth/grants-of-users.ts';
import { revokeTokens } from '../personal-tokens/revoke-tokens.ts';
import { endSessions } from '../sessions/end-sessions.ts';
import { removeUnverified } from './remove-unverified.ts';

/**
 * The account is the person's, and no organization has it exported or erased; but for one that the organization's
 * administrator made and that nobody has proved to own yet. Nobody else can have made use of it.
 */
function accountsOf(db: Knex.Transaction, { userId, organizationId }: DataSubject): Knex.QueryBuilder {
  const accounts = db('users').where({ id: userId });
  if (organizationId === null) return accounts;
  const memberships = () => db('memberships as m').whereRaw('m.user_id = users.id');
  return accounts
    .where({ made_for_member: true, verified_at: null })
    .whereExists(memberships().where({ organization_id: organizationId }))
    .whereNotExists(memberships().whereNot({ organization_id: organizationId }));
}

const account: PersonalData = {
  table: 'users',
  rows: accountsOf,
  shows: [
    'id',
    'display_name',
    'profile_image_url',
    'profile',
    'user_metadata',
    'is_system_admin',
    'verified_at',
    'disabled_at',
    'last_login_at',
    'created_at',
    'updated_at',
  ],
  async erase({ db, emit }, subject) {
    if (subject.organizationId === null) await accountsOf(db, subject).delete();
    else if (await accountsOf(db, subject).first('id'))
      await removeUnverified({ db, emit }, subject.userId, 'withdrawn');
  },
};

export const personalData = [
  ofUser('email_addresses', ['email', 'is_primary', 'verified_at', 'created_at']),
  account,
];

/** Sessions and tokens end with their events first, by which gateways know; what rows are left go with the account's. */
export const personalDataPolicy: PersonalDataPolicy<Resources> = {
  erased: identityUserErased,
  addressesOf: async (db, { userId, organizationId }) =>
    organizationId === null ? await db('email_addresses').where({ user_id: userId }).pluck('email') : [],
  async end({ redis, ...tools }, { userId: user_id, organizationId }) {
    const emitting = emittingAtOnce(redis, tools);
    const whose = { user_id, ...(organizationId === null ? {} : { organization_id: organizationId }) };
    if (organizationId === null) await endSessions(emitting, { userId: user_id }, 'user_erased');
    await revokeTokens(emitting, whose, 'user_erased');
    await endGrantsOfUser(emitting, whose, 'user_erased');
  },
};
