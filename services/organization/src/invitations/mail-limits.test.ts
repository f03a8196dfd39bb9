import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InvitationFixture, invitationFixture, outcome } from '../testing/invitation-fixture.ts';
import {
  type OrganizationUnderTest,
  startOrganizationUnderTest,
  verify,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let fixture: InvitationFixture;
beforeAll(async () => {
  service = await startOrganizationUnderTest({
    RATE_LIMIT_INVITATION_MAIL: '3/3600',
    RATE_LIMIT_INVITATION_SENDER: '6/3600',
    RATE_LIMIT_INVITATION_ORGANIZATION: '5/3600',
  });
  fixture = await invitationFixture(service);
});
afterAll(async () => await service?.stop());

const PATH = '/api/v1/organizations';
const LIMITED = [429, 'RATE_LIMITED'];
let count = 0;
const foundBy = async (invitations: object[]) => {
  const person = await service.person('Founder');
  return await service.stranger(person).post(PATH, { name: `Limited ${++count}`, invitations });
};
/** An organization of someone who has sent nothing yet. */
const fresh = async () => await service.found(await service.person('Founder'), `Limited ${++count}`);
const sent = (email: string) =>
  service.sql('select 1 from organization.invitations where email = ? and sent_at is not null', [email]);

describe('mails of invitations', () => {
  it('go to one address so often and no more, whoever founds organizations for them', async () => {
    const invitations = [{ email: 'founded@victim.example' }];
    const answers = [];
    for (let turn = 0; turn < 4; turn++) answers.push(await foundBy(invitations));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 429]);
    expect(outcome(answers[3]!)).toEqual(LIMITED);
    expect(answers[3]!.body.error.message).toContain('invitation_mail');
    const wait = Number(answers[3]!.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(3_500);
    expect(wait).toBeLessThanOrEqual(3_600);
    expect(outcome(await fixture.invite(await fresh(), 'founded@victim.example'))).toEqual(LIMITED);
    expect(await sent('founded@victim.example')).toHaveLength(3);
    await service.sql(
      "update organization.invitation_mails set sent_at = sent_at - interval '1 hour' where email = 'founded@victim.example'",
    );
    expect((await fixture.invite(await fresh(), 'founded@victim.example')).status).toBe(201);
  });

  it('go to one address so often and no more, when ten organizations invite it at once', async () => {
    const organizations = [];
    for (let turn = 0; turn < 10; turn++) organizations.push(await fresh());
    const answers = await Promise.all(
      organizations.map(acme => fixture.invite(acme, 'raced@victim.example')),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(7);
    expect(await sent('raced@victim.example')).toHaveLength(3);
  });

  it('go out from one sender so often and no more, from however many organizations', async () => {
    const sender = await service.person('Sender');
    const statuses = [];
    for (let turn = 0; turn < 4; turn++) {
      const invitations = [1, 2].map(guest => ({ email: `sender.${turn}.${guest}@example.com` }));
      const answer = await service
        .stranger(sender)
        .post(PATH, { name: `Sender's organization ${turn}`, invitations });
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([201, 201, 201, 429]);
    // All or nothing: the organization of the last is not there.
    const { body } = await service.stranger(sender).get(PATH);
    expect(body.data.organizations.map(({ name }: { name: string }) => name)).not.toContain(
      "Sender's organization 3",
    );
  });

  it('go out from one organization so often and no more, whoever invites', async () => {
    const acme = await fresh();
    const { person, roleId } = await fixture.inviterIn(acme);
    const inviter = await service.member(person, acme.id);
    const statuses = [];
    for (let turn = 0; turn < 5; turn++) {
      const email = `organization.${turn}@example.com`;
      statuses.push((await fixture.invite(acme, email)).status);
    }
    const answer = await inviter.post(`${PATH}/${acme.id}/members/invite`, {
      email: 'organization.last@example.com',
      workspace_id: acme.workspaceId,
      role_id: roleId,
    });
    // Inviting the inviter was the first of five.
    expect([...statuses, answer.status]).toEqual([201, 201, 201, 201, 429, 429]);
  });

  it('that are over a limit when their administrators verify are dropped, with a record, and hold up nothing', async () => {
    const reserved = [];
    for (let turn = 0; turn < 6; turn++) {
      const answer = await service.nobody.post(PATH, {
        name: `Waiting ${turn}`,
        admin_email: `waiting${turn}@example.com`,
        admin_password: 'Correct-Horse-1',
        invitations: [{ email: 'waited@victim.example' }, { email: `other${turn}@victim.example` }],
      });
      reserved.push(answer.body.data);
    }
    await Promise.all(
      reserved.map(({ user }) => verify(service, { userId: user.id, email: user.email, name: 'Root' })),
    );
    for (let turn = 0; turn < 6; turn++) await service.mail.nth(`other${turn}@victim.example`, 1);
    expect(await sent('waited@victim.example')).toHaveLength(3);
    const dropped = await service.sql<{ status: string }>(
      "select status from organization.invitations where email = 'waited@victim.example' and sent_at is null",
    );
    expect(dropped.map(({ status }) => status)).toEqual(['revoked', 'revoked', 'revoked']);
    const recorded = await service.sql(
      "select 1 from organization.audit_log where action = 'invitation.revoked' and metadata->>'reason' = 'mail_limit'",
    );
    expect(recorded).toHaveLength(3);
    await eventually(async () => service.mail.to('waited@victim.example').length === 3);
  });
});
