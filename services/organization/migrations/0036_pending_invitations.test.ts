import { acrossOrganizations } from '@rivergate/endpoint';
import { connectDatabase, migrate } from '@rivergate/service';
import { testEnvironment } from '@rivergate/testing';
import { expect, it } from 'vitest';
import { organization } from '../src/service.ts';
import { pendingInvitations } from './0036_pending_invitations.ts';

it('counts the invitations that were pending before, and follows what changes', async () => {
  const environment = await testEnvironment();
  const knex = connectDatabase(environment.of('organization').DATABASE_URL!, 'migration test', 2);
  const migrations = organization.modules
    .flatMap(({ migrations = [] }) => migrations)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const inAll = <Result>(work: Parameters<typeof knex.transaction<Result>>[0]) =>
    knex.transaction(async db => {
      await acrossOrganizations(db);
      return await work(db);
    });
  const counts = () => inAll(db => db('organizations').orderBy('id').pluck('pending_invitations'));
  try {
    await migrate(
      knex,
      migrations.filter(({ name }) => name < pendingInvitations.name),
    );
    await inAll(async db => {
      for (const [id, name] of ['acme', 'other', 'empty'].entries())
        await db('organizations').insert({
          id: id + 1,
          name,
          name_key: name,
          name_skeleton: name,
          plan: 'enterprise',
          created_by: 1,
        });
      const row = { invited_by: 1, expires_at: '2030-01-01' };
      await db('invitations').insert([
        { ...row, organization_id: 1, email: 'a@example.com' },
        { ...row, organization_id: 1, email: 'b@example.com' },
        { ...row, organization_id: 1, email: 'c@example.com', status: 'revoked' },
        { ...row, organization_id: 2, email: 'a@example.com' },
      ]);
    });
    await migrate(knex, migrations);
    expect(await counts()).toEqual([2, 1, 0]);
    await inAll(async db => {
      await db('invitations').where({ email: 'a@example.com' }).update({ status: 'accepted' });
      await db('invitations').where({ email: 'c@example.com' }).update({ status: 'pending' });
      await db('invitations').where({ email: 'b@example.com' }).delete();
    });
    expect(await counts()).toEqual([1, 0, 0]);
  } finally {
    await knex.destroy();
    await environment.remove();
  }
});
