import type { TestCaller } from '@rivergate/testing';
import type { Founded, OrganizationUnderTest, Person } from './organization-under-test.ts';

export interface Holding {
  person: Person;
  as: TestCaller;
  roleId: number;
}

/**
 * A member who holds these permissions and no others: in one workspace where it is given, without membership there, else
 * organization-wide.
 */
export async function holderOf(
  service: OrganizationUnderTest,
  founded: Founded,
  permissions: string[],
  workspaceId?: number,
): Promise<Holding> {
  const person = await service.person('Holder');
  const roleOf = async (name: string, held: string[]) => {
    const unique = `${name} ${person.userId}`;
    const [role] = await service.sql<{ id: number }>(
      `insert into organization.roles (organization_id, name, name_key, name_skeleton, permissions)
       values (?, ?, ?, ?, ?) returning id`,
      [founded.id, unique, unique, unique, `{${held.join(',')}}`],
    );
    return Number(role!.id);
  };
  const roleId = await roleOf('Role', permissions);
  await service.join(
    founded,
    person,
    workspaceId === undefined ? roleId : await roleOf('Bare', ['prompt.read']),
  );
  await service.sql('delete from organization.workspace_members where user_id = ?', [person.userId]);
  await service.sql(
    'delete from organization.role_assignments where user_id = ? and organization_id = ? and workspace_id is not null',
    [person.userId, founded.id],
  );
  if (workspaceId !== undefined)
    await service.sql(
      'insert into organization.role_assignments (organization_id, user_id, role_id, workspace_id) values (?, ?, ?, ?)',
      [founded.id, person.userId, roleId, workspaceId],
    );
  return { person, roleId, as: await service.member(person, founded.id) };
}
