import type { Knex } from 'knex';

/** What the limits of invitation mails count by. */
export const invitationMails = {
  name: '0007_invitation_mails',
  async up(db: Knex.Transaction): Promise<void> {
    await db.raw(`
      create index invitations_mailed_to on invitations (email, sent_at);
      create index invitations_mailed_by on invitations (invited_by, sent_at);
      create index invitations_mailed_in on invitations (organization_id, sent_at);
    `);
  },
};
