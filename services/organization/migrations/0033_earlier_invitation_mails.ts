import { acrossOrganizations } from '@rivergate/endpoint';
import type { Knex } from 'knex';

/**
 * The mails of invitations from before 0015, which read them for no organization and so found none: without them the limits
 * of these mails begin anew with an upgrade.
 */
export const earlierInvitationMails = {
  name: '0033_earlier_invitation_mails',
  async up(db: Knex.Transaction): Promise<void> {
    await acrossOrganizations(db);
    await db.raw(`
      insert into invitation_mails (organization_id, invitation_id, email, invited_by, sent_at)
        select organization_id, id, email, invited_by, sent_at from invitations i
        where sent_at is not null
          and not exists (select from invitation_mails m where m.invitation_id = i.id and m.sent_at <= i.sent_at)
    `);
  },
};
