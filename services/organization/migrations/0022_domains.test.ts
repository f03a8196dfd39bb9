import { acrossOrganizations } from '@rivergate/endpoint';
import { connectDatabase, migrate } from '@rivergate/service';
import { testEnvironment } from '@rivergate/testing';
import { expect, it } from 'vitest';
import { organizations } from './0001_organizations.ts';
import { domains } from './0022_domains.ts';

it('knows of who was removed before, in organizations that are still there', async () => {
  const environment = await testEnvironment();
  const knex = connectDatabase(environment.of('organization').DATABASE_URL!, 'migration test', 2);
  try {
    await migrate(knex, [organizations]);
    await knex.transaction(async db => {
      await acrossOrganizations(db);
      const row = { id: 1, name: 'Acme', name_key: 'acme', plan: 'enterprise' };
      await db('organizations').insert({ ...row, created_by: 1 });
      for (const [organization_id, user_id, action] of [
        [1, 7, 'member.removed'],
        [1, 7, 'member.removed'],
        [1, 8, 'member.added'],
        [2, 9, 'member.removed'],
      ] as const)
        await db('audit_log').insert({
          action,
          organization_id,
          actor: '1',
          subject: String(user_id),
          metadata: JSON.stringify({ organization_id, user_id }),
        });
    });
    expect(await migrate(knex, [organizations, domains])).toEqual(['0022_domains']);
    const former = await knex.transaction(async db => {
      await acrossOrganizations(db);
      return await db('former_members').select('organization_id', 'user_id');
    });
    expect(former).toEqual([{ organization_id: 1, user_id: 7 }]);
  } finally {
    await knex.destroy();
    await environment.remove();
  }
});
