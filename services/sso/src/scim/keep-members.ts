import {
  consumer,
  emailChanged,
  memberAdded,
  memberChanged,
  memberRemoved,
  memberStatusChanged,
  on,
  userProfileChanged,
  userRegistered,
  userVerified,
} from '@rivergate/events';
import type { Knex } from 'knex';
import { forgetUser } from './store/user-store.ts';

interface Said {
  user_id: number;
  organization_id: number;
  /** When the event happened: an older one that comes late changes nothing. */
  said_at: string;
}

/**
 * What is said of a user takes turns, until the end of the transaction: of a membership and an account that are heard of at the
 * same time, neither would see the other, and the member would have no name.
 */
async function inTurn(db: Knex.Transaction, userId: number): Promise<void> {
  await db.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`scim member ${userId}`]);
}

/** A membership begins, ends for a while or goes on. */
async function keep(
  db: Knex.Transaction,
  { user_id, organization_id, said_at }: Said,
  status: 'active' | 'suspended',
): Promise<void> {
  await inTurn(db, user_id);
  const isSame = 'scim_users.status = excluded.status';
  await db('scim_users')
    .insert({ user_id, organization_id, status, said_at })
    .onConflict(['organization_id', 'user_id'])
    .merge({
      status,
      said_at,
      // One of which nothing changes keeps its version.
      version: db.raw(`case when ${isSame} then scim_users.version else nextval('scim_versions') end`),
      updated_at: db.raw(`case when ${isSame} then scim_users.updated_at else now() end`),
    })
    .where('scim_users.said_at', '<=', said_at);
  await name(db, user_id);
}

/** Of one membership events come in their order, so the last one holds, whatever a client has written since. */
async function keepRank(
  db: Knex.Transaction,
  { user_id, organization_id, is_admin }: { user_id: number; organization_id: number; is_admin: boolean },
): Promise<void> {
  await db('scim_users')
    .where({ user_id, organization_id })
    .whereNot({ status: 'removed' })
    .update({ is_admin });
}

/** Who is a member and known by an account is known by a name, until a client gives another. */
async function name(db: Knex.Transaction, userId: number): Promise<void> {
  await db.raw(
    `update scim_users as u set user_name = p.email,
       document = jsonb_strip_nulls(jsonb_build_object('displayName', nullif(p.display_name, ''),
         'emails', jsonb_build_array(jsonb_build_object('value', p.email, 'primary', true)))),
       version = nextval('scim_versions'), updated_at = now()
     from people as p
     where u.user_id = ? and p.user_id = u.user_id and u.written_at is null and u.status <> 'removed'
       and (u.user_name is distinct from p.email or u.document ->> 'displayName' is distinct from nullif(p.display_name, ''))`,
    [userId],
  );
}

async function know(
  db: Knex.Transaction,
  person: { user_id: number; email?: string; display_name?: string },
): Promise<void> {
  const { user_id, ...facts } = person;
  await inTurn(db, user_id);
  if (facts.email === undefined || facts.display_name === undefined)
    await db('people').where({ user_id }).update(facts);
  else await db('people').insert(person).onConflict('user_id').merge();
  await name(db, user_id);
}

/**
 * Keeps who belongs to which organization, and by which name: also those whom no client has made, so that it finds them. To
 * build this anew, empty the tables and give the consumer another name.
 */
export const keepMembers = consumer({
  name: 'scim-members',
  on: [
    on(memberAdded, async ({ data, time: said_at }, { db }) => {
      const { user_id, organization_id } = data;
      await keep(db, { user_id, organization_id, said_at }, 'active');
      await keepRank(db, data);
    }),
    on(memberChanged, async ({ data }, { db }) => keepRank(db, data)),
    on(memberStatusChanged, async ({ data: { user_id, organization_id, status }, time: said_at }, { db }) =>
      keep(db, { user_id, organization_id, said_at }, status === 'active' ? 'active' : 'suspended'),
    ),
    on(memberRemoved, async ({ data: { user_id, organization_id }, time }, { db }) => {
      const where = { organization_id, user_id };
      const newer = await db('scim_users').where(where).where('said_at', '>', time).first('user_id');
      if (!newer) await forgetUser(db, where, time);
    }),
    on(userRegistered, async ({ data: { user_id, email, display_name } }, { db }) =>
      know(db, { user_id, email, display_name }),
    ),
    on(userVerified, async ({ data: { user_id, email, display_name } }, { db }) =>
      know(db, { user_id, email, display_name }),
    ),
    on(userProfileChanged, async ({ data: { user_id, display_name } }, { db }) =>
      know(db, { user_id, display_name }),
    ),
    on(emailChanged, async ({ data: { user_id, new_email } }, { db }) =>
      know(db, { user_id, email: new_email }),
    ),
  ],
});
