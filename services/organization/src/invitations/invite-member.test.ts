import { missingPermission } from '@rivergate/endpoint';
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
  type OrganizationUnderTest,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let fixture: InvitationFixture;
beforeAll(async () => {
  service = await startOrganizationUnderTest({ PLAN_SEATS_PROFESSIONAL: '3' });
  fixture = await invitationFixture(service);
});
afterAll(async () => await service?.stop());

describe('inviting', () => {
  it('mails a link whose token is shown to the inviter once and stored hashed', async () => {
    const acme = await fixture.found();
    const answer = await fixture.invite(acme, 'Guest@Example.com', {
      message: 'Come in!\nThe water is fine.',
    });
    expect(answer.status).toBe(201);
    const { invitation } = answer.body.data;
    expect(invitation).toEqual({
      id: expect.any(Number),
      token: expect.stringMatching(/^[\w-]{43}$/),
      email: 'guest@example.com',
      expires_at: expect.stringMatching(/Z$/),
    });
    const days = (Date.parse(invitation.expires_at) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(6.9);
    expect(days).toBeLessThanOrEqual(7);
    const mail = await service.mail.nth('guest@example.com', 1);
    expect(mail.text).toContain(`http://rivergate.test/invitations/${invitation.token}`);
    expect(mail.text).toContain('The water is fine.');
    const [stored] = await service.sql(
      `select row_to_json(i)::text as row from organization.invitations i where id = ?`,
      [invitation.id],
    );
    expect(JSON.stringify(stored)).not.toContain(invitation.token);
    const events = await service.sql(
      `select metadata::text as metadata from organization.audit_log
       union all select event::text from organization.outbox union all select row_to_json(m)::text from organization.outgoing_mail m`,
    );
    expect(JSON.stringify(events)).not.toContain(invitation.token);
  });

  it('answers the same for an address that has an account elsewhere', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    const [known, unknown] = [
      await fixture.invite(acme, bob.email),
      await fixture.invite(acme, 'unknown@example.com'),
    ];
    expect(Object.keys(known.body.data.invitation)).toEqual(Object.keys(unknown.body.data.invitation));
    expect([known.status, known.body.message]).toEqual([unknown.status, unknown.body.message]);
  });

  it('lets nobody write a header or markup into the mail', async () => {
    const acme = await service.found(fixture.administrator, 'Evil <b>& Co</b>');
    const message = '<script>alert(1)</script>\r\nBcc: everyone@example.com';
    expect((await fixture.invite(acme, 'victim@example.com', { message })).status).toBe(201);
    const mail = await service.mail.nth('victim@example.com', 1);
    expect(mail.to).toEqual(['victim@example.com']);
    expect(mail.html).not.toMatch(/<script|<b>/);
    expect(service.mail.to('everyone@example.com')).toEqual([]);
    for (const email of [
      'a@b.example\r\nBcc: c@d.example',
      'a@b.example,c@d.example',
      '"<x>"@b.example',
      'nul\u0000@b.example',
    ])
      expect((await fixture.invite(acme, email)).status).toBe(422);
    for (const message of ['bell\u0007', 'moc.live\u202e', 'zero\u200bwidth'])
      expect((await fixture.invite(acme, 'x@example.com', { message })).status).toBe(422);
    expect((await fixture.invite(acme, 'x@example.com', { message: 'x'.repeat(1001) })).status).toBe(422);
  });

  it('takes workspace and role of this organization only', async () => {
    const [acme, other] = [await fixture.found(), await fixture.found()];
    expect(outcome(await fixture.invite(acme, 'x@example.com', { workspace_id: other.workspaceId }))).toEqual(
      [404, 'WORKSPACE_NOT_FOUND'],
    );
    expect(outcome(await fixture.invite(acme, 'x@example.com', { role_id: other.roles.Viewer }))).toEqual([
      404,
      'ROLE_NOT_FOUND',
    ]);
    expect(outcome(await fixture.invite(acme, 'x@example.com', { role_id: 2 ** 53 - 1 }))[0]).toBe(404);
    expect(outcome(await fixture.invite(acme, 'x@example.com', { role_id: 2 ** 53 }))[0]).toBe(422);
  });

  it('takes member.invite', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    await service.join(acme, bob, acme.roles.Developer);
    const answer = await (await service.member(bob, acme.id)).post(
      invitePath(acme),
      invitationBody(acme, 'x@example.com'),
    );
    expect(outcome(answer)).toEqual([403, 'FORBIDDEN']);
    expect(answer.body.error.details).toEqual([missingPermission('member.invite')]);
    const eve = service.stranger(await service.person('Eve'));
    expect(outcome(await eve.post(invitePath(acme), invitationBody(acme, 'x@example.com')))).toEqual([
      404,
      'ORGANIZATION_NOT_FOUND',
    ]);
  });

  it('grants no more than the inviter holds', async () => {
    const acme = await fixture.found();
    const { person, roleId } = await fixture.inviterIn(acme);
    const inviter = await service.member(person, acme.id);
    const as = (role_id: number) =>
      inviter.post(invitePath(acme), invitationBody(acme, 'accomplice@example.com', { role_id }));
    expect(outcome(await as(acme.roles.Admin))).toEqual([403, 'FORBIDDEN']);
    const developer = await as(acme.roles.Developer);
    expect(outcome(developer)).toEqual([403, 'FORBIDDEN']);
    expect(developer.body.error.details).toContainEqual(missingPermission('query.execute'));
    expect((await as(roleId)).status).toBe(201);
  });

  it('keeps "*" for administrators, whatever else a role holds', async () => {
    const acme = await fixture.found();
    const { person } = await fixture.inviterIn(acme, ['*']);
    const inviter = await service.member(person, acme.id);
    const answer = await inviter.post(
      invitePath(acme),
      invitationBody(acme, 'x@example.com', { role_id: acme.roles.Admin }),
    );
    expect(outcome(answer)).toEqual([403, 'FORBIDDEN']);
  });

  it('invites nobody twice, and no member', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    await service.join(acme, bob);
    expect(outcome(await fixture.invite(acme, bob.email.toUpperCase()))).toEqual([409, 'ALREADY_MEMBER']);
    await fixture.invite(acme, 'twice@example.com');
    expect(outcome(await fixture.invite(acme, 'TWICE@example.com'))).toEqual([
      409,
      'INVITATION_ALREADY_EXISTS',
    ]);
    const both = await Promise.all([
      fixture.invite(acme, 'race@example.com'),
      fixture.invite(acme, 'race@example.com'),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('invites anew once the first invitation has lapsed', async () => {
    const acme = await fixture.found();
    const first = await fixture.invited(acme, 'late@example.com');
    await fixture.lapse(first.id);
    const second = await fixture.invite(acme, 'late@example.com');
    expect(second.status).toBe(201);
    expect(outcome(await service.nobody.get(`${INVITATIONS}/${first.token}`))).toEqual([
      410,
      'INVITATION_EXPIRED',
    ]);
    expect(await service.audited(acme.id)).toContain('invitation.expired');
  });

  it('keeps to the seats of the plan, also when many invite at once', async () => {
    const acme = await fixture.found();
    await service.sql("update organization.organizations set plan = 'professional' where id = ?", [acme.id]);
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd', 'e'].map(name => fixture.invite(acme, `${name}.${acme.id}@example.com`)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    for (const answer of answers.filter(({ status }) => status !== 201))
      expect(outcome(answer)).toEqual([403, 'PLAN_LIMIT_EXCEEDED']);
    const given = answers.find(({ status }) => status === 201)!.body.data.invitation;
    await (await service.member(fixture.administrator, acme.id)).delete(`${INVITATIONS}/${given.id}`);
    expect((await fixture.invite(acme, `f.${acme.id}@example.com`)).status).toBe(201);
  });

  it('invites nobody into a personal organization, which has one seat', async () => {
    const bob = await service.person('Bob');
    const { organizations } = (await service.stranger(bob).get('/api/v1/organizations')).body.data;
    const personal = await service.member(bob, organizations[0].id);
    const base = `/api/v1/organizations/${organizations[0].id}`;
    const role = (await personal.get(`${base}/roles`)).body.data.roles[0];
    const workspace = (await personal.get(`${base}/workspaces`)).body.data.workspaces[0];
    const body = { email: 'x@example.com', role_id: role.id, workspace_id: workspace.id };
    expect(outcome(await personal.post(`${base}/members/invite`, body))).toEqual([
      403,
      'PLAN_LIMIT_EXCEEDED',
    ]);
  });

  it('fills nobody’s mailbox by inviting and revoking in turns, from however many organizations', async () => {
    const organizations = [await fixture.found(), await fixture.found()];
    const statuses: number[] = [];
    for (let turn = 0; turn < 21; turn++) {
      const acme = organizations[turn % 2]!;
      const answer = await fixture.invite(acme, 'bombed@example.com');
      statuses.push(answer.status);
      if (answer.status === 201)
        await (await service.member(fixture.administrator, acme.id)).delete(
          `${INVITATIONS}/${answer.body.data.invitation.id}`,
        );
      else expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(statuses).toEqual([...Array(20).fill(201), 429]);
  });

  it('sends one mail for one idempotency key', async () => {
    const acme = await fixture.found();
    const admin = await service.member(fixture.administrator, acme.id);
    const headers = { 'idempotency-key': 'invite once' };
    const body = invitationBody(acme, 'once@example.com');
    const [first, second] = [
      await admin.post(invitePath(acme), body, { headers }),
      await admin.post(invitePath(acme), body, { headers }),
    ];
    expect(second.body).toEqual(first.body);
    await service.mail.nth('once@example.com', 1);
    expect(service.mail.to('once@example.com')).toHaveLength(1);
  });
});
