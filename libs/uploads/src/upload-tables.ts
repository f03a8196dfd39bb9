import { type Migration, tenantTable } from '@rivergate/service';

/**
 * The tables of uploads, in each service's own schema: what is known of each, and its content in pieces.
 *
 * @param name of the migration among those of the service
 */
export function uploadTables(name: string): Migration {
  return {
    name,
    async up(knex) {
      await knex.raw(`
        create table uploads (
          id text primary key,
          organization_id bigint not null,
          user_id bigint not null,
          -- What it is for: an upload of one capability is none of another.
          purpose text not null,
          -- Null until it is known.
          length bigint check (length >= 0),
          received bigint not null default 0 check (received between 0 and length),
          metadata jsonb not null,
          -- Null for what is kept.
          expires_at timestamptz
        );
        create index on uploads (organization_id, user_id);
        create index on uploads (expires_at);
        create table upload_pieces (
          upload_id text not null references uploads on delete cascade,
          organization_id bigint not null,
          position bigint not null,
          content bytea not null,
          primary key (upload_id, position)
        );
        -- Most of what is uploaded is compressed already.
        alter table upload_pieces alter column content set storage external;
      `);
      await tenantTable(knex, 'uploads');
      await tenantTable(knex, 'upload_pieces');
    },
  };
}
