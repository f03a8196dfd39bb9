import { signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Founded, type Person, startTown, type Town } from '../testing/town.ts';

let town: Town;
let ada: Person;
beforeAll(async () => {
  town = await startTown({ PLAN_SEATS_PROFESSIONAL: '3' });
  ada = await town.person('Ada');
});
afterAll(async () => await town?.stop());

let count = 0;
const found = () => town.found(ada, `Organization ${++count}`);
const PATH = '/api/v1/invitations';
const invitePath = (founded: Founded) => `/api/v1/organizations/${founded.id}/members/invite`;
const wish = (founded: Founded, email: string, more: object = {}) => ({
  email,
  workspace_id: founded.workspaceId,
  role_id: founded.roles.Viewer,
  ...more,
});
const invite = async (founded: Founded, email: string, more: object = {}) =>
  await (await town.member(founded.administrator, founded.id)).post(
    invitePath(founded),
    wish(founded, email, more),
  );
const invited = async (founded: Founded, email: string, more: object = {}) =>
  (await invite(founded, email, more)).body.data.invitation as { id: number; token: string };
const lapse = (id: number) =>
  town.sql("update organization.invitations set expires_at = now() - interval '1 second' where id = ?", [id]);
const outcome = (answer: { status: number; body: { error?: { code: string } } }) => [
  answer.status,
  answer.body.error?.code,
];

/** A role that may invite but holds little else. */
const inviterIn = async (founded: Founded, permissions = ['member.invite', 'workspace.read']) => {
  const person = await town.person('Inviter');
  const list = permissions.map(permission => `"${permission}"`).join(',');
  const [role] = await town.sql<{ id: number }>(
    `insert into organization.roles (organization_id, name, name_key, permissions)
     values (?, ?, ?, ?::text[]) returning id`,
    [founded.id, `Inviter ${person.userId}`, `inviter ${person.userId}`, `{${list}}`],
  );
  await town.join(founded, person, role!.id);
  return { person, roleId: role!.id };
};

describe('inviting', () => {
  it('mails a link whose token is shown to the inviter once and stored hashed', async () => {
    const acme = await found();
    const answer = await invite(acme, 'Guest@Example.com', { message: 'Come in!\nThe water is fine.' });
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
    const acme = await found();
    const bob = await town.person('Bob');
    const [known, unknown] = [await invite(acme, bob.email), await invite(acme, 'unknown@example.com')];
    expect(Object.keys(known.body.data.invitation)).toEqual(Object.keys(unknown.body.data.invitation));
    expect([known.status, known.body.message]).toEqual([unknown.status, unknown.body.message]);
  });

  it('lets nobody write a header or markup into the mail', async () => {
    const acme = await town.found(ada, 'Evil <b>& Co</b>');
    const message = '<script>alert(1)</script>\r\nBcc: everyone@example.com';
    expect((await invite(acme, 'victim@example.com', { message })).status).toBe(201);
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
      expect((await invite(acme, email)).status).toBe(422);
    expect((await invite(acme, 'x@example.com', { message: 'bell\u0007' })).status).toBe(422);
    expect((await invite(acme, 'x@example.com', { message: 'x'.repeat(1001) })).status).toBe(422);
  });

  it('takes workspace and role of this organization only', async () => {
    const [acme, other] = [await found(), await found()];
    expect(outcome(await invite(acme, 'x@example.com', { workspace_id: other.workspaceId }))).toEqual([
      404,
      'WORKSPACE_NOT_FOUND',
    ]);
    expect(outcome(await invite(acme, 'x@example.com', { role_id: other.roles.Viewer }))).toEqual([
      404,
      'ROLE_NOT_FOUND',
    ]);
    expect(outcome(await invite(acme, 'x@example.com', { role_id: 2 ** 53 - 1 }))[0]).toBe(404);
    expect(outcome(await invite(acme, 'x@example.com', { role_id: 2 ** 53 }))[0]).toBe(422);
  });

  it('takes member.invite', async () => {
    const acme = await found();
    const bob = await town.person('Bob');
    await town.join(acme, bob, acme.roles.Developer);
    const answer = await (await town.member(bob, acme.id)).post(
      invitePath(acme),
      wish(acme, 'x@example.com'),
    );
    expect(outcome(answer)).toEqual([403, 'FORBIDDEN']);
    expect(answer.body.error.details).toEqual([{ field: 'permission', reason: 'member.invite' }]);
    const eve = town.stranger(await town.person('Eve'));
    expect(outcome(await eve.post(invitePath(acme), wish(acme, 'x@example.com')))).toEqual([
      404,
      'ORGANIZATION_NOT_FOUND',
    ]);
  });

  it('grants no more than the inviter holds', async () => {
    const acme = await found();
    const { person, roleId } = await inviterIn(acme);
    const inviter = await town.member(person, acme.id);
    const as = (role_id: number) =>
      inviter.post(invitePath(acme), wish(acme, 'accomplice@example.com', { role_id }));
    expect(outcome(await as(acme.roles.Admin))).toEqual([403, 'FORBIDDEN']);
    const developer = await as(acme.roles.Developer);
    expect(outcome(developer)).toEqual([403, 'FORBIDDEN']);
    expect(developer.body.error.details).toContainEqual({ field: 'permission', reason: 'query.execute' });
    expect((await as(roleId)).status).toBe(201);
  });

  it('keeps "*" for administrators, whatever else a role holds', async () => {
    const acme = await found();
    const { person } = await inviterIn(acme, ['*']);
    const inviter = await town.member(person, acme.id);
    const answer = await inviter.post(
      invitePath(acme),
      wish(acme, 'x@example.com', { role_id: acme.roles.Admin }),
    );
    expect(outcome(answer)).toEqual([403, 'FORBIDDEN']);
  });

  it('invites nobody twice, and no member', async () => {
    const acme = await found();
    const bob = await town.person('Bob');
    await town.join(acme, bob);
    expect(outcome(await invite(acme, bob.email.toUpperCase()))).toEqual([409, 'ALREADY_MEMBER']);
    await invite(acme, 'twice@example.com');
    expect(outcome(await invite(acme, 'TWICE@example.com'))).toEqual([409, 'INVITATION_ALREADY_EXISTS']);
    const both = await Promise.all([invite(acme, 'race@example.com'), invite(acme, 'race@example.com')]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('invites anew once the first invitation has lapsed', async () => {
    const acme = await found();
    const first = await invited(acme, 'late@example.com');
    await lapse(first.id);
    const second = await invite(acme, 'late@example.com');
    expect(second.status).toBe(201);
    expect(outcome(await town.nobody.get(`${PATH}/${first.token}`))).toEqual([410, 'INVITATION_EXPIRED']);
    expect(await town.audited(acme.id)).toContain('invitation.expired');
  });

  it('keeps to the seats of the plan, also when many invite at once', async () => {
    const acme = await found();
    await town.sql("update organization.organizations set plan = 'professional' where id = ?", [acme.id]);
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd', 'e'].map(name => invite(acme, `${name}.${acme.id}@example.com`)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    for (const answer of answers.filter(({ status }) => status !== 201))
      expect(outcome(answer)).toEqual([403, 'PLAN_LIMIT_EXCEEDED']);
    const given = answers.find(({ status }) => status === 201)!.body.data.invitation;
    await (await town.member(ada, acme.id)).delete(`${PATH}/${given.id}`);
    expect((await invite(acme, `f.${acme.id}@example.com`)).status).toBe(201);
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
    const organizations = [await found(), await found()];
    const statuses: number[] = [];
    for (let turn = 0; turn < 21; turn++) {
      const acme = organizations[turn % 2]!;
      const answer = await invite(acme, 'bombed@example.com');
      statuses.push(answer.status);
      if (answer.status === 201)
        await (await town.member(ada, acme.id)).delete(`${PATH}/${answer.body.data.invitation.id}`);
      else expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(statuses).toEqual([...Array(20).fill(201), 429]);
  });

  it('sends one mail for one idempotency key', async () => {
    const acme = await found();
    const admin = await town.member(ada, acme.id);
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

describe('previewing', () => {
  it('shows everybody who has the token what accepting would give, and changes nothing', async () => {
    const acme = await town.found(ada, 'Preview Inc');
    const { token } = await invited(acme, 'preview@example.com', { message: 'Hello' });
    for (const _ of [1, 2]) {
      const answer = await town.nobody.get(`${PATH}/${token}`);
      expect(answer.body.data).toEqual({
        invitation: {
          email: 'preview@example.com',
          organization: { id: acme.id, name: 'Preview Inc' },
          workspace: { id: acme.workspaceId, name: 'Main Workspace' },
          role: { id: acme.roles.Viewer, name: 'Viewer' },
          invited_by: { display_name: 'Ada' },
          message: 'Hello',
          status: 'pending',
          expires_at: expect.stringMatching(/Z$/),
        },
        message: 'Invitation retrieved successfully',
      });
    }
  });

  it.each(['nonsense', '1', 'A'.repeat(43), '%27%20or%201=1', '%F0%9F%98%80'])(
    'knows no token %s',
    async token => {
      expect(outcome(await town.nobody.get(`${PATH}/${token}`))).toEqual([404, 'INVITATION_NOT_FOUND']);
    },
  );

  it('does not take the stored hash for a token', async () => {
    const acme = await found();
    const { id } = await invited(acme, 'hash@example.com');
    const [row] = await town.sql<{ token_hash: string }>(
      'select token_hash from organization.invitations where id = ?',
      [id],
    );
    expect((await town.nobody.get(`${PATH}/${row!.token_hash}`)).status).toBe(404);
  });
});

describe('accepting', () => {
  const accept = async (person: Person, token: string) =>
    await town.stranger(person).post(`${PATH}/${token}/accept`);

  it('gives membership, role and workspace in one step', async () => {
    const acme = await found();
    const bob = await town.person('Bob');
    const { id, token } = await invited(acme, bob.email, { role_id: acme.roles.Developer });
    const answer = await accept(bob, token);
    expect(answer.body).toEqual({
      success: true,
      message: 'Invitation accepted successfully',
      data: {
        invitation: { id, status: 'accepted' },
        organization: { id: acme.id, name: `Organization ${count}` },
        workspace: { id: acme.workspaceId, name: 'Main Workspace', slug: 'main-workspace' },
        role: { id: acme.roles.Developer, name: 'Developer' },
        message: 'Invitation accepted successfully',
      },
    });
    const member = (
      await (await town.member(ada, acme.id)).get(`/api/v1/organizations/${acme.id}/members/${bob.userId}`)
    ).body.data.member;
    expect(member).toMatchObject({
      source: 'invitation',
      role: { name: 'Developer' },
      workspaces: [{ id: acme.workspaceId, role: { name: 'Developer' } }],
    });
    expect(await town.audited(acme.id)).toEqual(
      expect.arrayContaining(['invitation.accepted', 'member.added']),
    );
    expect(outcome(await accept(bob, token))).toEqual([409, 'INVITATION_ALREADY_ACCEPTED']);
    expect(outcome(await town.nobody.get(`${PATH}/${token}`))).toEqual([409, 'INVITATION_ALREADY_ACCEPTED']);
  });

  it('makes an administrator of who is invited as Admin', async () => {
    const acme = await found();
    const bob = await town.person('Bob');
    await town.join(acme, bob, acme.roles.Admin);
    const { body } = await (await town.member(bob, acme.id)).get('/api/v1/organizations');
    expect(body.data.organizations).toContainEqual(expect.objectContaining({ id: acme.id, is_admin: true }));
  });

  it('gives one membership to two accepts at once', async () => {
    const acme = await found();
    const bob = await town.person('Bob');
    const { token } = await invited(acme, bob.email);
    const answers = await Promise.all([1, 2, 3, 4].map(() => accept(bob, token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    const [row] = await town.sql(
      `select (select count(*) from organization.memberships where organization_id = :id and user_id = :user)::int as members,
        (select count(*) from organization.audit_log where organization_id = :id and action = 'member.added')::int as added`
        .replaceAll(':id', String(acme.id))
        .replaceAll(':user', String(bob.userId)),
    );
    expect(row).toEqual({ members: 1, added: 2 });
  });

  it('is for the invited, verified address', async () => {
    const acme = await found();
    const eve = await town.person('Eve');
    const { token } = await invited(acme, 'somebody.else@example.com');
    expect(outcome(await accept(eve, token))).toEqual([403, 'INVITATION_EMAIL_MISMATCH']);
    await town.sql("update organization.people set email = 'somebody.else@example.com' where user_id = ?", [
      eve.userId,
    ]);
    expect(outcome(await accept(eve, token))).toEqual([403, 'INVITATION_EMAIL_MISMATCH']);
    expect((await town.nobody.get(`${PATH}/${token}`)).status).toBe(200);
  });

  it('takes a session, and someone signed in', async () => {
    const acme = await found();
    const bob = await town.person('Bob');
    const { token } = await invited(acme, bob.email);
    expect((await town.nobody.post(`${PATH}/${token}/accept`)).status).toBe(401);
    const byToken = town.service.as(signedIn({ userId: bob.userId, sessionId: null }));
    expect(outcome(await byToken.post(`${PATH}/${token}/accept`))).toEqual([403, 'FORBIDDEN']);
    expect(
      (await town.stranger(bob).post(`${PATH}/${token}/accept`, { role_id: acme.roles.Admin })).status,
    ).toBe(422);
  });

  it('asks an account that has not arrived here yet to come back', async () => {
    const acme = await found();
    const { token } = await invited(acme, 'ghost@example.com');
    const ghost = { userId: 777_777, email: 'ghost@example.com', name: 'Ghost' };
    expect(outcome(await accept(ghost, token))).toEqual([503, 'UPSTREAM_UNAVAILABLE']);
  });

  it('refuses what has lapsed or was revoked', async () => {
    const acme = await found();
    const bob = await town.person('Bob');
    const { id, token } = await invited(acme, bob.email);
    await lapse(id);
    expect(outcome(await accept(bob, token))).toEqual([410, 'INVITATION_EXPIRED']);
    const again = await invited(acme, bob.email);
    await (await town.member(ada, acme.id)).delete(`${PATH}/${again.id}`);
    expect(outcome(await accept(bob, again.token))).toEqual([410, 'INVITATION_REVOKED']);
    expect(outcome(await accept(bob, 'no-such-token'))).toEqual([404, 'INVITATION_NOT_FOUND']);
  });

  it('refuses when workspace or role are gone', async () => {
    const acme = await found();
    const bob = await town.person('Bob');
    const { id, token } = await invited(acme, bob.email);
    await town.sql('update organization.invitations set workspace_id = null where id = ?', [id]);
    expect(outcome(await accept(bob, token))).toEqual([410, 'INVITATION_EXPIRED']);
    expect(outcome(await town.nobody.get(`${PATH}/${token}`))).toEqual([410, 'INVITATION_EXPIRED']);
  });

  it('brings no suspended member back', async () => {
    const acme = await found();
    const bob = await town.person('Bob');
    const { token } = await invited(acme, bob.email);
    await town.sql(
      "insert into organization.memberships (organization_id, user_id, status, source) values (?, ?, 'suspended', 'admin')",
      [acme.id, bob.userId],
    );
    expect(outcome(await accept(bob, token))).toEqual([409, 'ALREADY_MEMBER']);
  });

  it('refuses when the plan has no seat left', async () => {
    const acme = await found();
    const bob = await town.person('Bob');
    const { token } = await invited(acme, bob.email);
    await town.sql("update organization.organizations set plan = 'individual' where id = ?", [acme.id]);
    expect(outcome(await accept(bob, token))).toEqual([403, 'PLAN_LIMIT_EXCEEDED']);
  });
});

describe('listing', () => {
  it('shows what the caller may see, newest first, never a token', async () => {
    const [acme, other] = [await found(), await found()];
    const first = await invited(acme, 'one@example.com');
    const second = await invited(acme, 'two@example.com', { role_id: acme.roles.Developer });
    await invited(other, 'three@example.com');
    await lapse(first.id);
    const { person } = await inviterIn(acme);
    // Whichever organization is active: the permission counts where it is held.
    const inviter = town.stranger(person);
    const { body, text } = await inviter.get(`${PATH}?organization_id=${acme.id}`);
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
      (await inviter.get(`${PATH}?organization_id=${acme.id}&status=${status}`)).body.data.total_count;
    expect(await Promise.all(['pending', 'accepted', 'expired', 'revoked'].map(statuses))).toEqual([
      1, 1, 1, 0,
    ]);
    expect((await inviter.get(`${PATH}?organization_id=${other.id}`)).body.data.invitations).toEqual([]);
    expect(
      (await inviter.get(PATH)).body.data.invitations.map(
        (row: { organization: { id: number } }) => row.organization.id,
      ),
    ).not.toContain(other.id);
  });

  it('is refused to whoever may invite nowhere', async () => {
    const acme = await found();
    const bob = await town.person('Bob');
    await town.join(acme, bob, acme.roles.Developer);
    // The personal organization gives every person the right; without it there is none.
    await town.sql('delete from organization.memberships where user_id = ? and is_admin', [bob.userId]);
    expect(outcome(await town.stranger(bob).get(PATH))).toEqual([403, 'FORBIDDEN']);
  });
});

describe('revoking', () => {
  it('stops the token at once and is told to nobody twice', async () => {
    const acme = await found();
    const { id, token } = await invited(acme, 'revoked@example.com');
    const admin = await town.member(ada, acme.id);
    const answer = await admin.delete(`${PATH}/${id}`);
    expect(answer.body.data.invitation).toMatchObject({
      id,
      status: 'revoked',
      email: 'revoked@example.com',
    });
    expect(outcome(await town.nobody.get(`${PATH}/${token}`))).toEqual([410, 'INVITATION_REVOKED']);
    expect(outcome(await admin.delete(`${PATH}/${id}`))).toEqual([410, 'INVITATION_REVOKED']);
    expect(await town.audited(acme.id)).toContain('invitation.revoked');
  });

  it('takes member.invite in the organization of the invitation, whichever is active', async () => {
    const acme = await found();
    const { id } = await invited(acme, 'guarded@example.com');
    const bob = await town.person('Bob');
    await town.join(acme, bob, acme.roles.Developer);
    expect(outcome(await town.stranger(bob).delete(`${PATH}/${id}`))).toEqual([403, 'FORBIDDEN']);
    const eve = await town.person('Eve');
    expect(outcome(await town.stranger(eve).delete(`${PATH}/${id}`))).toEqual([404, 'INVITATION_NOT_FOUND']);
    const { person } = await inviterIn(acme);
    expect((await town.stranger(person).delete(`${PATH}/${id}`)).status).toBe(200);
  });

  it('lets a system administrator revoke any', async () => {
    const acme = await found();
    const { id } = await invited(acme, 'platform@example.com');
    const root = town.systemAdministrator(await town.person('Root'));
    expect((await root.delete(`${PATH}/${id}`)).status).toBe(200);
    expect(await town.audited(acme.id)).toContain('invitation.revoked');
  });

  it('refuses what is accepted, has lapsed, or does not exist', async () => {
    const acme = await found();
    const bob = await town.person('Bob');
    const accepted = await invited(acme, bob.email);
    await town.stranger(bob).post(`${PATH}/${accepted.token}/accept`);
    const admin = await town.member(ada, acme.id);
    expect(outcome(await admin.delete(`${PATH}/${accepted.id}`))).toEqual([
      409,
      'INVITATION_ALREADY_ACCEPTED',
    ]);
    const lapsed = await invited(acme, 'lapsed@example.com');
    await lapse(lapsed.id);
    expect(outcome(await admin.delete(`${PATH}/${lapsed.id}`))).toEqual([410, 'INVITATION_EXPIRED']);
    expect(outcome(await admin.delete(`${PATH}/987654321`))).toEqual([404, 'INVITATION_NOT_FOUND']);
    for (const id of ['0', '-1', '1e3', '99999999999999999999', 'abc'])
      expect((await admin.delete(`${PATH}/${id}`)).status).toBe(422);
  });

  it('lets either the acceptance or the revocation win', async () => {
    const acme = await found();
    const bob = await town.person('Bob');
    const { id, token } = await invited(acme, bob.email);
    const admin = await town.member(ada, acme.id);
    const [accepted, revoked] = await Promise.all([
      town.stranger(bob).post(`${PATH}/${token}/accept`),
      admin.delete(`${PATH}/${id}`),
    ]);
    expect([accepted.status, revoked.status].sort()).toSatisfy(
      ([first, second]: number[]) => first === 200 && (second === 409 || second === 410),
    );
  });
});
