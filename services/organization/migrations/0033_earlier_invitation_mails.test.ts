import { acrossOrganizations } from '@rivergate/endpoint';
import { connectDatabase, migrate } from '@rivergate/service';
import { testEnvironment } from '@rivergate/testing';
import { expect, it } from 'vitest';
import { organization } from '../src/service.ts';
import { earlierInvitationMails } from './0033_earlier_invitation_mails.ts';

it('counts the mails of invitations from before mails were counted, and none twice', async () => {
  const environment = await testEnvironment();
  const knex = connectDatabase(environment.of('organization').DATABASE_URL!, 'migration test', 2);
  const migrations = organization.modules
    .flatMap(({ migrations = [] }) => migrations)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  try {
    await migrate(
      knex,
      migrations.filter(migration => migration !== earlierInvitationMails),
    );
    await knex.transaction(async db => {
      await acrossOrganizations(db);
      await db('organizations').insert({
        id: 1,
        name: 'Acme',
        name_key: 'acme',
        name_skeleton: 'acme',
        plan: 'enterprise',
        created_by: 1,
      });
      const invite = async (email: string, sent_at: string | null) => {
        const [invitation] = await db('invitations')
          .insert({
            organization_id: 1,
            email,
            invited_by: 1,
            token_hash: email,
            sent_at,
            expires_at: '2030-01-01',
          })
          .returning('*');
        return invitation;
      };
      await invite('earlier@example.com', '2025-01-01T10:00:00Z');
      await invite('waiting@example.com', null);
      const { id, email } = await invite('later@example.com', '2026-01-01T10:00:00Z');
      await db('invitation_mails').insert({
        organization_id: 1,
        invitation_id: id,
        email,
        invited_by: 1,
        sent_at: '2026-01-01T10:00:00Z',
      });
    });
    await migrate(knex, migrations);
    const mails = await knex.transaction(async db => {
      await acrossOrganizations(db);
      return await db('invitation_mails').orderBy('sent_at').select('email', 'sent_at');
    });
    expect(mails).toEqual([
      { email: 'earlier@example.com', sent_at: new Date('2025-01-01T10:00:00Z') },
      { email: 'later@example.com', sent_at: new Date('2026-01-01T10:00:00Z') },
    ]);
  } finally {
    await knex.destroy();
    await environment.remove();
  }
});
