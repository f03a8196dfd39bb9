import { eventually, signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, startTown, type Town, verify } from '../testing/town.ts';
import { takeBackAbandoned } from './provisional-administrators.ts';

let town: Town;
let ada: Person;
beforeAll(async () => {
  town = await startTown();
  ada = await town.person('Ada');
});
afterAll(async () => await town?.stop());

const PATH = '/api/v1/organizations';
let count = 0;
const newcomer = (more: object = {}) => ({
  name: `Newcomer ${++count}`,
  admin_email: `Root${count}@Newcomer.example`,
  admin_password: 'Correct-Horse-1',
  ...more,
});

describe('creating an organization', () => {
  describe('201', () => {
    it('makes a signed-in user its administrator, with all that belongs to it', async () => {
      const answer = await town.stranger(ada).post(PATH, { name: '  Acme Corporation ', domain: 'ACME.com' });
      expect(answer.status).toBe(201);
      const { organization, workspace, user } = answer.body.data;
      expect(answer.body).toEqual({
        success: true,
        message: 'Organization created successfully',
        data: {
          organization: {
            id: expect.any(Number),
            name: 'Acme Corporation',
            domain: 'acme.com',
            plan: 'enterprise',
          },
          workspace: { id: expect.any(Number), name: 'Main Workspace', slug: 'main-workspace' },
          user: { id: ada.userId, email: ada.email, display_name: 'Ada' },
          message: 'Organization created successfully',
        },
      });
      const admin = await town.member(ada, organization.id);
      const { body } = await admin.get(`${PATH}/${organization.id}/members/${user.id}`);
      expect(body.data.member).toMatchObject({
        is_admin: true,
        role: { name: 'Admin' },
        workspaces: [{ id: workspace.id, role: { name: 'Admin' } }],
      });
      expect(await town.audited(organization.id)).toContain('organization.created');
    });

    it('makes an account for an administrator who is new', async () => {
      const answer = await town.nobody.post(PATH, newcomer({ workspace_name: 'Bienvenue à tous' }));
      expect(answer.status).toBe(201);
      const { user, workspace } = answer.body.data;
      expect(user).toMatchObject({
        email: expect.stringMatching(/^root\d+@newcomer.example$/),
        display_name: expect.stringMatching(/^root/),
      });
      expect(workspace.slug).toBe('bienvenue-a-tous');
      expect(town.identity.accounts.has(user.id)).toBe(true);
      expect(await town.sql('select * from organization.provisional_administrators')).toEqual([]);
    });

    it('applies the settings at once', async () => {
      const { id } = await town.found(ada, 'Settled', { settings: { invitations: { expiry_days: 2 } } });
      const answer = await (await town.member(ada, id)).get(`${PATH}/${id}/settings`);
      expect(answer.body.data.settings.invitations.expiry_days).toBe(2);
    });

    it('mails the invitations of a verified administrator at once', async () => {
      await town.found(ada, 'Inviting', {
        invitations: [{ email: 'First@Guest.example', role: 'Developer' }],
      });
      const mail = await town.service.mail.nth('first@guest.example', 1);
      expect(mail.subject).toBe('Ada invites you to Inviting');
    });

    it('holds the invitations back until the new administrator has verified the address', async () => {
      const body = newcomer({ invitations: [{ email: 'second@guest.example', message: 'Welcome!' }] });
      const { data } = (await town.nobody.post(PATH, body)).body;
      const root = { userId: data.user.id, email: data.user.email, name: 'Root' };
      const admin = await town.member(root, data.organization.id);
      const waiting = await admin.get(`/api/v1/invitations?organization_id=${data.organization.id}`);
      expect(waiting.body.data.invitations).toMatchObject([
        { email: 'second@guest.example', status: 'pending' },
      ]);
      expect(town.service.mail.to('second@guest.example')).toEqual([]);

      await verify(town, root);
      const mail = await town.service.mail.nth('second@guest.example', 1);
      expect(mail.text).toContain('Welcome!');
      const token = /invitations\/([\w-]{43})/.exec(mail.text)?.[1];
      expect((await town.nobody.get(`/api/v1/invitations/${token}`)).status).toBe(200);
      expect(await town.audited(data.organization.id)).toEqual(
        expect.arrayContaining(['invitation.prepared', 'invitation.sent']),
      );
    });

    it('mails an invitation once, whenever the verification arrives', async () => {
      for (let round = 0; round < 5; round++) {
        const email = `raced${round}@guest.example`;
        // Identity's next account has the next id: its verification is under way while the organization is made.
        const userId = Math.max(1000, ...town.identity.accounts.keys(), ...town.identity.withdrawn) + 1;
        const body = newcomer({ invitations: [{ email }] });
        const root = { userId, email: body.admin_email.toLowerCase(), name: 'Root' };
        const [answer] = await Promise.all([town.nobody.post(PATH, body), verify(town, root)]);
        expect(answer.body.data.user.id).toBe(userId);
        await town.service.mail.nth(email, 1);
        expect(town.service.mail.to(email)).toHaveLength(1);
      }
    });

    it('serves more newcomers at once than there are connections', async () => {
      const answers = await Promise.all(Array.from({ length: 30 }, () => town.nobody.post(PATH, newcomer())));
      expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(201));
    });

    it('gives the same answer for the same key, by header or field, and makes nothing twice', async () => {
      const body = newcomer({ idempotency_key: 'the same' });
      const [first, second] = [await town.nobody.post(PATH, body), await town.nobody.post(PATH, body)];
      expect(second.status).toBe(201);
      expect(second.body).toEqual(first.body);
      const other = await town.nobody.post(PATH, { ...body, name: 'Another name' });
      expect([other.status, other.body.error.code]).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
    });
  });

  describe('409', () => {
    it('refuses a name that is taken, in whatever case, and makes no account for it', async () => {
      await town.found(ada, 'Éclair  House');
      const before = town.identity.accounts.size;
      const answer = await town.nobody.post(PATH, newcomer({ name: 'éclair house' }));
      expect([answer.status, answer.body.error.code]).toEqual([409, 'ORGANIZATION_ALREADY_EXISTS']);
      expect(town.identity.accounts.size).toBe(before);
    });

    it('lets one of two win who want the same name at once, and takes back the account of the other', async () => {
      const bodies = [1, 2, 3].map(() => newcomer({ name: 'Wanted by all' }));
      const answers = await Promise.all(bodies.map(body => town.nobody.post(PATH, body)));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
      const held = [...town.identity.accounts.values()].map(({ email }) => email);
      expect(bodies.filter(({ admin_email }) => held.includes(admin_email.toLowerCase()))).toHaveLength(1);
      expect(await town.sql('select * from organization.provisional_administrators')).toEqual([]);
    });

    it('refuses an address that has an account', async () => {
      const { admin_email } = newcomer();
      await town.nobody.post(PATH, newcomer({ admin_email }));
      const answer = await town.nobody.post(PATH, newcomer({ admin_email }));
      expect([answer.status, answer.body.error.code]).toEqual([409, 'EMAIL_TAKEN']);
    });
  });

  describe('422', () => {
    const refusal = async (caller: { post: Town['nobody']['post'] }, body: object) => {
      const answer = await caller.post(PATH, body);
      expect(answer.status, answer.text).toBe(422);
      return answer.body.error.details.map(({ field }: { field: string }) => field);
    };

    it('wants address and password without a bearer token, and no password with one', async () => {
      expect(await refusal(town.nobody, { name: 'X' })).toEqual(['body.admin_email', 'body.admin_password']);
      const body = { name: 'X', admin_password: 'Correct-Horse-1' };
      expect(await refusal(town.stranger(ada), body)).toEqual(['body.admin_password']);
    });

    it("takes the caller's own verified addresses only", async () => {
      const body = { name: 'X', admin_email: 'someone.else@example.com' };
      expect(await refusal(town.stranger(ada), body)).toEqual(['body.admin_email']);
    });

    it.each([
      [{ name: '' }, 'body.name'],
      [{ name: 'a\r\nBcc: all@example.com' }, 'body.name'],
      [{ name: 'nul\u0000' }, 'body.name'],
      [{ name: 'x'.repeat(101) }, 'body.name'],
      [{ domain: 'not a domain' }, 'body.domain'],
      [{ settings: { tokens: { access_token_minutes: 61 } } }, 'body.settings.tokens.access_token_minutes'],
      [{ settings: { unknown: 1 } }, 'body.settings.unknown'],
      [{ settings: { workspaces: { default_role_id: 1 } } }, 'body.settings.workspaces.default_role_id'],
      [{ invitations: [{ email: 'a@b.example', role: 'Owner' }] }, 'body.invitations.0.role'],
      [{ plan: 'enterprise' }, 'body.plan'],
    ])('refuses %j', async (more, field) => {
      expect(new Set(await refusal(town.nobody, newcomer(more)))).toEqual(new Set([field]));
    });

    it('refuses an address that is invited twice, leaving nothing behind', async () => {
      const twice = [{ email: 'same@guest.example' }, { email: 'SAME@guest.example' }];
      const before = town.identity.accounts.size;
      expect(await refusal(town.nobody, newcomer({ invitations: twice }))).toEqual([
        'body.invitations.1.email',
      ]);
      expect(town.identity.accounts.size).toBe(before);
    });
  });

  describe('503', () => {
    it('takes an account back later when identity cannot do it now', async () => {
      town.identity.refusesToWithdraw = true;
      const twice = [{ email: 'a@guest.example' }, { email: 'a@guest.example' }];
      await town.nobody.post(PATH, newcomer({ invitations: twice }));
      const [left] = await town.sql('select user_id::int from organization.provisional_administrators');
      expect(town.identity.accounts.has(left!.user_id!)).toBe(true);

      town.identity.refusesToWithdraw = false;
      await town.sql(
        "update organization.provisional_administrators set created_at = now() - interval '1 hour'",
      );
      // The breaker lets nobody through for a second after it opened.
      await eventually(async () => {
        await takeBackAbandoned.run(town.service.resources);
        return true;
      });
      expect(town.identity.withdrawn).toContain(left!.user_id);
      expect(await town.sql('select * from organization.provisional_administrators')).toEqual([]);
    });
  });
});

describe('reading organizations', () => {
  it('lists those of the caller by name, the personal one included', async () => {
    const bob = await town.person('Bob');
    await town.found(bob, 'Zebra');
    await town.found(bob, 'aardvark');
    const { body } = await town.stranger(bob).get(PATH);
    expect(body.data.total_count).toBe(3);
    expect(body.data.organizations.map(({ name }: { name: string }) => name)).toEqual([
      'aardvark',
      "Bob's organization",
      'Zebra',
    ]);
    expect(body.data.organizations[0]).toMatchObject({ is_admin: true, plan: 'enterprise', domain: null });
    const page = await town.stranger(bob).get(`${PATH}?skip=1&limit=1`);
    expect(page.body.data).toMatchObject({ organizations: [{ plan: 'individual' }], total_count: 3 });
  });

  it('shows one to its members and to system administrators, to nobody else', async () => {
    const { id } = await town.found(ada, 'Shown');
    const eve = await town.person('Eve');
    expect((await (await town.member(ada, id)).get(`${PATH}/${id}`)).body.data.organization).toEqual({
      id,
      name: 'Shown',
      domain: null,
      plan: 'enterprise',
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect((await town.systemAdministrator(eve).get(`${PATH}/${id}`)).status).toBe(200);
    for (const path of [`${PATH}/${id}`, `${PATH}/999999999`]) {
      const answer = await town.stranger(eve).get(path);
      expect([answer.status, answer.body.error.code]).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
    }
    expect((await town.systemAdministrator(eve).get(`${PATH}/999999999`)).status).toBe(404);
    expect((await town.nobody.get(`${PATH}/${id}`)).status).toBe(401);
  });
});

describe('changing an organization', () => {
  it('changes name and domain, and null clears the domain', async () => {
    const { id } = await town.found(ada, 'Before', { domain: 'before.example' });
    const admin = await town.member(ada, id);
    const renamed = await admin.patch(`${PATH}/${id}`, { name: 'After' });
    expect(renamed.body.data.organization).toEqual({ id, name: 'After', domain: 'before.example' });
    const cleared = await admin.patch(`${PATH}/${id}`, { domain: null });
    expect(cleared.body.data.organization).toEqual({ id, name: 'After', domain: null });
    const audited = await town.audited(id);
    expect(audited.filter(action => action === 'organization.updated')).toHaveLength(2);
    await admin.patch(`${PATH}/${id}`, { name: 'After' });
    expect(await town.audited(id)).toEqual(audited);
  });

  it('lets it change the case of its own name, and take no other’s', async () => {
    const { id } = await town.found(ada, 'mixed case');
    await town.found(ada, 'Occupied');
    const admin = await town.member(ada, id);
    expect((await admin.patch(`${PATH}/${id}`, { name: 'Mixed Case' })).status).toBe(200);
    const taken = await admin.patch(`${PATH}/${id}`, { name: 'OCCUPIED' });
    expect([taken.status, taken.body.error.code]).toEqual([409, 'ORGANIZATION_ALREADY_EXISTS']);
  });

  it('is for administrators', async () => {
    const founded = await town.found(ada, 'Guarded');
    const bob = await town.person('Bob');
    await town.join(founded, bob, founded.roles.Developer);
    const answer = await (await town.member(bob, founded.id)).patch(`${PATH}/${founded.id}`, {
      name: 'Mine',
    });
    expect([answer.status, answer.body.error.code]).toEqual([403, 'FORBIDDEN']);
  });
});

describe('switching', () => {
  it('answers tokens for the organization and its default workspace', async () => {
    const { id, workspaceId } = await town.found(ada, 'Switched');
    const answer = await (await town.member(ada, id)).post(`${PATH}/${id}/switch`);
    expect(answer.body.data).toMatchObject({
      access_token: `access ${ada.userId} ${id} ${workspaceId}`,
      token_type: 'bearer',
      organization: { id, name: 'Switched' },
      workspace: { id: workspaceId, slug: 'main-workspace' },
    });
    expect(await town.audited(id)).toContain('organization.switched');
  });

  it('finds no organization for a stranger, not even one who administers the platform', async () => {
    const { id } = await town.found(ada, 'Unswitched');
    const eve = await town.person('Eve');
    expect((await town.stranger(eve).post(`${PATH}/${id}/switch`)).status).toBe(404);
    expect((await town.systemAdministrator(eve).post(`${PATH}/${id}/switch`)).status).toBe(404);
  });

  it('takes a workspace of the organization only', async () => {
    const [here, there] = [await town.found(ada, 'Here'), await town.found(ada, 'There')];
    const admin = await town.member(ada, here.id);
    const answer = await admin.post(`${PATH}/${here.id}/switch`, { workspace_id: there.workspaceId });
    expect([answer.status, answer.body.error.code]).toEqual([404, 'WORKSPACE_NOT_FOUND']);
  });

  it('takes a session that goes on', async () => {
    const { id } = await town.found(ada, 'Sessions');
    const withoutSession = town.service.as(
      signedIn({ userId: ada.userId, sessionId: null, organizationId: id, isMember: true }),
    );
    expect((await withoutSession.post(`${PATH}/${id}/switch`)).status).toBe(403);
    const bob = await town.person('Bob');
    const { id: other } = await town.found(bob, 'Ended session');
    town.identity.ended.add(bob.userId);
    expect((await (await town.member(bob, other)).post(`${PATH}/${other}/switch`)).status).toBe(401);
  });
});
