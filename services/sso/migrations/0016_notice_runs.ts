import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

/** Notices to members that go out in batches. */
export const noticeRuns = {
  name: '0016_notice_runs',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      alter table member_notices add column mail_pending boolean not null default false;
      create index on member_notices (organization_id, kind, user_id) where mail_pending;

      -- How far the notices of a kind are.
      create table notice_runs (
        organization_id bigint not null,
        kind text not null,
        -- members who are told, and those of them whose turn has been
        members int not null,
        handled int not null default 0,
        started_at timestamptz not null default now(),
        -- when the next batch is to be made; null: none is left
        due_at timestamptz,
        primary key (organization_id, kind)
      );
      create index on notice_runs (due_at) where due_at is not null;
    `);
    await tenantTable(db, 'notice_runs');
  },
};
