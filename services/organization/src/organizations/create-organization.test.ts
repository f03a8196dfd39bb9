import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
  verify,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let ada: Person;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  ada = await service.person('Ada');
});
afterAll(async () => await service?.stop());

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
      const answer = await service
        .stranger(ada)
        .post(PATH, { name: '  Acme Corporation ', domain: 'ACME.com' });
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
      const admin = await service.member(ada, organization.id);
      const { body } = await admin.get(`${PATH}/${organization.id}/members/${user.id}`);
      expect(body.data.member).toMatchObject({
        is_admin: true,
        role: { name: 'Admin' },
        workspaces: [{ id: workspace.id, role: { name: 'Admin' } }],
      });
      expect(await service.audited(organization.id)).toContain('organization.created');
    });

    it('makes an account for an administrator who is new', async () => {
      const answer = await service.nobody.post(PATH, newcomer({ workspace_name: 'Bienvenue à tous' }));
      expect(answer.status).toBe(201);
      const { user, workspace } = answer.body.data;
      expect(user).toMatchObject({
        email: expect.stringMatching(/^root\d+@newcomer.example$/),
        display_name: expect.stringMatching(/^root/),
      });
      expect(workspace.slug).toBe('bienvenue-a-tous');
      expect(service.identity.accounts.has(user.id)).toBe(true);
      expect(await service.sql('select * from organization.provisional_administrators')).toEqual([]);
    });

    it('applies the settings at once', async () => {
      const { id } = await service.found(ada, 'Settled', { settings: { invitations: { expiry_days: 2 } } });
      const answer = await (await service.member(ada, id)).get(`${PATH}/${id}/settings`);
      expect(answer.body.data.settings.invitations.expiry_days).toBe(2);
    });

    it('mails the invitations of a verified administrator at once', async () => {
      await service.found(ada, 'Inviting', {
        invitations: [{ email: 'First@Guest.example', role: 'Developer' }],
      });
      const mail = await service.mail.nth('first@guest.example', 1);
      expect(mail.subject).toBe('Ada invites you to Inviting');
    });

    it('holds the invitations back until the new administrator has verified the address', async () => {
      const body = newcomer({ invitations: [{ email: 'second@guest.example', message: 'Welcome!' }] });
      const { data } = (await service.nobody.post(PATH, body)).body;
      const root = { userId: data.user.id, email: data.user.email, name: 'Root' };
      const admin = await service.member(root, data.organization.id);
      const waiting = await admin.get(`/api/v1/invitations?organization_id=${data.organization.id}`);
      expect(waiting.body.data.invitations).toMatchObject([
        { email: 'second@guest.example', status: 'pending' },
      ]);
      expect(service.mail.to('second@guest.example')).toEqual([]);

      await verify(service, root);
      const mail = await service.mail.nth('second@guest.example', 1);
      expect(mail.text).toContain('Welcome!');
      const token = /invitations\/([\w-]{43})/.exec(mail.text)?.[1];
      expect((await service.nobody.get(`/api/v1/invitations/${token}`)).status).toBe(200);
      expect(await service.audited(data.organization.id)).toEqual(
        expect.arrayContaining(['invitation.prepared', 'invitation.sent']),
      );
    });

    it('mails an invitation once, whenever the verification arrives', async () => {
      for (let round = 0; round < 5; round++) {
        const email = `raced${round}@guest.example`;
        // The verification is under way while the organization is made.
        const userId = service.identity.nextUserId();
        const body = newcomer({ invitations: [{ email }] });
        const root = { userId, email: body.admin_email.toLowerCase(), name: 'Root' };
        const [answer] = await Promise.all([service.nobody.post(PATH, body), verify(service, root)]);
        expect(answer.body.data.user.id).toBe(userId);
        await service.mail.nth(email, 1);
        expect(service.mail.to(email)).toHaveLength(1);
      }
    });

    it('serves more newcomers at once than there are connections', async () => {
      const answers = await Promise.all(
        Array.from({ length: 30 }, () => service.nobody.post(PATH, newcomer())),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array(30).fill(201));
    });

    it('gives the same answer for the same key, by header or field, and makes nothing twice', async () => {
      const body = newcomer({ idempotency_key: 'the same' });
      const [first, second] = [await service.nobody.post(PATH, body), await service.nobody.post(PATH, body)];
      expect(second.status).toBe(201);
      expect(second.body).toEqual(first.body);
      const other = await service.nobody.post(PATH, { ...body, name: 'Another name' });
      expect([other.status, other.body.error.code]).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
    });
  });

  describe('409', () => {
    it('refuses a name that is taken, in whatever case, and makes no account for it', async () => {
      await service.found(ada, 'Éclair  House');
      const before = service.identity.accounts.size;
      const answer = await service.nobody.post(PATH, newcomer({ name: 'éclair house' }));
      expect([answer.status, answer.body.error.code]).toEqual([409, 'ORGANIZATION_ALREADY_EXISTS']);
      expect(service.identity.accounts.size).toBe(before);
    });

    it.each([
      ['Paypal', 'PaypaI'],
      ['Bank of Example', 'Вank of Example'],
      ['Example Modern', 'Ехample Modern'],
      ["Apostrophe's", 'Apostrophe’s'],
    ])('refuses a name that looks like another: %s and %s', async (name, lookAlike) => {
      await service.found(ada, name);
      const answer = await service.stranger(ada).post(PATH, { name: lookAlike });
      expect([answer.status, answer.body.error.code]).toEqual([409, 'ORGANIZATION_ALREADY_EXISTS']);
      const { id } = await service.found(ada, `Plain ${++count}`);
      const renamed = await (await service.member(ada, id)).patch(`${PATH}/${id}`, { name: lookAlike });
      expect([renamed.status, renamed.body.error.code]).toEqual([409, 'ORGANIZATION_ALREADY_EXISTS']);
    });

    it('lets one of two win who want the same name at once, and takes back the account of the other', async () => {
      const bodies = [1, 2, 3].map(() => newcomer({ name: 'Wanted by all' }));
      const answers = await Promise.all(bodies.map(body => service.nobody.post(PATH, body)));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
      const held = [...service.identity.accounts.values()].map(({ email }) => email);
      expect(bodies.filter(({ admin_email }) => held.includes(admin_email.toLowerCase()))).toHaveLength(1);
      expect(await service.sql('select * from organization.provisional_administrators')).toEqual([]);
    });

    it('refuses an address that has an account', async () => {
      const { admin_email } = newcomer();
      await service.nobody.post(PATH, newcomer({ admin_email }));
      const answer = await service.nobody.post(PATH, newcomer({ admin_email }));
      expect([answer.status, answer.body.error.code]).toEqual([409, 'EMAIL_TAKEN']);
    });
  });

  describe('422', () => {
    const refusal = async (caller: { post: OrganizationUnderTest['nobody']['post'] }, body: object) => {
      const answer = await caller.post(PATH, body);
      expect(answer.status, answer.text).toBe(422);
      return answer.body.error.details.map(({ field }: { field: string }) => field);
    };

    it('wants address and password without a bearer token, and no password with one', async () => {
      expect(await refusal(service.nobody, { name: 'X' })).toEqual([
        'body.admin_email',
        'body.admin_password',
      ]);
      const body = { name: 'X', admin_password: 'Correct-Horse-1' };
      expect(await refusal(service.stranger(ada), body)).toEqual(['body.admin_password']);
    });

    it("takes the caller's own verified addresses only", async () => {
      const body = { name: 'X', admin_email: 'someone.else@example.com' };
      expect(await refusal(service.stranger(ada), body)).toEqual(['body.admin_email']);
    });

    it.each([
      [{ name: '' }, 'body.name'],
      [{ name: 'a\r\nBcc: all@example.com' }, 'body.name'],
      [{ name: 'nul\u0000' }, 'body.name'],
      [{ name: 'Ac\u200bme' }, 'body.name'],
      [{ name: 'Acme\u202e' }, 'body.name'],
      [{ workspace_name: 'Main\u2060' }, 'body.workspace_name'],
      [{ admin_display_name: '\u3164' }, 'body.admin_display_name'],
      [{ name: 'x'.repeat(101) }, 'body.name'],
      [{ domain: 'not a domain' }, 'body.domain'],
      [{ settings: { tokens: { access_token_minutes: 61 } } }, 'body.settings.tokens.access_token_minutes'],
      [{ settings: { unknown: 1 } }, 'body.settings.unknown'],
      [{ settings: { workspaces: { default_role_id: 1 } } }, 'body.settings.workspaces.default_role_id'],
      [{ invitations: [{ email: 'a@b.example', role: 'Owner' }] }, 'body.invitations.0.role'],
      [{ plan: 'enterprise' }, 'body.plan'],
    ])('refuses %j', async (more, field) => {
      expect(new Set(await refusal(service.nobody, newcomer(more)))).toEqual(new Set([field]));
    });

    it('refuses an address that is invited twice, leaving nothing behind', async () => {
      const twice = [{ email: 'same@guest.example' }, { email: 'SAME@guest.example' }];
      const before = service.identity.accounts.size;
      expect(await refusal(service.nobody, newcomer({ invitations: twice }))).toEqual([
        'body.invitations.1.email',
      ]);
      expect(service.identity.accounts.size).toBe(before);
    });
  });
});

describe('the limit of creating organizations', () => {
  it('is used up neither by requests of the wrong form nor by a retry, and names itself', async () => {
    const limited = await startOrganizationUnderTest({ RATE_LIMIT_ORGANIZATION_CREATION: '2/300' });
    const send = (body: object) => limited.nobody.post(PATH, body);
    const twice = [{ email: 'a@guest.example' }, { email: 'A@guest.example' }];
    const settings = { workspaces: { default_role_id: 1 } };
    for (const wrong of [{ name: '' }, { name: 'No administrator' }, newcomer({ invitations: twice })])
      expect((await send(wrong)).status).toBe(422);
    expect((await send(newcomer({ settings }))).status).toBe(422);

    const body = newcomer({ idempotency_key: 'retry' });
    for (let tries = 0; tries < 4; tries++) expect((await send(body)).status).toBe(201);
    expect((await send(newcomer())).status).toBe(201);
    const refused = await send(newcomer());
    expect([refused.status, refused.body.error.details[0].field]).toEqual([429, 'organization_creation']);
    await limited.stop();
  });
});
