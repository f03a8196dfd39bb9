import { signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let ada: Person;
let acme: Founded;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  ada = await service.person('Ada');
  acme = await service.found(ada, 'Acme');
});
afterAll(async () => await service?.stop());

const path = () => `/api/v1/organizations/${acme.id}/roles`;

describe('the roles of an organization', () => {
  it('are built in, each with the number of its holders', async () => {
    await service.join(acme, await service.person('Bob'), acme.roles.Developer);
    const { body } = await (await service.member(ada, acme.id)).get(path());
    expect(body.data.total_count).toBe(3);
    expect(body.data.roles).toMatchObject([
      { name: 'Admin', permissions: ['*'], usage_count: 1, is_system: true },
      { name: 'Developer', usage_count: 1 },
      { name: 'Viewer', usage_count: 0 },
    ]);
    const [, developer, viewer] = body.data.roles;
    expect(developer.permissions).toContain('query.execute');
    expect(developer.permissions).not.toContain('data_source.delete');
    expect(viewer.permissions).toEqual([
      'workspace.read',
      'data_source.read',
      'storage.read',
      'policy.read',
      'prompt.read',
      'model.read',
      'staging.read',
    ]);
  });

  it('are searched, sorted and paged', async () => {
    const admin = await service.member(ada, acme.id);
    const names = async (query: string) =>
      (await admin.get(`${path()}${query}`)).body.data.roles.map(({ name }: { name: string }) => name);
    expect(await names('?search=EVE')).toEqual(['Developer']);
    expect(await names('?sort_order=desc&limit=1')).toEqual(['Viewer']);
    expect((await names('?sort_by=usage_count'))[0]).toBe('Viewer');
    expect((await admin.get(`${path()}?sort_by=permissions`)).status).toBe(422);
  });

  it('are also those of the active organization', async () => {
    const admin = await service.member(ada, acme.id);
    const [here, there] = [await admin.get('/api/v1/roles'), await admin.get(path())];
    expect(here.body).toEqual(there.body);
    const nowhere = service.as(signedIn({ userId: ada.userId }));
    expect((await nowhere.get('/api/v1/roles')).status).toBe(404);
  });

  it('are not for strangers', async () => {
    expect((await service.stranger(await service.person('Eve')).get(path())).status).toBe(404);
    expect((await service.nobody.get(path())).status).toBe(401);
  });
});

describe('the permission catalogue', () => {
  it('names every code with what it allows', async () => {
    const { body } = await service.stranger(ada).get('/api/v1/permissions');
    expect(body.data.total_count).toBe(27);
    expect(body.data.permissions).toContainEqual({
      code: 'member.invite',
      resource: 'member',
      action: 'invite',
      description: expect.any(String),
    });
    expect((await service.nobody.get('/api/v1/permissions')).status).toBe(401);
  });
});
