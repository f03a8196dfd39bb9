import { fellowService } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProvisioningFixture, provisioningFixture, refusal } from '../testing/provisioning-fixture.ts';

let fixture: ProvisioningFixture;
beforeAll(async () => {
  fixture = await provisioningFixture();
});
afterAll(async () => await fixture?.stop());

describe('roles of groups', () => {
  it('are replaced by what the source says next, for each source by itself', async () => {
    const userId = await fixture.managed();
    const { Developer, Viewer } = fixture.acme.roles;
    const everywhere = [Viewer, null, null];
    const inWorkspace = [Viewer, fixture.acme.workspaceId, null];
    expect((await fixture.setRoles(userId, [{ role_id: Developer, workspace_id: null }])).body.data).toEqual({
      given: 1,
      withdrawn: 0,
    });
    expect(await fixture.rolesOf(userId)).toEqual([everywhere, inWorkspace, [Developer, null, ['scim']]]);
    const again = await fixture.setRoles(userId, [{ role_id: Developer, workspace_id: null }], {
      source: 'sso',
      provider_id: 7,
    });
    expect(again.body.data).toEqual({ given: 0, withdrawn: 0 });
    expect((await fixture.setRoles(userId, [])).body.data).toEqual({ given: 0, withdrawn: 0 });
    expect(await fixture.rolesOf(userId)).toContainEqual([Developer, null, ['sso 7']]);
    const last = await fixture.setRoles(userId, [], { source: 'sso', provider_id: 7 });
    expect(last.body.data).toEqual({ given: 0, withdrawn: 1 });
    expect(await fixture.rolesOf(userId)).toEqual([everywhere, inWorkspace]);
  });
  it('leave alone what an administrator gave, before or after', async () => {
    const userId = await fixture.managed();
    const { Developer } = fixture.acme.roles;
    const admin = await fixture.service.member(fixture.acme.administrator, fixture.acme.id);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await admin.post(`/api/v1/roles/${Developer}/assignments`, { user_id: userId, expires_at: until });
    const role = { role_id: Developer, workspace_id: null };
    expect((await fixture.setRoles(userId, [role])).body.data).toEqual({ given: 0, withdrawn: 0 });
    expect((await fixture.setRoles(userId, [])).body.data).toEqual({ given: 0, withdrawn: 0 });
    const [held] = await fixture.service.sql<{ expires_at: Date }>(
      'select expires_at from organization.role_assignments where user_id = ? and role_id = ?',
      [userId, Developer],
    );
    expect(held!.expires_at.toISOString()).toBe(until);

    const second = await fixture.managed();
    await fixture.setRoles(second, [role]);
    const given = await admin.post(`/api/v1/roles/${Developer}/assignments`, { user_id: second });
    expect(given.status).toBe(200);
    await fixture.setRoles(second, []);
    expect(await fixture.rolesOf(second)).toContainEqual([Developer, null, null]);
  });
  it('bring into a workspace, and out of it again', async () => {
    const admin = await fixture.service.member(fixture.acme.administrator, fixture.acme.id);
    const made = await admin.post(`/api/v1/organizations/${fixture.acme.id}/workspaces`, { name: 'Lab' });
    const workspace = made.body.data.workspace.id;
    const userId = await fixture.managed();
    const inLab = () =>
      fixture.service.sql(
        'select 1 as x from organization.workspace_members where workspace_id = ? and user_id = ?',
        [workspace, userId],
      );
    await fixture.setRoles(userId, [{ role_id: fixture.acme.roles.Developer, workspace_id: workspace }]);
    expect((await inLab()).length).toBe(1);
    await fixture.setRoles(userId, []);
    expect((await inLab()).length).toBe(0);
  });
  it('leave out what the organization has not', async () => {
    const foreign = await fixture.other();
    const userId = await fixture.managed();
    const { body } = await fixture.setRoles(userId, [
      { role_id: 999_999, workspace_id: null },
      { role_id: foreign.roles.Admin, workspace_id: null },
      { role_id: fixture.acme.roles.Developer, workspace_id: foreign.workspaceId },
    ]);
    expect(body.data).toEqual({ given: 0, withdrawn: 0 });
  });
  it('can be configured by who could hand them out', async () => {
    const person = await fixture.service.person('Configurer');
    await fixture.service.join(fixture.acme, person, fixture.acme.roles.Developer);
    const ask = async (facts: object, role_id: number) =>
      await fixture.service
        .as(fellowService('sso', { userId: 1, organizationId: fixture.acme.id, isMember: true, ...facts }))
        .post(`/internal/organizations/${fixture.acme.id}/provisioned-roles/check`, {
          roles: [{ role_id, workspace_id: null }],
        });
    expect((await ask({ isAdmin: true, permissions: ['*'] }, fixture.acme.roles.Admin)).status).toBe(204);
    expect(refusal(await ask({ permissions: ['role.assign'] }, fixture.acme.roles.Admin))).toEqual([
      403,
      'FORBIDDEN',
    ]);
    expect(refusal(await ask({ isAdmin: true, permissions: ['*'] }, 999_999))).toEqual([
      404,
      'ROLE_NOT_FOUND',
    ]);
    const stranger = await ask({ organizationId: null, isMember: false }, fixture.acme.roles.Viewer);
    expect(refusal(stranger)).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
  });
});
