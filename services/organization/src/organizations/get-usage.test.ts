import { afterAll, beforeAll, expect, it } from 'vitest';
import { type InvitationFixture, invitationFixture } from '../testing/invitation-fixture.ts';
import {
  type OrganizationUnderTest,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let fixture: InvitationFixture;
beforeAll(async () => {
  service = await startOrganizationUnderTest({ PLAN_SEATS_ENTERPRISE: '12' });
  fixture = await invitationFixture(service);
});
afterAll(async () => await service?.stop());

const path = (id: number) => `/api/v1/organizations/${id}/usage`;

it('says what the plan allows, and what is used of it here and in other services', async () => {
  const acme = await fixture.found();
  await service.join(acme, await service.person('Bob'));
  await fixture.invite(acme, 'pending@example.com');
  const lapsed = await fixture.invited(acme, 'lapsed@example.com');
  await fixture.lapse(lapsed.id);
  const answer = await (await service.member(acme.administrator, acme.id)).get(path(acme.id));
  expect(answer.body.data).toMatchObject({
    plan: 'enterprise',
    usage: [
      { resource: 'seats', used: 3, limit: 12 },
      { resource: 'members', used: 2, limit: null },
      { resource: 'pending_invitations', used: 1, limit: null },
      { resource: 'workspaces', used: 1, limit: null },
      { resource: 'oauth_applications', used: 2, limit: null },
    ],
  });
});

it('is for administrators of the organization alone', async () => {
  const [acme, other] = [await fixture.found(), await fixture.found()];
  const viewer = await service.person('Viewer');
  await service.join(acme, viewer);
  expect((await (await service.member(viewer, acme.id)).get(path(acme.id))).status).toBe(403);
  expect((await service.stranger(viewer).get(path(other.id))).status).toBe(404);
  expect((await service.nobody.get(path(acme.id))).status).toBe(401);
});
