import { tenantTable } from '@rivergate/service';
import type { Knex } from 'knex';

/** Each mail of an invitation, of which one that is sent again has several: what the limits of these mails count by. */
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
    `);
    await tenantTable(db, 'invitation_mails');
  },
};
