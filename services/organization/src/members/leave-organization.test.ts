import { organizationGeneration } from '@rivergate/caller';
import { fellowService } from '@rivergate/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { outcome } from '../testing/invitation-fixture.ts';
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
const found = () => service.found(ada, `Left ${++count}`);
const path = (founded: Pick<Founded, 'id'>) => `/api/v1/organizations/${founded.id}/leave`;

it('a member leaves with roles and sent invitations, and the organization is closed at the next request', async () => {
  const acme = await found();
  const bob = await service.person('Bob');
  await service.join(acme, bob, acme.roles.Admin);
  const caller = await service.member(bob, acme.id);
  const invited = await caller.post(`/api/v1/organizations/${acme.id}/members/invite`, {
    email: 'carl@example.com',
    workspace_id: acme.workspaceId,
    role_id: acme.roles.Viewer,
  });
  const { id } = invited.body.data.invitation;
  const generation = () => organizationGeneration(service.resources.redis, acme.id);
  const before = await generation();
  const answer = await caller.post(path(acme));
  expect(answer.body.data).toEqual({
    organization_id: acme.id,
    withdrawn_invitations: [{ id, email: 'carl@example.com' }],
    message: 'Organization left successfully',
  });
  expect(await generation()).not.toBe(before);
  const standing = await service
    .as(fellowService('gateway'))
    .get(`/internal/organizations/${acme.id}/principals/${bob.userId}`);
  expect(standing.body.data).toMatchObject({ member: false, permissions: [] });
  expect(await service.audited(acme.id)).toContain('member.removed');
  expect(outcome(await caller.post(path(acme)))).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
});

it('the last administrator cannot leave, nor the owner of a personal organization', async () => {
  const acme = await found();
  const eve = await service.person('Eve');
  await service.join(acme, eve);
  const answer = await (await service.member(ada, acme.id)).post(path(acme));
  expect(outcome(answer)).toEqual([409, 'LAST_ADMINISTRATOR']);
  const [personal] = await service.sql(
    'select id from organization.organizations where personal_user_id = ?',
    [eve.userId],
  );
  const own = await service.member(eve, personal!.id!);
  expect(outcome(await own.post(path({ id: personal!.id! })))).toEqual([409, 'LAST_ADMINISTRATOR']);
});

it('of the two last administrators who leave at once, one stays', async () => {
  for (let round = 0; round < 3; round++) {
    const acme = await found();
    const bob = await service.person('Bob');
    await service.join(acme, bob, acme.roles.Admin);
    const both = [await service.member(ada, acme.id), await service.member(bob, acme.id)];
    const answers = await Promise.all(both.map(caller => caller.post(path(acme))));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  }
});

it('ten requests of one member to leave are one departure', async () => {
  const acme = await found();
  const bob = await service.person('Bob');
  await service.join(acme, bob);
  const caller = await service.member(bob, acme.id);
  const answers = await Promise.all(Array.from({ length: 10 }, () => caller.post(path(acme))));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect((await service.audited(acme.id)).filter(action => action === 'member.removed')).toHaveLength(1);
});

it('who is no member, suspended or only a system administrator has nothing to leave', async () => {
  const acme = await found();
  const bob = await service.person('Bob');
  expect((await service.stranger(bob).post(path(acme))).status).toBe(404);
  expect((await service.systemAdministrator(bob).post(path(acme))).status).toBe(404);
  await service.join(acme, bob);
  const heldBack = await service.member(bob, acme.id);
  await service.sql(
    "update organization.memberships set status = 'suspended' where organization_id = ? and user_id = ?",
    [acme.id, bob.userId],
  );
  expect((await heldBack.post(path(acme))).status).toBe(404);
  expect((await service.nobody.post(path(acme))).status).toBe(401);
});
