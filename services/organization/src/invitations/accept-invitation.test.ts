import { signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  INVITATIONS,
  type InvitationFixture,
  invitationFixture,
  outcome,
} from '../testing/invitation-fixture.ts';
import {
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let fixture: InvitationFixture;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  fixture = await invitationFixture(service);
});
afterAll(async () => await service?.stop());

describe('previewing', () => {
  it('shows everybody who has the token what accepting would give, and changes nothing', async () => {
    const acme = await service.found(fixture.administrator, 'Preview Inc');
    const { token } = await fixture.invited(acme, 'preview@example.com', { message: 'Hello' });
    for (const _ of [1, 2]) {
      const answer = await service.nobody.get(`${INVITATIONS}/${token}`);
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
          branding: null,
        },
        message: 'Invitation retrieved successfully',
      });
    }
  });

  it.each(['nonsense', '1', 'A'.repeat(43), '%27%20or%201=1', '%F0%9F%98%80'])(
    'knows no token %s',
    async token => {
      expect(outcome(await service.nobody.get(`${INVITATIONS}/${token}`))).toEqual([
        404,
        'INVITATION_NOT_FOUND',
      ]);
    },
  );

  it('does not take the stored hash for a token', async () => {
    const acme = await fixture.found();
    const { id } = await fixture.invited(acme, 'hash@example.com');
    const [row] = await service.sql<{ token_hash: string }>(
      'select token_hash from organization.invitations where id = ?',
      [id],
    );
    expect((await service.nobody.get(`${INVITATIONS}/${row!.token_hash}`)).status).toBe(404);
  });
});

describe('accepting', () => {
  const accept = async (person: Person, token: string) =>
    await service.stranger(person).post(`${INVITATIONS}/${token}/accept`);

  it('gives membership, role and workspace in one step', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    const { id, token } = await fixture.invited(acme, bob.email, { role_id: acme.roles.Developer });
    const answer = await accept(bob, token);
    expect(answer.body).toEqual({
      success: true,
      message: 'Invitation accepted successfully',
      data: {
        invitation: { id, status: 'accepted' },
        organization: { id: acme.id, name: expect.any(String) },
        workspace: { id: acme.workspaceId, name: 'Main Workspace', slug: 'main-workspace' },
        role: { id: acme.roles.Developer, name: 'Developer' },
        message: 'Invitation accepted successfully',
      },
    });
    const member = (
      await (
        await service.member(fixture.administrator, acme.id)
      ).get(`/api/v1/organizations/${acme.id}/members/${bob.userId}`)
    ).body.data.member;
    expect(member).toMatchObject({
      source: 'invitation',
      role: { name: 'Developer' },
      workspaces: [{ id: acme.workspaceId, role: { name: 'Developer' } }],
    });
    expect(await service.audited(acme.id)).toEqual(
      expect.arrayContaining(['invitation.accepted', 'member.added']),
    );
    expect(outcome(await accept(bob, token))).toEqual([409, 'INVITATION_ALREADY_ACCEPTED']);
    expect(outcome(await service.nobody.get(`${INVITATIONS}/${token}`))).toEqual([
      409,
      'INVITATION_ALREADY_ACCEPTED',
    ]);
  });

  it('makes an administrator of who is invited as Admin', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    await service.join(acme, bob, acme.roles.Admin);
    const { body } = await (await service.member(bob, acme.id)).get('/api/v1/organizations');
    expect(body.data.organizations).toContainEqual(expect.objectContaining({ id: acme.id, is_admin: true }));
  });

  it('gives one membership to two accepts at once', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    const { token } = await fixture.invited(acme, bob.email);
    const answers = await Promise.all([1, 2, 3, 4].map(() => accept(bob, token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    const [row] = await service.sql(
      `select (select count(*) from organization.memberships where organization_id = :id and user_id = :user)::int as members,
        (select count(*) from organization.audit_log where organization_id = :id and action = 'member.added')::int as added`
        .replaceAll(':id', String(acme.id))
        .replaceAll(':user', String(bob.userId)),
    );
    expect(row).toEqual({ members: 1, added: 2 });
  });

  it('is for the invited, verified address', async () => {
    const acme = await fixture.found();
    const eve = await service.person('Eve');
    const { token } = await fixture.invited(acme, 'somebody.else@example.com');
    expect(outcome(await accept(eve, token))).toEqual([403, 'INVITATION_EMAIL_MISMATCH']);
    await service.sql(
      "update organization.people set email = 'somebody.else@example.com' where user_id = ?",
      [eve.userId],
    );
    expect(outcome(await accept(eve, token))).toEqual([403, 'INVITATION_EMAIL_MISMATCH']);
    expect((await service.nobody.get(`${INVITATIONS}/${token}`)).status).toBe(200);
  });

  it('takes a session, and someone signed in', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    const { token } = await fixture.invited(acme, bob.email);
    expect((await service.nobody.post(`${INVITATIONS}/${token}/accept`)).status).toBe(401);
    const byToken = service.as(signedIn({ userId: bob.userId, sessionId: null }));
    expect(outcome(await byToken.post(`${INVITATIONS}/${token}/accept`))).toEqual([403, 'FORBIDDEN']);
    expect(
      (await service.stranger(bob).post(`${INVITATIONS}/${token}/accept`, { role_id: acme.roles.Admin }))
        .status,
    ).toBe(422);
  });

  it('asks an account that has not arrived here yet to come back', async () => {
    const acme = await fixture.found();
    const { token } = await fixture.invited(acme, 'ghost@example.com');
    const ghost = { userId: 777_777, email: 'ghost@example.com', name: 'Ghost' };
    expect(outcome(await accept(ghost, token))).toEqual([503, 'UPSTREAM_UNAVAILABLE']);
  });

  it('refuses what has lapsed or was revoked', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    const { id, token } = await fixture.invited(acme, bob.email);
    await fixture.lapse(id);
    expect(outcome(await accept(bob, token))).toEqual([410, 'INVITATION_EXPIRED']);
    const again = await fixture.invited(acme, bob.email);
    await (await service.member(fixture.administrator, acme.id)).delete(`${INVITATIONS}/${again.id}`);
    expect(outcome(await accept(bob, again.token))).toEqual([410, 'INVITATION_REVOKED']);
    expect(outcome(await accept(bob, 'no-such-token'))).toEqual([404, 'INVITATION_NOT_FOUND']);
  });

  it('refuses when workspace or role are gone', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    const { id, token } = await fixture.invited(acme, bob.email);
    await service.sql('update organization.invitations set workspace_id = null where id = ?', [id]);
    expect(outcome(await accept(bob, token))).toEqual([410, 'INVITATION_EXPIRED']);
    expect(outcome(await service.nobody.get(`${INVITATIONS}/${token}`))).toEqual([410, 'INVITATION_EXPIRED']);
  });

  it('brings no suspended member back', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    const { token } = await fixture.invited(acme, bob.email);
    await service.sql(
      "insert into organization.memberships (organization_id, user_id, status, source) values (?, ?, 'suspended', 'admin')",
      [acme.id, bob.userId],
    );
    expect(outcome(await accept(bob, token))).toEqual([409, 'ALREADY_MEMBER']);
  });

  it('refuses when the plan has no seat left', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    const { token } = await fixture.invited(acme, bob.email);
    await service.sql("update organization.organizations set plan = 'individual' where id = ?", [acme.id]);
    expect(outcome(await accept(bob, token))).toEqual([403, 'PLAN_LIMIT_EXCEEDED']);
  });
});
