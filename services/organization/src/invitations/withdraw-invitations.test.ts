import { userStatusChanged } from '@rivergate/events';
import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  INVITATIONS,
  type InvitationFixture,
  invitationBody,
  invitationFixture,
  invitePath,
  outcome,
} from '../testing/invitation-fixture.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  publishEvent,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let fixture: InvitationFixture;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  fixture = await invitationFixture(service);
});
afterAll(async () => await service?.stop());

const REVOKED = [410, 'INVITATION_REVOKED'];
const memberPath = (acme: Founded, { userId }: Person) =>
  `/api/v1/organizations/${acme.id}/members/${userId}`;
const accept = (person: Person, token: string) =>
  service.stranger(person).post(`${INVITATIONS}/${token}/accept`);
const admin = (acme: Founded) => service.member(acme.administrator, acme.id);
const invitedBy = async (person: Person, acme: Founded, email: string, more: object) => {
  const answer = await (await service.member(person, acme.id)).post(
    invitePath(acme),
    invitationBody(acme, email, more),
  );
  expect(answer.status, answer.text).toBe(201);
  return answer.body.data.invitation as { id: number; token: string };
};
/** A second administrator of a new organization, who has invited an accomplice as the third. */
const invitedAdministrator = async () => {
  const acme = await fixture.found();
  const [mallory, accomplice] = [await service.person('Mallory'), await service.person('Accomplice')];
  await service.join(acme, mallory, acme.roles.Admin);
  const invitation = await invitedBy(mallory, acme, accomplice.email, { role_id: acme.roles.Admin });
  return { acme, mallory, accomplice, invitation };
};

describe('an invitation', () => {
  it('ends with the membership of its sender, who is told which ones', async () => {
    const { acme, mallory, accomplice, invitation } = await invitedAdministrator();
    const kept = await fixture.invited(acme, 'kept@example.com');
    const removed = await (await admin(acme)).delete(memberPath(acme, mallory));
    expect(removed.body.data.withdrawn_invitations).toEqual([{ id: invitation.id, email: accomplice.email }]);
    expect(outcome(await accept(accomplice, invitation.token))).toEqual(REVOKED);
    expect(outcome(await service.nobody.get(`${INVITATIONS}/${invitation.token}`))).toEqual(REVOKED);
    expect((await service.nobody.get(`${INVITATIONS}/${kept.token}`)).status).toBe(200);
    const listed = await (await admin(acme)).get(`${INVITATIONS}?organization_id=${acme.id}&status=revoked`);
    expect(listed.body.data.invitations.map(({ id }: { id: number }) => id)).toEqual([invitation.id]);
    const recorded = await service.sql<{ metadata: object }>(
      "select metadata from organization.audit_log where organization_id = ? and action = 'invitation.revoked'",
      [acme.id],
    );
    expect(recorded.map(({ metadata }) => metadata)).toEqual([
      { invitation_id: invitation.id, organization_id: acme.id, reason: 'inviter_lost_right' },
    ]);
  });

  it('ends with a demotion of its sender, if the sender could not send it any more', async () => {
    const { acme, mallory, accomplice, invitation } = await invitedAdministrator();
    const { roleId } = await fixture.inviterIn(acme);
    const lower = await invitedBy(mallory, acme, 'lower@example.com', { role_id: roleId });
    const demoted = await (await admin(acme)).patch(memberPath(acme, mallory), { role_id: roleId });
    expect(demoted.body.data.withdrawn_invitations).toEqual([{ id: invitation.id, email: accomplice.email }]);
    expect(outcome(await accept(accomplice, invitation.token))).toEqual(REVOKED);
    expect((await service.nobody.get(`${INVITATIONS}/${lower.token}`)).status).toBe(200);
    // Without member.invite there is nothing left to hand out.
    const viewer = { role_id: acme.roles.Viewer };
    const again = await (await admin(acme)).patch(memberPath(acme, mallory), viewer);
    expect(again.body.data.withdrawn_invitations).toEqual([{ id: lower.id, email: 'lower@example.com' }]);
  });

  it('stays with a promotion of its sender', async () => {
    const acme = await fixture.found();
    const { person, roleId } = await fixture.inviterIn(acme);
    const { token } = await invitedBy(person, acme, 'stays@example.com', { role_id: roleId });
    const promoted = await (await admin(acme)).patch(memberPath(acme, person), { is_admin: true });
    expect(promoted.body.data.withdrawn_invitations).toEqual([]);
    expect((await service.nobody.get(`${INVITATIONS}/${token}`)).status).toBe(200);
  });

  it.each([
    ['the membership', "update organization.memberships set status = 'suspended' where user_id = ?"],
    ['the account', "update organization.people set status = 'suspended' where user_id = ?"],
  ])('cannot be accepted while %s of its sender is suspended', async (_, suspend) => {
    const { mallory, accomplice, invitation } = await invitedAdministrator();
    await service.sql(suspend, [mallory.userId]);
    expect(outcome(await accept(accomplice, invitation.token))).toEqual(REVOKED);
    const preview = await service.nobody.get(`${INVITATIONS}/${invitation.token}`);
    expect(outcome(preview)).toEqual(REVOKED);
    expect(preview.body.error.message).toContain('may not hand out its role any more');
    await service.sql(suspend.replace('suspended', 'active'), [mallory.userId]);
    expect((await accept(accomplice, invitation.token)).status).toBe(200);
  });

  it('cannot be accepted once identity says that its sender’s account is suspended', async () => {
    const { mallory, accomplice, invitation } = await invitedAdministrator();
    await publishEvent(service, userStatusChanged, { user_id: mallory.userId, status: 'suspended' });
    await eventually(
      async () => (await service.nobody.get(`${INVITATIONS}/${invitation.token}`)).status === 410,
    );
    expect(outcome(await accept(accomplice, invitation.token))).toEqual(REVOKED);
  });

  it('gives no more than its sender holds when it is accepted, whatever its role holds by then', async () => {
    const acme = await fixture.found();
    const { person, roleId } = await fixture.inviterIn(acme);
    const { roleId: other } = await fixture.inviterIn(acme);
    const guest = await service.person('Guest');
    const { token } = await invitedBy(person, acme, guest.email, { role_id: other });
    await service.sql("update organization.roles set permissions = '{role.write}' where id = ?", [other]);
    expect(roleId).not.toBe(other);
    expect(outcome(await accept(guest, token))).toEqual(REVOKED);
  });

  it('of a system administrator stands without a membership', async () => {
    const acme = await fixture.found();
    const guest = await service.person('Guest');
    const root = await service.person('Root');
    const answer = await service
      .systemAdministrator(root)
      .post(invitePath(acme), invitationBody(acme, guest.email, { role_id: acme.roles.Admin }));
    expect(answer.status, answer.text).toBe(201);
    expect((await accept(guest, answer.body.data.invitation.token)).status).toBe(200);
  });

  it('is either accepted or withdrawn when its sender is removed at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      const { acme, mallory, accomplice, invitation } = await invitedAdministrator();
      const administrator = await admin(acme);
      const [accepted, removed] = await Promise.all([
        accept(accomplice, invitation.token),
        administrator.delete(memberPath(acme, mallory)),
      ]);
      expect(removed.status).toBe(200);
      const withdrawn = removed.body.data.withdrawn_invitations;
      // Accepted before: then there was nothing left to withdraw, and the answer does not claim it.
      expect([accepted.status, withdrawn.length]).toSatisfy(
        ([status, length]: number[]) => (status === 200 && length === 0) || (status === 410 && length === 1),
      );
    }
  });
});
