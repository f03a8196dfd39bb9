import { setProvisionedRoles } from '@rivergate/contracts';
import { acrossOrganizations, Failure } from '@rivergate/endpoint';
import { type Resources, type Worker, wakeAfterCommit } from '@rivergate/service';
import type { Knex } from 'knex';
import type { Settings } from './settings/settings.ts';

interface Due {
  organization_id: number;
  user_id: number;
  roles_due_at: Date;
}

/**
 * Tells organization which roles a member has by groups: what is true of the row then, so that it does not matter in which
 * order changes came, nor how often it is told.
 */
export const provisionRoles: Worker<Resources, Due, Due> = {
  name: 'roles by SCIM groups',
  slots: 8,
  claim: ({ knex }, most) =>
    across(knex, async db => {
      const { rows } = await db.raw(
        `update scim_users as u set roles_due_at = date_trunc('milliseconds', now()) + interval '30 seconds'
         from (select organization_id, user_id from scim_users
           where roles_due_at <= now() order by roles_due_at limit ? for update skip locked) as due
         where u.organization_id = due.organization_id and u.user_id = due.user_id
         returning u.organization_id, u.user_id, u.roles_due_at`,
        [most],
      );
      return rows;
    }),
  async work({ knex, call }, due) {
    const { organization_id, user_id } = due;
    const roles = await across(knex, db => rolesOf(db, due));
    try {
      await call(setProvisionedRoles, {
        params: { organization_id, user_id },
        body: { source: 'scim', provider_id: null, roles },
      });
    } catch (cause) {
      // Who is no member any more has no roles; who administers alone keeps them until there is another.
      if (!(cause instanceof Failure) || cause.status >= 500) throw cause;
    }
    return due;
  },
  settle: ({ knex }, results) =>
    across(knex, async db => {
      // What has changed since it was claimed is due again.
      for (const due of results)
        await db('scim_users')
          .where({ ...due })
          .update({ roles_due_at: null });
    }),
};

const across = <Result>(knex: Knex, work: (db: Knex.Transaction) => Promise<Result>): Promise<Result> =>
  knex.transaction(async db => {
    await acrossOrganizations(db);
    return await work(db);
  });

/** By groups of which the user is a member, and groups of which these are members. */
async function rolesOf(
  db: Knex.Transaction,
  { organization_id, user_id }: Due,
): Promise<{ role_id: number; workspace_id: number | null }[]> {
  const { rows } = await db.raw(
    `with recursive mine as (
       select group_id from scim_group_members where organization_id = :organization_id and user_id = :user_id
       union
       select m.group_id from scim_group_members as m join mine on m.member_group_id = mine.group_id
       where m.organization_id = :organization_id
     )
     select distinct cast(mapping ->> 'role_id' as bigint) as role_id,
       cast(mapping ->> 'workspace_id' as bigint) as workspace_id
     from scim_settings as s, jsonb_array_elements(s.group_mappings) as mapping
       join scim_groups as g on g.folded_name = lower(mapping ->> 'group')
       join mine on mine.group_id = g.id
     where s.organization_id = :organization_id and g.organization_id = :organization_id
     limit 1000`,
    { organization_id, user_id },
  );
  return rows;
}

/** Has the roles of these users told anew, where groups give any. With null, those of all users in groups. */
export async function rolesAreDue(
  db: Knex.Transaction,
  { organization_id }: Pick<Settings, 'organization_id'>,
  userIds: readonly number[] | null,
): Promise<void> {
  const due = db('scim_users').where({ organization_id }).whereNotNull('user_name');
  if (userIds !== null) due.whereIn('user_id', [...userIds]);
  else
    due.whereExists(
      db('scim_group_members as m').whereRaw(
        'm.organization_id = scim_users.organization_id and m.user_id = scim_users.user_id',
      ),
    );
  await due.update({ roles_due_at: db.fn.now() });
  wakeAfterCommit(db, provisionRoles);
}
