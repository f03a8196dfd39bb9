import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  INVITATIONS,
  type InvitationFixture,
  invitationFixture,
  outcome,
} from '../testing/invitation-fixture.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let fixture: InvitationFixture;
beforeAll(async () => {
  service = await startOrganizationUnderTest({
    RATE_LIMIT_INVITATION_MAIL: '3/3600',
    RATE_LIMIT_INVITATION_SENDER: 'off',
  });
  fixture = await invitationFixture(service);
});
afterAll(async () => await service?.stop());

const path = ({ id }: { id: number }, invitation: number) =>
  `/api/v1/organizations/${id}/invitations/${invitation}/resend`;
const resendAs = async (person: Person, organization: Founded, invitation: number) =>
  (await service.member(person, organization.id)).post(path(organization, invitation));
const resend = (organization: Founded, invitation: number) =>
  resendAs(organization.administrator, organization, invitation);
const preview = async (token: string) => outcome(await service.nobody.get(`${INVITATIONS}/${token}`));
const accept = (person: Person, token: string) =>
  service.stranger(person).post(`${INVITATIONS}/${token}/accept`);
const GONE = [404, 'INVITATION_NOT_FOUND'];

describe('sending an invitation again', () => {
  it('mails a new token with a new expiry, and the old one opens nothing', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    const first = await fixture.invited(acme, bob.email);
    await service.mail.nth(bob.email, 1);
    const answer = await resend(acme, first.id);
    const { invitation } = answer.body.data;
    expect(invitation).toMatchObject({ id: first.id, email: bob.email });
    expect(Date.parse(invitation.expires_at)).toBeGreaterThan(Date.now() + 6 * 86_400_000);
    expect(JSON.stringify(await service.mail.nth(bob.email, 2))).toContain(invitation.token);
    expect(await preview(first.token)).toEqual(GONE);
    expect(outcome(await accept(bob, first.token))).toEqual(GONE);
    expect((await accept(bob, invitation.token)).status).toBe(200);
    expect((await service.audited(acme.id)).filter(action => action === 'invitation.sent')).toHaveLength(2);
    expect(outcome(await resend(acme, first.id))).toEqual([409, 'INVITATION_ALREADY_ACCEPTED']);
  });

  it('brings back one that has lapsed, but none that was revoked or for which another one waits', async () => {
    const acme = await fixture.found();
    const lapsed = await fixture.invited(acme, 'lapsed@example.com');
    await fixture.lapse(lapsed.id);
    const { body } = await resend(acme, lapsed.id);
    expect((await preview(body.data.invitation.token))[0]).toBe(200);

    await fixture.lapse(lapsed.id);
    const next = await fixture.invited(acme, 'lapsed@example.com');
    expect(outcome(await resend(acme, lapsed.id))).toEqual([409, 'INVITATION_ALREADY_EXISTS']);
    const admin = await service.member(acme.administrator, acme.id);
    await admin.delete(`${INVITATIONS}/${next.id}`);
    expect(outcome(await resend(acme, next.id))).toEqual([410, 'INVITATION_REVOKED']);
  });

  it('counts each mail in the limits', async () => {
    const acme = await fixture.found();
    const { id } = await fixture.invited(acme, 'often@victim.example');
    const answers = await Promise.all(Array.from({ length: 10 }, () => resend(acme, id)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(8);
    const other = await fixture.found();
    expect((await fixture.invite(other, 'often@victim.example')).status).toBe(429);
  });

  it('takes a seat for one that had lapsed', async () => {
    const acme = await fixture.found();
    const { id } = await fixture.invited(acme, 'seat@example.com');
    await fixture.lapse(id);
    await service.sql("update organization.organizations set plan = 'individual' where id = ?", [acme.id]);
    expect(outcome(await resend(acme, id))).toEqual([403, 'PLAN_LIMIT_EXCEEDED']);
  });
});

describe('who may send an invitation again', () => {
  it('hands out its role, and answers for it from then on', async () => {
    const acme = await fixture.found();
    const { person, roleId } = await fixture.inviterIn(acme);
    const admins = await fixture.invited(acme, 'admin@example.com', { role_id: acme.roles.Admin });
    expect(outcome(await resendAs(person, acme, admins.id))).toEqual([403, 'FORBIDDEN']);
    expect((await preview(admins.token))[0]).toBe(200);

    const own = await fixture.invited(acme, 'own@example.com', { role_id: roleId });
    const { body } = await resendAs(person, acme, own.id);
    const admin = await service.member(acme.administrator, acme.id);
    const removed = await admin.delete(`/api/v1/organizations/${acme.id}/members/${person.userId}`);
    expect(removed.body.data.withdrawn_invitations).toEqual([{ id: own.id, email: 'own@example.com' }]);
    expect(await preview(body.data.invitation.token)).toEqual([410, 'INVITATION_REVOKED']);
  });

  it('is nobody from another organization, without the permission or without a session', async () => {
    const [acme, other] = [await fixture.found(), await fixture.found()];
    const { id, token } = await fixture.invited(acme, 'foreign@example.com');
    expect(outcome(await resend(other, id))).toEqual(GONE);
    const viewer = await service.person('Viewer');
    await service.join(acme, viewer);
    expect(outcome(await resendAs(viewer, acme, id))).toEqual([403, 'FORBIDDEN']);
    expect((await service.stranger(viewer).post(path(other, id))).status).toBe(404);
    expect((await service.nobody.post(path(acme, id))).status).toBe(401);
    expect((await preview(token))[0]).toBe(200);
  });
});

describe('at the same moment', () => {
  it('of acceptance and resending one comes first, and there is one membership or one token', async () => {
    for (let round = 0; round < 4; round++) {
      const acme = await fixture.found();
      const bob = await service.person('Bob');
      const { id, token } = await fixture.invited(acme, bob.email);
      const [accepted, resent] = await Promise.all([accept(bob, token), resend(acme, id)]);
      const outcomes = [accepted.status, resent.status];
      expect([
        [200, 409],
        [404, 200],
      ]).toContainEqual(outcomes);
    }
  });

  it('of revoking and resending the last word is the revocation', async () => {
    for (let round = 0; round < 4; round++) {
      const acme = await fixture.found();
      const { id, token } = await fixture.invited(acme, `revoked${round}@example.com`);
      const admin = await service.member(acme.administrator, acme.id);
      const [revoked, resent] = await Promise.all([
        admin.delete(`${INVITATIONS}/${id}`),
        admin.post(path(acme, id)),
      ]);
      expect(revoked.status).toBe(200);
      expect([200, 410]).toContain(resent.status);
      const last = resent.status === 200 ? resent.body.data.invitation.token : token;
      expect(await preview(last)).toEqual([410, 'INVITATION_REVOKED']);
    }
  });
});
