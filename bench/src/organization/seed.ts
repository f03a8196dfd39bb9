import type { Progress } from '@rivergate/fleet/progress';
import pg from 'pg';

/** An organization that is filled: it was founded as any is. */
export interface Filled {
  id: number;
  workspaceId: number;
  /** Given to all members. */
  roleId: number;
  members: number;
  entries: number;
  /** Members have ids from here on. */
  firstUser: number;
  /** Cursor of the page of members that begins in the middle; once it is filled. */
  middle?: string;
}

const FIRST_NAMES =
  `Ada Alan Amara Anders Barbara Bjarne Chen Clara Dana Diego Edsger Elena Fatima Grace Hanna Hedy Ines
  Ivan Jean John Joan Kaito Ken Lena Linus Lucia Margaret Maria Marta Niklaus Noor Olga Omar Pierre Radia Robin Sofia
  Tim Ulrike Vera Wei Xenia Yara Zoe`.split(/\s+/);
const LAST_NAMES =
  `Adams Andersson Babbage Bauer Costa Dijkstra Eriksen Fischer Garcia Hamilton Hopper Ito Jansen Kim Kovacs
  Lamarr Lopez Martin Moreau Nakamura Novak Okafor Olsen Perlman Petrov Quist Rossi Sato Schmidt Silva Tanaka Thompson
  Turing Ueda Vogel Wang Weber Wirth Yilmaz Zhang`.split(/\s+/);
const ACTIONS = ['session.opened', 'member.added', 'member.changed', 'role.assigned', 'workspace.updated'];

/** Rows of one statement: progress is seen, and a statement fits into memory. */
const AT_ONCE = 250_000;

/** Fills the database of the organization service as its owner, without what would look at each row by itself. */
export async function openSeed(adminUrl: string, progress: Progress) {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  // Foreign keys and the chain are not looked at: what is written here fits, and is not proved.
  await client.query(
    "set search_path = organization; set session_replication_role = replica; set work_mem = '256MB'",
  );
  await client.query("set maintenance_work_mem = '512MB'; set synchronous_commit = off");

  /** Runs the statement for numbers from 1 to `count`, which it knows as $1 and $2. */
  const fill = async (count: number, statement: string, ...values: unknown[]) => {
    for (let from = 1; from <= count; from += AT_ONCE)
      await client.query(statement, [from, Math.min(count, from + AT_ONCE - 1), ...values]);
  };

  return {
    client,
    /** Indexes of the tables are made again when they are full, which takes less than filling them row by row. */
    async withoutIndexes(tables: string[], work: () => Promise<void>): Promise<void> {
      const { rows } = await client.query(
        `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
         where indrelid = any ($1::regclass[]) and not indisprimary
           and not exists (select from pg_constraint where conindid = indexrelid)
           and not exists (select from pg_inherits where inhrelid = indexrelid)`,
        [tables],
      );
      for (const { name } of rows) await client.query(`drop index ${name}`);
      await work();
      for (const { name, definition } of rows)
        await progress.step(`index ${name}`, () => client.query(definition.replace(' ON ONLY ', ' ON ')));
    },

    async members({ id, workspaceId, roleId, members, firstUser }: Filled): Promise<void> {
      await fill(
        members,
        `insert into people (user_id, email, display_name, verified_emails)
         select $3 + n, email, first || ' ' || last, array[email] from (
           select n, first, last, lower(first || '.' || last || n || '@example' || n % 1000 || '.com') as email
           from generate_series($1::int, $2::int) n,
             lateral (select ($4::text[])[1 + n % cardinality($4::text[])] as first,
               ($5::text[])[1 + n / 7 % cardinality($5::text[])] as last) names) named`,
        firstUser,
        FIRST_NAMES,
        LAST_NAMES,
      );
      await fill(
        members,
        `insert into memberships (organization_id, user_id, source, status, joined_at, shown_email, shown_name)
         select $3, user_id, 'scim', case when user_id % 50 = 0 then 'suspended' else 'active' end,
           now() - interval '1 year' + (user_id - $4) * interval '20 seconds', email, display_name
         from people where user_id between $4 + $1::int and $4 + $2::int`,
        id,
        firstUser,
      );
      await client.query('update organizations set members = members + $2 where id = $1', [id, members]);
      await fill(
        members,
        `insert into role_assignments (organization_id, user_id, role_id)
         select $3, $4 + n, $5 from generate_series($1::int, $2::int) n`,
        id,
        firstUser,
        roleId,
      );
      await fill(
        members,
        `insert into workspace_members (organization_id, workspace_id, user_id)
         select $3, $5, $4 + n from generate_series($1::int, $2::int) n`,
        id,
        firstUser,
        workspaceId,
      );
    },

    /** Organizations with one member each, who is a member elsewhere as well. */
    async organizations(count: number, firstId: number, firstUser: number): Promise<void> {
      await fill(
        count,
        `insert into organizations (id, name, name_key, name_skeleton, plan, created_by)
         select $3 + n, 'Organization ' || n, 'organization ' || n, 'organization ' || n, 'professional', $4 + n
         from generate_series($1::int, $2::int) n`,
        firstId,
        firstUser,
      );
      await fill(
        count,
        `insert into workspaces (organization_id, name, name_key, name_skeleton, slug, is_default)
         select $3 + n, 'Main', 'main', 'main', 'main', true from generate_series($1::int, $2::int) n`,
        firstId,
      );
      for (const [role, permissions] of [
        ['Admin', '{*}'],
        ['Developer', '{workspace.read,workspace.write}'],
        ['Viewer', '{workspace.read}'],
      ])
        await fill(
          count,
          `insert into roles (organization_id, name, name_key, name_skeleton, permissions, is_system)
           select $3 + n, $4, lower($4), lower($4), $5, true from generate_series($1::int, $2::int) n`,
          firstId,
          role,
          permissions,
        );
      await fill(
        count,
        `insert into memberships (organization_id, user_id, source, is_admin)
         select $3 + n, $4 + n, 'signup', true from generate_series($1::int, $2::int) n`,
        firstId,
        firstUser,
      );
      await client.query(
        `insert into role_assignments (organization_id, user_id, role_id)
         select m.organization_id, m.user_id, r.id from memberships m join roles r using (organization_id)
         where m.organization_id between $1 + 1 and $1 + $2 and r.name = 'Admin'`,
        [firstId, count],
      );
    },

    /** A cursor as the service gives one. */
    async middle({ id, members, firstUser }: Filled): Promise<string> {
      const { rows } = await client.query(
        `select (extract(epoch from joined_at) * 1000000)::bigint::text as place from memberships
         where organization_id = $1 and user_id = $2`,
        [id, firstUser + members / 2],
      );
      const place = ['members', 'joined_at', 'asc', rows[0].place, firstUser + members / 2];
      return Buffer.from(JSON.stringify(place)).toString('base64url');
    },

    /** Entries of two months, with columns of the chain that link nothing. */
    async entries({ id, members, entries, firstUser }: Filled): Promise<void> {
      const { rows } = await client.query('select sequence from audit_heads where organization_id = $1', [
        id,
      ]);
      const begin = Number(rows[0]?.sequence ?? 0);
      await client.query(
        "select make_audit_partition(now() - n * interval '1 month') from generate_series(1, 2) n",
      );
      await fill(
        entries,
        `insert into audit_log (action, organization_id, actor, actor_user_id, ip_address, user_agent, request_id, subject,
           metadata, created_at, event_id, sequence, recorded_at, origin_salt, origin_hash, previous_hash, hash, nodes)
         select ($7::text[])[1 + n % cardinality($7::text[])], $3::bigint, ($4::bigint + n % $5::int)::text,
           $4::bigint + n % $5::int, '192.0.2.1', 'Mozilla/5.0', 'request-' || $3::bigint || '-' || n, ($4::bigint + n * 7 % $5::int)::text,
           jsonb_build_object('user_id', $4::bigint + n * 7 % $5::int, 'organization_id', $3::bigint),
           date_trunc('milliseconds', now() - interval '60 days' + n * (interval '60 days' / $8::int)), gen_random_uuid(), $6::bigint + n, now(),
           gen_random_uuid(), sha256('origin'), sha256('previous'), sha256('entry'), '{}'
         from generate_series($1::int, $2::int) n`,
        id,
        firstUser,
        members,
        begin,
        ACTIONS,
        entries,
      );
      // As many complete subtrees as a log of this size falls into, so that entries can follow.
      await client.query(
        `update audit_heads set sequence = sequence + $2,
           peaks = array_fill(sha256('subtree'), array[bit_count((sequence + $2)::bit(64))::int])
         where organization_id = $1`,
        [id, entries],
      );
    },
  };
}
