import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

/**
 * Each mail of an invitation, of which one that is sent again has several: what the limits of these mails count by. And
 * organizations that were deleted: those that may still be restored, and what was erased where.
 */
export const lifecycle = {
  name: '0015_lifecycle',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      create table invitation_mails (
        id bigint generated always as identity primary key,
        organization_id bigint not null,
        invitation_id bigint not null references invitations (id) on delete cascade,
        email text not null,
        invited_by bigint not null,
        sent_at timestamptz not null default now()
      );
      insert into invitation_mails (organization_id, invitation_id, email, invited_by, sent_at)
        select organization_id, id, email, invited_by, sent_at from invitations where sent_at is not null;
      create index invitation_mails_of_invitation on invitation_mails (invitation_id);
      create index invitation_mails_to on invitation_mails (email, sent_at);
      create index invitation_mails_by on invitation_mails (invited_by, sent_at);
      create index invitation_mails_in on invitation_mails (organization_id, sent_at);
      drop index invitations_mailed_to, invitations_mailed_by, invitations_mailed_in;

      alter table organizations
        add column deleted_at timestamptz,
        add column deleted_by bigint,
        -- when the grace period of a deleted one is over, as the operator had set it then
        add column erase_at timestamptz,
        add check ((deleted_at is null) = (erase_at is null));
      create index organizations_to_erase on organizations (erase_at) where erase_at is not null;

      -- Proof that an organization was erased. No name and no person: this stays when all else is gone.
      create table deletions (
        organization_id bigint primary key,
        -- null where the organization ended at once, without a grace period
        deleted_at timestamptz,
        erased_at timestamptz not null default now()
      );
      -- Each service that held something of the organization says when it was gone there.
      create table deletion_confirmations (
        organization_id bigint not null,
        service text not null,
        confirmed_at timestamptz not null,
        primary key (organization_id, service)
      );
    `);
    for (const table of ['invitation_mails', 'deletions', 'deletion_confirmations'])
      await tenantTable(db, table);
  },
};
