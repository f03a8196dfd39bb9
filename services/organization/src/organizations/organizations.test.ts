import { eventually, signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
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

const PATH = '/api/v1/organizations';

describe('reading organizations', () => {
  it('lists those of the caller by name, the personal one included', async () => {
    const bob = await service.person('Bob');
    await service.found(bob, 'Zebra');
    await service.found(bob, 'aardvark');
    const { body } = await service.stranger(bob).get(PATH);
    expect(body.data.total_count).toBe(3);
    expect(body.data.organizations.map(({ name }: { name: string }) => name)).toEqual([
      'aardvark',
      "Bob's organization",
      'Zebra',
    ]);
    expect(body.data.organizations[0]).toMatchObject({ is_admin: true, plan: 'enterprise', domain: null });
    const page = await service.stranger(bob).get(`${PATH}?skip=1&limit=1`);
    expect(page.body.data).toMatchObject({ organizations: [{ plan: 'individual' }], total_count: 3 });
  });

  it('shows one to its members and to system administrators, to nobody else', async () => {
    const { id } = await service.found(ada, 'Shown');
    const eve = await service.person('Eve');
    expect((await (await service.member(ada, id)).get(`${PATH}/${id}`)).body.data.organization).toEqual({
      id,
      name: 'Shown',
      domain: null,
      plan: 'enterprise',
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect((await service.systemAdministrator(eve).get(`${PATH}/${id}`)).status).toBe(200);
    for (const path of [`${PATH}/${id}`, `${PATH}/999999999`]) {
      const answer = await service.stranger(eve).get(path);
      expect([answer.status, answer.body.error.code]).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
    }
    expect((await service.systemAdministrator(eve).get(`${PATH}/999999999`)).status).toBe(404);
    expect((await service.nobody.get(`${PATH}/${id}`)).status).toBe(401);
  });
});

describe('changing an organization', () => {
  it('changes name and domain, and null clears the domain', async () => {
    const { id } = await service.found(ada, 'Before', { domain: 'before.example' });
    const admin = await service.member(ada, id);
    const renamed = await admin.patch(`${PATH}/${id}`, { name: 'After' });
    expect(renamed.body.data.organization).toEqual({ id, name: 'After', domain: 'before.example' });
    const cleared = await admin.patch(`${PATH}/${id}`, { domain: null });
    expect(cleared.body.data.organization).toEqual({ id, name: 'After', domain: null });
    const audited = await service.audited(id);
    expect(audited.filter(action => action === 'organization.updated')).toHaveLength(2);
    await admin.patch(`${PATH}/${id}`, { name: 'After' });
    expect(await service.audited(id)).toEqual(audited);
  });

  it('lets it change the case of its own name, and take no other’s', async () => {
    const { id } = await service.found(ada, 'mixed case');
    await service.found(ada, 'Occupied');
    const admin = await service.member(ada, id);
    expect((await admin.patch(`${PATH}/${id}`, { name: 'Mixed Case' })).status).toBe(200);
    const taken = await admin.patch(`${PATH}/${id}`, { name: 'OCCUPIED' });
    expect([taken.status, taken.body.error.code]).toEqual([409, 'ORGANIZATION_ALREADY_EXISTS']);
  });

  it('is for administrators', async () => {
    const founded = await service.found(ada, 'Guarded');
    const bob = await service.person('Bob');
    await service.join(founded, bob, founded.roles.Developer);
    const answer = await (await service.member(bob, founded.id)).patch(`${PATH}/${founded.id}`, {
      name: 'Mine',
    });
    expect([answer.status, answer.body.error.code]).toEqual([403, 'FORBIDDEN']);
  });
});

describe('switching', () => {
  it('holds no connection while identity is slow', async () => {
    const { id } = await service.found(ada, 'Slowly switched');
    const admin = await service.member(ada, id);
    service.identity.asked = 0;
    const goOn = service.identity.holdBack();
    const switching = Array.from({ length: 15 }, () => admin.post(`${PATH}/${id}/switch`));
    try {
      await eventually(async () => service.identity.asked === 15);
      expect((await service.stranger(ada).get(PATH)).status).toBe(200);
    } finally {
      goOn();
    }
    expect((await Promise.all(switching)).map(({ status }) => status)).toEqual(Array(15).fill(200));
  });

  it('answers tokens for the organization and its default workspace', async () => {
    const { id, workspaceId } = await service.found(ada, 'Switched');
    const answer = await (await service.member(ada, id)).post(`${PATH}/${id}/switch`);
    expect(answer.body.data).toMatchObject({
      access_token: `access ${ada.userId} ${id} ${workspaceId}`,
      token_type: 'bearer',
      organization: { id, name: 'Switched' },
      workspace: { id: workspaceId, slug: 'main-workspace' },
    });
    expect(await service.audited(id)).toContain('organization.switched');
  });

  it('finds no organization for a stranger, not even one who administers the platform', async () => {
    const { id } = await service.found(ada, 'Unswitched');
    const eve = await service.person('Eve');
    expect((await service.stranger(eve).post(`${PATH}/${id}/switch`)).status).toBe(404);
    expect((await service.systemAdministrator(eve).post(`${PATH}/${id}/switch`)).status).toBe(404);
  });

  it('takes a workspace of the organization only', async () => {
    const [here, there] = [await service.found(ada, 'Here'), await service.found(ada, 'There')];
    const admin = await service.member(ada, here.id);
    const answer = await admin.post(`${PATH}/${here.id}/switch`, { workspace_id: there.workspaceId });
    expect([answer.status, answer.body.error.code]).toEqual([404, 'WORKSPACE_NOT_FOUND']);
  });

  it('takes a session that goes on', async () => {
    const { id } = await service.found(ada, 'Sessions');
    const withoutSession = service.as(
      signedIn({ userId: ada.userId, sessionId: null, organizationId: id, isMember: true }),
    );
    expect((await withoutSession.post(`${PATH}/${id}/switch`)).status).toBe(403);
    const bob = await service.person('Bob');
    const { id: other } = await service.found(bob, 'Ended session');
    service.identity.ended.add(bob.userId);
    expect((await (await service.member(bob, other)).post(`${PATH}/${other}/switch`)).status).toBe(401);
  });
});
