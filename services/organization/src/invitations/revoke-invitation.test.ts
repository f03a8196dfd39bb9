import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  INVITATIONS,
  type InvitationFixture,
  invitationFixture,
  outcome,
} from '../testing/invitation-fixture.ts';
import {
  type OrganizationUnderTest,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let fixture: InvitationFixture;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  fixture = await invitationFixture(service);
});
afterAll(async () => await service?.stop());

describe('listing', () => {
  it('shows what the caller may see, newest first, never a token', async () => {
    const [acme, other] = [await fixture.found(), await fixture.found()];
    const first = await fixture.invited(acme, 'one@example.com');
    const second = await fixture.invited(acme, 'two@example.com', { role_id: acme.roles.Developer });
    await fixture.invited(other, 'three@example.com');
    await fixture.lapse(first.id);
    const { person } = await fixture.inviterIn(acme);
    // Whichever organization is active: the permission counts where it is held.
    const inviter = service.stranger(person);
    const { body, text } = await inviter.get(`${INVITATIONS}?organization_id=${acme.id}`);
    expect(body.data.total_count).toBe(3);
    expect(body.data.invitations[1]).toEqual({
      id: second.id,
      email: 'two@example.com',
      organization: { id: acme.id, name: expect.any(String) },
      workspace: { id: acme.workspaceId, name: 'Main Workspace' },
      role: { id: acme.roles.Developer, name: 'Developer' },
      status: 'pending',
      expires_at: expect.any(String),
      created_at: expect.any(String),
    });
    expect(body.data.invitations[2].status).toBe('expired');
    expect(text).not.toContain(second.token);
    expect(text).not.toContain('token');
    const statuses = async (status: string) =>
      (await inviter.get(`${INVITATIONS}?organization_id=${acme.id}&status=${status}`)).body.data.total_count;
    expect(await Promise.all(['pending', 'accepted', 'expired', 'revoked'].map(statuses))).toEqual([
      1, 1, 1, 0,
    ]);

    // The same of one organization, by a permission that is held there.
    const ofAcme = `/api/v1/organizations/${acme.id}/invitations`;
    const member = await service.member(person, acme.id);
    expect((await member.get(ofAcme)).body.data).toEqual(body.data);
    const [expired, ...others] = (await member.get(`${ofAcme}?status=expired`)).body.data.invitations;
    expect([expired.id, others]).toEqual([first.id, []]);
    const viewer = await service.person('Viewer');
    await service.join(acme, viewer);
    expect(outcome(await (await service.member(viewer, acme.id)).get(ofAcme))).toEqual([403, 'FORBIDDEN']);
    expect((await inviter.get(`${INVITATIONS}?organization_id=${other.id}`)).body.data.invitations).toEqual(
      [],
    );
    expect(
      (await inviter.get(INVITATIONS)).body.data.invitations.map(
        (row: { organization: { id: number } }) => row.organization.id,
      ),
    ).not.toContain(other.id);
  });

  it('is refused to whoever may invite nowhere', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    await service.join(acme, bob, acme.roles.Developer);
    // The personal organization gives every person the right; without it there is none.
    await service.sql('delete from organization.memberships where user_id = ? and is_admin', [bob.userId]);
    expect(outcome(await service.stranger(bob).get(INVITATIONS))).toEqual([403, 'FORBIDDEN']);
  });
});

describe('revoking', () => {
  it('stops the token at once and is told to nobody twice', async () => {
    const acme = await fixture.found();
    const { id, token } = await fixture.invited(acme, 'revoked@example.com');
    const admin = await service.member(fixture.administrator, acme.id);
    const answer = await admin.delete(`${INVITATIONS}/${id}`);
    expect(answer.body.data.invitation).toMatchObject({
      id,
      status: 'revoked',
      email: 'revoked@example.com',
    });
    expect(outcome(await service.nobody.get(`${INVITATIONS}/${token}`))).toEqual([410, 'INVITATION_REVOKED']);
    expect(outcome(await admin.delete(`${INVITATIONS}/${id}`))).toEqual([410, 'INVITATION_REVOKED']);
    expect(await service.audited(acme.id)).toContain('invitation.revoked');
  });

  it('takes member.invite in the organization of the invitation, whichever is active', async () => {
    const acme = await fixture.found();
    const { id } = await fixture.invited(acme, 'guarded@example.com');
    const bob = await service.person('Bob');
    await service.join(acme, bob, acme.roles.Developer);
    expect(outcome(await service.stranger(bob).delete(`${INVITATIONS}/${id}`))).toEqual([403, 'FORBIDDEN']);
    const eve = await service.person('Eve');
    expect(outcome(await service.stranger(eve).delete(`${INVITATIONS}/${id}`))).toEqual([
      404,
      'INVITATION_NOT_FOUND',
    ]);
    const { person } = await fixture.inviterIn(acme);
    expect((await service.stranger(person).delete(`${INVITATIONS}/${id}`)).status).toBe(200);
  });

  it('lets a system administrator revoke any', async () => {
    const acme = await fixture.found();
    const { id } = await fixture.invited(acme, 'platform@example.com');
    const root = service.systemAdministrator(await service.person('Root'));
    expect((await root.delete(`${INVITATIONS}/${id}`)).status).toBe(200);
    expect(await service.audited(acme.id)).toContain('invitation.revoked');
  });

  it('refuses what is accepted, has lapsed, or does not exist', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    const accepted = await fixture.invited(acme, bob.email);
    await service.stranger(bob).post(`${INVITATIONS}/${accepted.token}/accept`);
    const admin = await service.member(fixture.administrator, acme.id);
    expect(outcome(await admin.delete(`${INVITATIONS}/${accepted.id}`))).toEqual([
      409,
      'INVITATION_ALREADY_ACCEPTED',
    ]);
    const lapsed = await fixture.invited(acme, 'lapsed@example.com');
    await fixture.lapse(lapsed.id);
    expect(outcome(await admin.delete(`${INVITATIONS}/${lapsed.id}`))).toEqual([410, 'INVITATION_EXPIRED']);
    expect(outcome(await admin.delete(`${INVITATIONS}/987654321`))).toEqual([404, 'INVITATION_NOT_FOUND']);
    for (const id of ['0', '-1', '1e3', '99999999999999999999', 'abc'])
      expect((await admin.delete(`${INVITATIONS}/${id}`)).status).toBe(422);
  });

  it('lets either the acceptance or the revocation win', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    const { id, token } = await fixture.invited(acme, bob.email);
    const admin = await service.member(fixture.administrator, acme.id);
    const [accepted, revoked] = await Promise.all([
      service.stranger(bob).post(`${INVITATIONS}/${token}/accept`),
      admin.delete(`${INVITATIONS}/${id}`),
    ]);
    expect([accepted.status, revoked.status].sort()).toSatisfy(
      ([first, second]: number[]) => first === 200 && (second === 409 || second === 410),
    );
  });
});
