import { eventually, fellowService } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type OrganizationUnderTest,
  startOrganizationUnderTest,
  verify,
} from '../testing/organization-under-test.ts';
import { personalNames } from './personal-organization.ts';

let service: OrganizationUnderTest;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
});
afterAll(async () => await service?.stop());

const memberships = async (userId: number) =>
  (await service.as(fellowService('identity', { userId })).get('/internal/memberships')).body.data;

describe('a personal organization', () => {
  it('has the plan individual, its person as administrator and a default workspace', async () => {
    const ada = await service.person('Ada');
    const { organizations, workspaces } = await memberships(ada.userId);
    expect(organizations).toEqual([
      {
        id: expect.any(Number),
        name: "Ada's organization",
        domain: null,
        plan: 'individual',
        is_admin: true,
        joined_at: expect.stringMatching(/Z$/),
        source: 'signup',
      },
    ]);
    expect(workspaces).toMatchObject([
      { name: 'Default Workspace', slug: 'default-workspace', is_default: true },
    ]);
    expect(await service.audited(organizations[0].id)).toEqual([
      'organization.created',
      'role.created',
      'role.created',
      'role.created',
      'workspace.created',
      'member.added',
      'role.assigned',
      'workspace.member_added',
      'role.assigned',
    ]);
  });

  it('gets a name of its own beside its namesakes', async () => {
    const [first, second] = [await service.person('Grace'), await service.person('grace')];
    const names = [first, second].map(
      async ({ userId }) => (await memberships(userId)).organizations[0].name,
    );
    expect(await Promise.all(names)).toEqual([
      "Grace's organization",
      `grace's organization ${second.userId}`,
    ]);
  });

  it('is made by the event where the call never came', async () => {
    const late = { userId: 5001, email: 'late@example.com', name: 'Late' };
    await verify(service, late);
    const { organizations } = await eventually(async () => {
      const found = await memberships(late.userId);
      return found.organizations.length > 0 && found;
    });
    expect(organizations[0].name).toBe("Late's organization");
  });

  it('is there once, however often and at what time it is asked for', async () => {
    const eager = { userId: 5002, email: 'eager@example.com', name: 'Eager' };
    const fleet = service.as(fellowService('identity'));
    const body = { email: eager.email, display_name: eager.name };
    const answers = await Promise.all([
      ...Array.from({ length: 5 }, () =>
        fleet.put(`/internal/users/${eager.userId}/personal-organization`, body),
      ),
      verify(service, eager),
      verify(service, eager),
    ]);
    const ids = answers
      .filter(answer => answer !== undefined)
      .map(answer => answer.body.data.organization_id);
    expect(new Set(ids).size).toBe(1);
    await eventually(async () => {
      const handled = await service.sql(
        'select count(*)::int as handled from organization.inbox where consumer like ?',
        ['%personal%'],
      );
      return handled[0]!.handled! >= 3;
    });
    expect((await memberships(eager.userId)).organizations).toHaveLength(1);
  });

  it('is named without what a name may not hold', () => {
    expect(personalNames('A\r\nB\u2028C', 7)[0]).toBe("A B C's organization");
    expect(personalNames('\u0000', 7)[0]).toBe("Personal's organization");
    expect([...personalNames('😀'.repeat(100), 7)[0]!].length).toBeLessThanOrEqual(100);
  });
});

describe('where a session starts', () => {
  const point = async (userId: number, query = '') =>
    await service.as(fellowService('identity')).get(`/internal/users/${userId}/starting-point${query}`);

  it('is the default workspace of the first organization', async () => {
    const ada = await service.person('Ada Start');
    const acme = await service.found(ada, 'Start Inc');
    const { body } = await point(ada.userId);
    expect(body.data.organization_id).toBeLessThan(acme.id);
    expect((await point(ada.userId, `?workspace_id=${acme.workspaceId}`)).body.data).toEqual({
      organization_id: acme.id,
      workspace_id: acme.workspaceId,
    });
  });

  it('is no workspace out of reach', async () => {
    const [owner, eve] = [await service.person('Owner'), await service.person('Eve')];
    const acme = await service.found(owner, 'Closed Inc');
    const answer = await point(eve.userId, `?workspace_id=${acme.workspaceId}`);
    expect([answer.status, answer.body.error.code]).toEqual([404, 'WORKSPACE_NOT_FOUND']);
    expect((await point(eve.userId, '?workspace_id=999999999')).status).toBe(404);
  });

  it('is nowhere for a user of no organization', async () => {
    expect((await point(987654)).body.data).toEqual({ organization_id: null, workspace_id: null });
  });
});

describe('the internal endpoints', () => {
  it('answer services only', async () => {
    const eve = await service.person('Eve');
    for (const path of ['memberships', 'users/1/starting-point']) {
      expect((await service.stranger(eve).get(`/internal/${path}`)).status).toBe(401);
      expect((await service.nobody.get(`/internal/${path}`)).status).toBe(401);
    }
  });

  it('know no member of an organization that does not exist', async () => {
    const answer = await service
      .as(fellowService('gateway'))
      .get('/internal/organizations/424242/principals/1');
    expect(answer.body.data).toEqual({
      member: false,
      is_admin: false,
      permissions: [],
      role_ids: [],
      workspaces: [],
      plan: null,
    });
  });
});
