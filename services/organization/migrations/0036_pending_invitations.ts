import { acrossOrganizations, withinOrganization } from '@rivergate/endpoint';
import type { Knex } from 'knex';

/**
 * How many invitations of an organization are pending, kept where they are written: whoever invites would else count all of
 * them under its lock. Lapsed ones are in it until they are noted as expired.
 */
export const pendingInvitations = {
  name: '0036_pending_invitations',
  async up(db: Knex.Transaction): Promise<void> {
    await acrossOrganizations(db);
    await db.raw(`
      alter table organizations add column pending_invitations integer not null default 0;
      update organizations o set pending_invitations = counted.invitations
        from (select organization_id, count(*) as invitations from invitations where status = 'pending' group by 1) counted
        where o.id = counted.organization_id;
      create function count_pending_invitations() returns trigger
      language plpgsql set search_path from current as $$
      begin
        if tg_op = 'INSERT' then
          update organizations o set pending_invitations = o.pending_invitations + changed.invitations
            from (select organization_id, count(*)::int as invitations from later_invitations
              where status = 'pending' group by 1) changed
            where o.id = changed.organization_id;
        elsif tg_op = 'DELETE' then
          update organizations o set pending_invitations = o.pending_invitations - changed.invitations
            from (select organization_id, count(*)::int as invitations from earlier_invitations
              where status = 'pending' group by 1) changed
            where o.id = changed.organization_id;
        else
          -- Not where the status stays: what is mailed or renamed would wait for the organization.
          update organizations o set pending_invitations = o.pending_invitations + changed.invitations
            from (select organization_id, sum(change)::int as invitations from (
                select organization_id, 1 as change from later_invitations where status = 'pending'
                union all
                select organization_id, -1 from earlier_invitations where status = 'pending') changes
              group by 1 having sum(change) <> 0) changed
            where o.id = changed.organization_id;
        end if;
        return null;
      end $$;
      create trigger count_new_invitations after insert on invitations
        referencing new table as later_invitations
        for each statement execute function count_pending_invitations();
      create trigger count_changed_invitations after update on invitations
        referencing old table as earlier_invitations new table as later_invitations
        for each statement execute function count_pending_invitations();
      create trigger count_former_invitations after delete on invitations
        referencing old table as earlier_invitations
        for each statement execute function count_pending_invitations();

      create index lapsing_invitations on invitations (expires_at) where status = 'pending' and sent_at is not null;
      create index lapsing_invitations_of_organization on invitations (organization_id, expires_at)
        where status = 'pending' and sent_at is not null;
    `);
    await withinOrganization(db, null);
  },
};
