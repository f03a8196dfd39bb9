import { acrossOrganizations, withinOrganization } from '@rivergate/endpoint';
import type { Knex } from 'knex';

/** What an organization of a million members is listed, searched and counted by. */
export const largeOrganizations = {
  name: '0029_large_organizations',
  async up(db: Knex.Transaction): Promise<void> {
    await acrossOrganizations(db);
    await db.raw(`
      -- How many members it has, suspended ones too: whoever lets one in would else count them.
      alter table organizations add column members integer not null default 0;
      update organizations o set members = counted.members
        from (select organization_id, count(*) as members from memberships group by 1) counted
        where o.id = counted.organization_id;
      create function count_members() returns trigger language plpgsql set search_path from current as $$
      begin
        update organizations o set members = o.members + case tg_op when 'INSERT' then changed.members else -changed.members end
          from (select organization_id, count(*)::int as members from changed_members group by 1) changed
          where o.id = changed.organization_id;
        return null;
      end $$;
      create trigger count_new_members after insert on memberships referencing new table as changed_members
        for each statement execute function count_members();
      create trigger count_former_members after delete on memberships referencing old table as changed_members
        for each statement execute function count_members();

      alter table memberships
        -- As the view members shows them, '' where nothing is known of the user: under row-level security an index of people
        -- gives no order to the members of one organization.
        add column shown_email text not null default '',
        add column shown_name text not null default '';
      update memberships m set shown_email = p.email, shown_name = coalesce(m.display_name, p.display_name)
        from people p where p.user_id = m.user_id;
      create function show_member() returns trigger language plpgsql set search_path from current as $$
      begin
        select p.email, coalesce(new.display_name, p.display_name) into new.shown_email, new.shown_name
          from people p where p.user_id = new.user_id;
        new.shown_email := coalesce(new.shown_email, '');
        new.shown_name := coalesce(new.shown_name, new.display_name, '');
        return new;
      end $$;
      create trigger show_member before insert or update of display_name on memberships
        for each row execute function show_member();
      create function show_person() returns trigger language plpgsql set search_path from current as $$
      declare
        bound constant text := current_setting('rivergate.scope', true);
      begin
        -- In every organization of the user, whichever the transaction is bound to.
        perform set_config('rivergate.scope', 'platform', true);
        update memberships m set shown_email = new.email, shown_name = coalesce(m.display_name, new.display_name)
          where m.user_id = new.user_id
            and (m.shown_email <> new.email or m.shown_name <> coalesce(m.display_name, new.display_name));
        perform set_config('rivergate.scope', coalesce(bound, ''), true);
        return null;
      end $$;
      create trigger show_person after insert or update of email, display_name on people
        for each row execute function show_person();
      create or replace view members with (security_invoker = true) as
        select m.organization_id, m.user_id, p.email,
          coalesce(m.display_name, p.display_name) as display_name,
          nullif(coalesce(m.profile_image_url, p.profile_image_url), '') as profile_image_url,
          m.status, m.status_updated_at, m.is_admin, m.source, m.joined_at,
          greatest(m.updated_at, p.updated_at) as updated_at,
          coalesce(p.email = any(p.verified_emails), false) as email_verified,
          a.last_login_at, a.last_activity_at, m.shown_email, m.shown_name
        from memberships m
          left join people p on p.user_id = m.user_id
          left join user_activity a on a.user_id = m.user_id;

      create index members_by_email on memberships (organization_id, shown_email, user_id);
      create index members_by_name on memberships (organization_id, shown_name, user_id);
      create index members_by_status on memberships (organization_id, status, joined_at, user_id);
      create index administrators on memberships (organization_id) where is_admin;
      create index members_of_workspace on workspace_members (organization_id, workspace_id, user_id);
      create index holders_of_role on role_assignments (organization_id, role_id, workspace_id, user_id);

      -- Trigrams find parts of three characters and more; of one and two there are few, and each is a key.
      create function short_parts(value text) returns text[] language sql immutable parallel safe as $$
        select chars || array(select one || next from unnest(chars, chars[2:]) as pairs (one, next) where next is not null)
        from (select string_to_array(value, null) as chars) split
      $$;
      create index people_by_short_part on people
        using gin ((short_parts(email || E'\\n' || lower(display_name))) collate "C");
    `);
    await withinOrganization(db, null);
  },
};
