import { expectError, type TestCaller } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';
import { holderOf } from '../testing/workspace-fixture.ts';

let service: OrganizationUnderTest;
let ada: Person;
let acme: Founded;
let admin: TestCaller;
let count = 0;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  ada = await service.person('Ada');
});
beforeEach(async () => {
  acme = await service.found(ada, `Acme ${++count}`);
  admin = await service.member(ada, acme.id);
});
afterAll(async () => await service?.stop());

const path = () => `/api/v1/workspaces/${acme.workspaceId}/settings`;
const change = (settings: unknown, as = admin) => as.put(path(), { settings });
const read = async () => (await admin.get(path())).body.data;

describe('settings of a workspace', () => {
  it('are those of the organization until they are set, and again after null', async () => {
    expect(await read()).toMatchObject({
      settings: { allow_public_access: false, default_role_id: acme.roles.Viewer, integrations: {} },
      sources: { allow_public_access: 'inherited', default_role_id: 'inherited', features: 'inherited' },
    });
    await admin.patch(`/api/v1/organizations/${acme.id}/settings`, {
      workspaces: { allow_public_access: true, default_role_id: acme.roles.Developer },
      features: { storage: false },
    });
    expect((await read()).settings).toMatchObject({
      allow_public_access: true,
      default_role_id: acme.roles.Developer,
      features: { storage: false, staging: true },
    });
    const answer = await change({ allow_public_access: false, features: { storage: true, staging: false } });
    expect(answer.body.data.settings).toMatchObject({
      allow_public_access: false,
      features: { storage: false, staging: false },
    });
    await change({ integrations: { slack: { channel: '#data' } } }).expect(200);
    expect((await read()).sources).toEqual({
      allow_public_access: 'set',
      default_role_id: 'inherited',
      features: 'set',
      integrations: 'set',
    });
    await change({ allow_public_access: null, features: null, integrations: null }).expect(200);
    expect(await read()).toMatchObject({
      settings: { allow_public_access: true, features: { staging: true }, integrations: {} },
      sources: { allow_public_access: 'inherited', features: 'inherited', integrations: 'inherited' },
    });
    const events = await service.sql<{ metadata: object }>(
      "select metadata from organization.audit_log where organization_id = ? and action = 'workspace.settings_changed' order by id",
      [acme.id],
    );
    expect(events).toHaveLength(3);
    expect(events[1]!.metadata).toMatchObject({
      fields: ['integrations'],
      before: { allow_public_access: false },
      settings: { allow_public_access: false, integrations: { slack: { channel: '#data' } } },
    });
  });

  it('keep both of two changes that come at once', async () => {
    await Promise.all([change({ allow_public_access: true }), change({ features: { staging: false } })]);
    expect((await read()).sources).toMatchObject({ allow_public_access: 'set', features: 'set' });
  });

  it('open the workspace to members of the organization, and close it again', async () => {
    const { as } = await holderOf(service, acme, ['prompt.read']);
    expectError(await as.get(path()), 403, 'FORBIDDEN');
    await change({ allow_public_access: true }).expect(200);
    expect((await as.get(path())).status).toBe(200);
    expectError(await change({ allow_public_access: false }, as), 403, 'FORBIDDEN');
    await change({ allow_public_access: false }).expect(200);
    expectError(await as.get(path()), 403, 'FORBIDDEN');
  });

  it('make no role the default one that the setter does not hold, nor one of another organization', async () => {
    const { as, roleId } = await holderOf(service, acme, ['workspace.write'], acme.workspaceId);
    expectError(await change({ default_role_id: acme.roles.Developer }, as), 403, 'FORBIDDEN');
    expectError(await change({ default_role_id: acme.roles.Admin }, as), 403, 'FORBIDDEN');
    await change({ default_role_id: roleId }, as).expect(200);
    const other = await service.found(ada, `Other ${count}`);
    expectError(await change({ default_role_id: other.roles.Viewer }), 422, 'VALIDATION_ERROR');
    expect((await read()).settings.default_role_id).toBe(roleId);
  });

  it('fall back when their default role is gone', async () => {
    const { role } = (await admin.post('/api/v1/roles', { name: 'Passing', permissions: ['prompt.read'] }))
      .body.data;
    await change({ default_role_id: role.id }).expect(200);
    await admin.delete(`/api/v1/roles/${role.id}`).expect(200);
    expect((await read()).settings.default_role_id).toBe(acme.roles.Viewer);
  });

  const deep = Array.from({ length: 40 }).reduce<object>(inner => ({ a: inner }), {});
  const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`f${index}`, true]));
  it.each([
    { surprise: true },
    { allow_public_access: 'yes' },
    { default_role_id: '3' },
    { features: { storage: 'on' } },
    { features: { 'No Name': true } },
    { features: many },
    { features: [] },
    { integrations: { slack: '#data' } },
    { integrations: { slack: { api_key: 'x' } } },
    { integrations: { slack: { bot_token: 'x' } } },
    { integrations: { slack: { nested: deep } } },
    { integrations: { slack: { text: 'x'.repeat(1001) } } },
    JSON.parse('{"features": {"__proto__": {"polluted": true}, "constructor": {"a": 1}}}'),
    null,
    [],
  ])('refuse %j', async settings => {
    expectError(await change(settings), 422, 'VALIDATION_ERROR');
  });
});
