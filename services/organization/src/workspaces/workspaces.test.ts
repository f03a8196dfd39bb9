import { fellowService } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let ada: Person;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  ada = await service.person('Ada');
});
afterAll(async () => await service?.stop());

let count = 0;
const found = () => service.found(ada, `Organization ${++count}`);
const path = (founded: Founded, id?: number) =>
  `/api/v1/organizations/${founded.id}/workspaces${id ? `/${id}` : ''}`;
const slugs = (answer: { body: { data: { workspaces: { slug: string }[] } } }) =>
  answer.body.data.workspaces.map(({ slug }) => slug);

/** A member whose role does not hold workspace.read. */
const outsider = async (founded: Founded) => {
  const person = await service.person('Outsider');
  const [role] = await service.sql<{ id: number }>(
    "insert into organization.roles (organization_id, name, name_key, name_skeleton, permissions) values (?, ?, ?, ?, '{prompt.read}') returning id",
    [founded.id, `Outsider ${person.userId}`, `outsider ${person.userId}`, `outsider ${person.userId}`],
  );
  await service.join(founded, person, role!.id);
  return person;
};

describe('creating a workspace', () => {
  it('makes the slug from the name and the creator its Admin', async () => {
    const acme = await found();
    const admin = await service.member(ada, acme.id);
    const answer = await admin.post(path(acme), { name: 'Développement  & Tests' });
    expect(answer.status).toBe(201);
    expect(answer.body.data.workspace).toEqual({
      id: expect.any(Number),
      name: 'Développement  & Tests',
      slug: 'developpement-tests',
      organization_id: acme.id,
    });
    const member = await admin.get(`/api/v1/organizations/${acme.id}/members/${ada.userId}`);
    expect(member.body.data.member.workspaces[1]).toMatchObject({ role: { name: 'Admin' } });
    expect(await service.audited(acme.id)).toContain('workspace.created');
  });

  it('names a workspace by its id where a name leaves nothing for a slug', async () => {
    const acme = await found();
    const { workspace } = (await (await service.member(ada, acme.id)).post(path(acme), { name: '工作区' }))
      .body.data;
    expect(workspace.slug).toBe(`workspace-${workspace.id}`);
  });

  it('refuses a name in use, and one that gives the slug of another, also at the same time', async () => {
    const acme = await found();
    const admin = await service.member(ada, acme.id);
    for (const name of ['MAIN workspace', 'Main-Workspace', 'main   workspace']) {
      const answer = await admin.post(path(acme), { name });
      expect([answer.status, answer.body.error.code]).toEqual([409, 'WORKSPACE_ALREADY_EXISTS']);
    }
    const answers = await Promise.all([1, 2, 3].map(() => admin.post(path(acme), { name: 'Race' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const other = await found();
    expect((await (await service.member(ada, other.id)).post(path(other), { name: 'Race' })).status).toBe(
      201,
    );
  });

  it('takes workspace.create, and an organization of the caller', async () => {
    const acme = await found();
    const bob = await service.person('Bob');
    await service.join(acme, bob, acme.roles.Developer);
    expect((await (await service.member(bob, acme.id)).post(path(acme), { name: 'Mine' })).status).toBe(403);
    const eve = service.stranger(await service.person('Eve'));
    expect((await eve.post(path(acme), { name: 'Mine' })).status).toBe(404);
  });

  it.each([
    {},
    { name: '' },
    { name: '  ' },
    { name: 'x'.repeat(101) },
    { name: 'a\nb' },
    { name: 'ok', slug: 'mine' },
    { name: 5 },
  ])('refuses %j', async body => {
    const acme = await found();
    expect((await (await service.member(ada, acme.id)).post(path(acme), body)).status).toBe(422);
  });
});

describe('seeing workspaces', () => {
  it('shows holders of workspace.read all of them, the default one first', async () => {
    const acme = await found();
    const admin = await service.member(ada, acme.id);
    for (const name of ['Zoo', 'apiary']) await admin.post(path(acme), { name });
    const bob = await service.person('Bob');
    await service.join(acme, bob);
    const viewer = await service.member(bob, acme.id);
    expect(slugs(await viewer.get(path(acme)))).toEqual(['main-workspace', 'apiary', 'zoo']);
    const page = await viewer.get(`${path(acme)}?skip=1&limit=1`);
    expect(page.body.data).toMatchObject({
      workspaces: [{ slug: 'apiary', is_default: false }],
      total_count: 3,
    });
    const root = service.systemAdministrator(await service.person('Root'));
    expect(slugs(await root.get(path(acme)))).toHaveLength(3);
  });

  it('shows others their own and those open to every member, and hides the rest with 403', async () => {
    const acme = await found();
    const admin = await service.member(ada, acme.id);
    const make = async (name: string) =>
      (await admin.post(path(acme), { name })).body.data.workspace.id as number;
    const [open, secret] = [await make('Open'), await make('Secret')];
    const person = await outsider(acme);
    const member = await service.member(person, acme.id);
    expect(slugs(await member.get(path(acme)))).toEqual(['main-workspace']);

    await service.sql(
      `update organization.workspaces set settings = '{"allow_public_access": true}' where id = ?`,
      [open],
    );
    expect(slugs(await member.get(path(acme)))).toEqual(['main-workspace', 'open']);
    expect((await member.get(path(acme, open))).body.data.workspace).toEqual({
      id: open,
      name: 'Open',
      slug: 'open',
      organization_id: acme.id,
      is_default: false,
    });
    const hidden = await member.get(path(acme, secret));
    expect([hidden.status, hidden.body.error.code]).toEqual([403, 'FORBIDDEN']);

    await service.sql(
      'insert into organization.role_assignments (organization_id, user_id, role_id, workspace_id) values (?, ?, ?, ?)',
      [acme.id, person.userId, acme.roles.Viewer, secret],
    );
    expect((await member.get(path(acme, secret))).status).toBe(200);
  });

  it('opens all where the organization says so, but the one that says otherwise', async () => {
    const acme = await found();
    const admin = await service.member(ada, acme.id);
    const { id } = (await admin.post(path(acme), { name: 'Closed' })).body.data.workspace;
    await admin.post(path(acme), { name: 'Open' });
    await admin.patch(`/api/v1/organizations/${acme.id}/settings`, {
      workspaces: { allow_public_access: true },
    });
    await service.sql(
      `update organization.workspaces set settings = '{"allow_public_access": false}' where id = ?`,
      [id],
    );
    const member = await service.member(await outsider(acme), acme.id);
    expect(slugs(await member.get(path(acme)))).toEqual(['main-workspace', 'open']);
  });

  it('finds none of another organization', async () => {
    const [acme, other] = [await found(), await found()];
    const admin = await service.member(ada, acme.id);
    const answer = await admin.get(path(acme, other.workspaceId));
    expect([answer.status, answer.body.error.code]).toEqual([404, 'WORKSPACE_NOT_FOUND']);
    const eve = service.stranger(await service.person('Eve'));
    expect((await eve.get(path(acme, acme.workspaceId))).body.error.code).toBe('ORGANIZATION_NOT_FOUND');
    expect((await eve.get(path(acme))).body.error.code).toBe('ORGANIZATION_NOT_FOUND');
  });
});

describe('changing a workspace', () => {
  /** A member without rights of his own, who is given a role in one workspace. */
  const workspaceAdministrator = async (founded: Founded, workspaceId: number) => {
    const person = await outsider(founded);
    await service.sql(
      'insert into organization.role_assignments (organization_id, user_id, role_id, workspace_id) values (?, ?, ?, ?)',
      [founded.id, person.userId, founded.roles.Admin, workspaceId],
    );
    return service.member(person, founded.id);
  };

  it('renames it, keeps its slug and writes that down', async () => {
    const acme = await found();
    const admin = await service.member(ada, acme.id);
    const { workspace } = (
      await admin.patch(path(acme, acme.workspaceId), { name: 'Headquarters' }).expect(200)
    ).body.data;
    expect(workspace).toMatchObject({ name: 'Headquarters', slug: 'main-workspace', is_default: true });
    expect(await service.audited(acme.id)).toContain('workspace.updated');
    const unchanged = await admin.patch(path(acme, acme.workspaceId), { name: 'Headquarters' }).expect(200);
    expect(unchanged.body.data.workspace.updated_at).toBe(workspace.updated_at);
  });

  it('makes one the default, also of ten at once', async () => {
    const acme = await found();
    const admin = await service.member(ada, acme.id);
    const ids: number[] = [];
    for (let number = 0; number < 3; number++)
      ids.push((await admin.post(path(acme), { name: `Number ${number}` })).body.data.workspace.id);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => admin.patch(path(acme, ids[index % 3]), { is_default: true })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    const { workspaces } = (await admin.get(path(acme))).body.data;
    expect(workspaces.filter((one: { is_default: boolean }) => one.is_default)).toHaveLength(1);
  });

  it('refuses a name in use', async () => {
    const acme = await found();
    const admin = await service.member(ada, acme.id);
    await admin.post(path(acme), { name: 'Taken' });
    const answer = await admin.patch(path(acme, acme.workspaceId), { name: 'TAKEN' });
    expect([answer.status, answer.body.error.code]).toEqual([409, 'WORKSPACE_ALREADY_EXISTS']);
  });

  it('takes workspace.write in that workspace: a role in another one is nothing here', async () => {
    const acme = await found();
    const admin = await service.member(ada, acme.id);
    const other = (await admin.post(path(acme), { name: 'Other' })).body.data.workspace.id;
    const member = await workspaceAdministrator(acme, other);
    await member.patch(path(acme, other), { name: 'Mine' }).expect(200);
    const refused = await member.patch(path(acme, acme.workspaceId), { name: 'Not mine' });
    expect([refused.status, refused.body.error.details[0].reason]).toEqual([403, 'workspace.write']);
    expect((await member.post(path(acme), { name: 'New' })).status).toBe(403);
    const root = service.systemAdministrator(await service.person('Root'));
    await root.patch(path(acme, other), { name: 'Seen to' }).expect(200);
  });

  it('finds none of another organization', async () => {
    const [acme, neighbour] = [await found(), await found()];
    const admin = await service.member(ada, acme.id);
    const answer = await admin.patch(path(acme, neighbour.workspaceId), { name: 'Taken over' });
    expect([answer.status, answer.body.error.code]).toEqual([404, 'WORKSPACE_NOT_FOUND']);
    const eve = service.stranger(await service.person('Eve'));
    await eve.patch(path(acme, acme.workspaceId), { name: 'Taken over' }).expect(404);
  });

  it.each([{ is_default: false }, { name: '' }, { slug: 'other' }, { name: null }])(
    'refuses %j',
    async body => {
      const acme = await found();
      const admin = await service.member(ada, acme.id);
      await admin.patch(path(acme, acme.workspaceId), body).expect(422);
    },
  );
});

describe('what a member may do in workspaces', () => {
  it('is told by permission, workspaces with the same ones together, and not where everything is allowed', async () => {
    const acme = await found();
    const admin = await service.member(ada, acme.id);
    const [first, second, third] = await Promise.all(
      ['One', 'Two', 'Three'].map(
        async name => (await admin.post(path(acme), { name })).body.data.workspace.id as number,
      ),
    );
    const person = await outsider(acme);
    const assign = (role: number, workspace: number) =>
      service.sql(
        'insert into organization.role_assignments (organization_id, user_id, role_id, workspace_id) values (?, ?, ?, ?)',
        [acme.id, person.userId, role, workspace],
      );
    await service.sql(
      'delete from organization.role_assignments where user_id = ? and workspace_id is not null',
      [person.userId],
    );
    await assign(acme.roles.Viewer, first!);
    await assign(acme.roles.Viewer, second!);
    await assign(acme.roles.Admin, third!);
    const gateway = service.as(fellowService('gateway'));
    const principalOf = async ({ userId }: Person) =>
      (await gateway.get(`/internal/organizations/${acme.id}/principals/${userId}`)).body.data;
    const { permissions, workspaces } = await principalOf(person);
    expect(permissions).toEqual(['prompt.read']);
    expect(workspaces).toHaveLength(2);
    expect(workspaces).toContainEqual({ workspace_ids: [third], permissions: ['*'] });
    expect(workspaces).toContainEqual({
      workspace_ids: [first!, second!].sort((left, right) => left - right),
      permissions: expect.arrayContaining(['workspace.read', 'storage.read']),
    });
    expect((await principalOf(ada)).workspaces).toEqual([]);
  });
});
