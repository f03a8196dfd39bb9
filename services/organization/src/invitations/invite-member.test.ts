import { missingPermission } from '@rivergate/endpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Host, hostIn, INVITATIONS, invitePath, outcome, wish } from '../testing/host.ts';
import { startTown, type Town } from '../testing/town.ts';

let town: Town;
let host: Host;
beforeAll(async () => {
  town = await startTown({ PLAN_SEATS_PROFESSIONAL: '3' });
  host = await hostIn(town);
});
afterAll(async () => await town?.stop());

describe('inviting', () => {
  it('mails a link whose token is shown to the inviter once and stored hashed', async () => {
    const acme = await host.found();
    const answer = await host.invite(acme, 'Guest@Example.com', { message: 'Come in!\nThe water is fine.' });
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
    const mail = await town.service.mail.nth('guest@example.com', 1);
    expect(mail.text).toContain(`http://rivergate.test/invitations/${invitation.token}`);
    expect(mail.text).toContain('The water is fine.');
    const [stored] = await town.sql(
      `select row_to_json(i)::text as row from organization.invitations i where id = ?`,
      [invitation.id],
    );
    expect(JSON.stringify(stored)).not.toContain(invitation.token);
    const events = await town.sql(
      `select metadata::text as metadata from organization.audit_log
       union all select event::text from organization.outbox union all select row_to_json(m)::text from organization.outgoing_mail m`,
    );
    expect(JSON.stringify(events)).not.toContain(invitation.token);
  });

  it('answers the same for an address that has an account elsewhere', async () => {
    const acme = await host.found();
    const bob = await town.person('Bob');
    const [known, unknown] = [
      await host.invite(acme, bob.email),
      await host.invite(acme, 'unknown@example.com'),
    ];
    expect(Object.keys(known.body.data.invitation)).toEqual(Object.keys(unknown.body.data.invitation));
    expect([known.status, known.body.message]).toEqual([unknown.status, unknown.body.message]);
  });

  it('lets nobody write a header or markup into the mail', async () => {
    const acme = await town.found(host.administrator, 'Evil <b>& Co</b>');
    const message = '<script>alert(1)</script>\r\nBcc: everyone@example.com';
    expect((await host.invite(acme, 'victim@example.com', { message })).status).toBe(201);
    const mail = await town.service.mail.nth('victim@example.com', 1);
    expect(mail.to).toEqual(['victim@example.com']);
    expect(mail.html).not.toMatch(/<script|<b>/);
    expect(town.service.mail.to('everyone@example.com')).toEqual([]);
    for (const email of [
      'a@b.example\r\nBcc: c@d.example',
      'a@b.example,c@d.example',
      '"<x>"@b.example',
      'nul\u0000@b.example',
    ])
      expect((await host.invite(acme, email)).status).toBe(422);
    expect((await host.invite(acme, 'x@example.com', { message: 'bell\u0007' })).status).toBe(422);
    expect((await host.invite(acme, 'x@example.com', { message: 'x'.repeat(1001) })).status).toBe(422);
  });

  it('takes workspace and role of this organization only', async () => {
    const [acme, other] = [await host.found(), await host.found()];
    expect(outcome(await host.invite(acme, 'x@example.com', { workspace_id: other.workspaceId }))).toEqual([
      404,
      'WORKSPACE_NOT_FOUND',
    ]);
    expect(outcome(await host.invite(acme, 'x@example.com', { role_id: other.roles.Viewer }))).toEqual([
      404,
      'ROLE_NOT_FOUND',
    ]);
    expect(outcome(await host.invite(acme, 'x@example.com', { role_id: 2 ** 53 - 1 }))[0]).toBe(404);
    expect(outcome(await host.invite(acme, 'x@example.com', { role_id: 2 ** 53 }))[0]).toBe(422);
  });

  it('takes member.invite', async () => {
    const acme = await host.found();
    const bob = await town.person('Bob');
    await town.join(acme, bob, acme.roles.Developer);
    const answer = await (await town.member(bob, acme.id)).post(
      invitePath(acme),
      wish(acme, 'x@example.com'),
    );
    expect(outcome(answer)).toEqual([403, 'FORBIDDEN']);
    expect(answer.body.error.details).toEqual([missingPermission('member.invite')]);
    const eve = town.stranger(await town.person('Eve'));
    expect(outcome(await eve.post(invitePath(acme), wish(acme, 'x@example.com')))).toEqual([
      404,
      'ORGANIZATION_NOT_FOUND',
    ]);
  });

  it('grants no more than the inviter holds', async () => {
    const acme = await host.found();
    const { person, roleId } = await host.inviterIn(acme);
    const inviter = await town.member(person, acme.id);
    const as = (role_id: number) =>
      inviter.post(invitePath(acme), wish(acme, 'accomplice@example.com', { role_id }));
    expect(outcome(await as(acme.roles.Admin))).toEqual([403, 'FORBIDDEN']);
    const developer = await as(acme.roles.Developer);
    expect(outcome(developer)).toEqual([403, 'FORBIDDEN']);
    expect(developer.body.error.details).toContainEqual(missingPermission('query.execute'));
    expect((await as(roleId)).status).toBe(201);
  });

  it('keeps "*" for administrators, whatever else a role holds', async () => {
    const acme = await host.found();
    const { person } = await host.inviterIn(acme, ['*']);
    const inviter = await town.member(person, acme.id);
    const answer = await inviter.post(
      invitePath(acme),
      wish(acme, 'x@example.com', { role_id: acme.roles.Admin }),
    );
    expect(outcome(answer)).toEqual([403, 'FORBIDDEN']);
  });

  it('invites nobody twice, and no member', async () => {
    const acme = await host.found();
    const bob = await town.person('Bob');
    await town.join(acme, bob);
    expect(outcome(await host.invite(acme, bob.email.toUpperCase()))).toEqual([409, 'ALREADY_MEMBER']);
    await host.invite(acme, 'twice@example.com');
    expect(outcome(await host.invite(acme, 'TWICE@example.com'))).toEqual([409, 'INVITATION_ALREADY_EXISTS']);
    const both = await Promise.all([
      host.invite(acme, 'race@example.com'),
      host.invite(acme, 'race@example.com'),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('invites anew once the first invitation has lapsed', async () => {
    const acme = await host.found();
    const first = await host.invited(acme, 'late@example.com');
    await host.lapse(first.id);
    const second = await host.invite(acme, 'late@example.com');
    expect(second.status).toBe(201);
    expect(outcome(await town.nobody.get(`${INVITATIONS}/${first.token}`))).toEqual([
      410,
      'INVITATION_EXPIRED',
    ]);
    expect(await town.audited(acme.id)).toContain('invitation.expired');
  });

  it('keeps to the seats of the plan, also when many invite at once', async () => {
    const acme = await host.found();
    await town.sql("update organization.organizations set plan = 'professional' where id = ?", [acme.id]);
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd', 'e'].map(name => host.invite(acme, `${name}.${acme.id}@example.com`)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    for (const answer of answers.filter(({ status }) => status !== 201))
      expect(outcome(answer)).toEqual([403, 'PLAN_LIMIT_EXCEEDED']);
    const given = answers.find(({ status }) => status === 201)!.body.data.invitation;
    await (await town.member(host.administrator, acme.id)).delete(`${INVITATIONS}/${given.id}`);
    expect((await host.invite(acme, `f.${acme.id}@example.com`)).status).toBe(201);
  });

  it('invites nobody into a personal organization, which has one seat', async () => {
    const bob = await town.person('Bob');
    const { organizations } = (await town.stranger(bob).get('/api/v1/organizations')).body.data;
    const personal = await town.member(bob, organizations[0].id);
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
    const organizations = [await host.found(), await host.found()];
    const statuses: number[] = [];
    for (let turn = 0; turn < 21; turn++) {
      const acme = organizations[turn % 2]!;
      const answer = await host.invite(acme, 'bombed@example.com');
      statuses.push(answer.status);
      if (answer.status === 201)
        await (await town.member(host.administrator, acme.id)).delete(
          `${INVITATIONS}/${answer.body.data.invitation.id}`,
        );
      else expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(statuses).toEqual([...Array(20).fill(201), 429]);
  });

  it('sends one mail for one idempotency key', async () => {
    const acme = await host.found();
    const admin = await town.member(host.administrator, acme.id);
    const headers = { 'idempotency-key': 'invite once' };
    const body = wish(acme, 'once@example.com');
    const [first, second] = [
      await admin.post(invitePath(acme), body, { headers }),
      await admin.post(invitePath(acme), body, { headers }),
    ];
    expect(second.body).toEqual(first.body);
    await town.service.mail.nth('once@example.com', 1);
    expect(town.service.mail.to('once@example.com')).toHaveLength(1);
  });
});
