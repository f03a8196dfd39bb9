import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Host, hostIn, INVITATIONS, outcome } from '../testing/host.ts';
import { startTown, type Town } from '../testing/town.ts';

let town: Town;
let host: Host;
beforeAll(async () => {
  town = await startTown();
  host = await hostIn(town);
});
afterAll(async () => await town?.stop());

describe('listing', () => {
  it('shows what the caller may see, newest first, never a token', async () => {
    const [acme, other] = [await host.found(), await host.found()];
    const first = await host.invited(acme, 'one@example.com');
    const second = await host.invited(acme, 'two@example.com', { role_id: acme.roles.Developer });
    await host.invited(other, 'three@example.com');
    await host.lapse(first.id);
    const { person } = await host.inviterIn(acme);
    // Whichever organization is active: the permission counts where it is held.
    const inviter = town.stranger(person);
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
    const acme = await host.found();
    const bob = await town.person('Bob');
    await town.join(acme, bob, acme.roles.Developer);
    // The personal organization gives every person the right; without it there is none.
    await town.sql('delete from organization.memberships where user_id = ? and is_admin', [bob.userId]);
    expect(outcome(await town.stranger(bob).get(INVITATIONS))).toEqual([403, 'FORBIDDEN']);
  });
});

describe('revoking', () => {
  it('stops the token at once and is told to nobody twice', async () => {
    const acme = await host.found();
    const { id, token } = await host.invited(acme, 'revoked@example.com');
    const admin = await town.member(host.administrator, acme.id);
    const answer = await admin.delete(`${INVITATIONS}/${id}`);
    expect(answer.body.data.invitation).toMatchObject({
      id,
      status: 'revoked',
      email: 'revoked@example.com',
    });
    expect(outcome(await town.nobody.get(`${INVITATIONS}/${token}`))).toEqual([410, 'INVITATION_REVOKED']);
    expect(outcome(await admin.delete(`${INVITATIONS}/${id}`))).toEqual([410, 'INVITATION_REVOKED']);
    expect(await town.audited(acme.id)).toContain('invitation.revoked');
  });

  it('takes member.invite in the organization of the invitation, whichever is active', async () => {
    const acme = await host.found();
    const { id } = await host.invited(acme, 'guarded@example.com');
    const bob = await town.person('Bob');
    await town.join(acme, bob, acme.roles.Developer);
    expect(outcome(await town.stranger(bob).delete(`${INVITATIONS}/${id}`))).toEqual([403, 'FORBIDDEN']);
    const eve = await town.person('Eve');
    expect(outcome(await town.stranger(eve).delete(`${INVITATIONS}/${id}`))).toEqual([
      404,
      'INVITATION_NOT_FOUND',
    ]);
    const { person } = await host.inviterIn(acme);
    expect((await town.stranger(person).delete(`${INVITATIONS}/${id}`)).status).toBe(200);
  });

  it('lets a system administrator revoke any', async () => {
    const acme = await host.found();
    const { id } = await host.invited(acme, 'platform@example.com');
    const root = town.systemAdministrator(await town.person('Root'));
    expect((await root.delete(`${INVITATIONS}/${id}`)).status).toBe(200);
    expect(await town.audited(acme.id)).toContain('invitation.revoked');
  });

  it('refuses what is accepted, has lapsed, or does not exist', async () => {
    const acme = await host.found();
    const bob = await town.person('Bob');
    const accepted = await host.invited(acme, bob.email);
    await town.stranger(bob).post(`${INVITATIONS}/${accepted.token}/accept`);
    const admin = await town.member(host.administrator, acme.id);
    expect(outcome(await admin.delete(`${INVITATIONS}/${accepted.id}`))).toEqual([
      409,
      'INVITATION_ALREADY_ACCEPTED',
    ]);
    const lapsed = await host.invited(acme, 'lapsed@example.com');
    await host.lapse(lapsed.id);
    expect(outcome(await admin.delete(`${INVITATIONS}/${lapsed.id}`))).toEqual([410, 'INVITATION_EXPIRED']);
    expect(outcome(await admin.delete(`${INVITATIONS}/987654321`))).toEqual([404, 'INVITATION_NOT_FOUND']);
    for (const id of ['0', '-1', '1e3', '99999999999999999999', 'abc'])
      expect((await admin.delete(`${INVITATIONS}/${id}`)).status).toBe(422);
  });

  it('lets either the acceptance or the revocation win', async () => {
    const acme = await host.found();
    const bob = await town.person('Bob');
    const { id, token } = await host.invited(acme, bob.email);
    const admin = await town.member(host.administrator, acme.id);
    const [accepted, revoked] = await Promise.all([
      town.stranger(bob).post(`${INVITATIONS}/${token}/accept`),
      admin.delete(`${INVITATIONS}/${id}`),
    ]);
    expect([accepted.status, revoked.status].sort()).toSatisfy(
      ([first, second]: number[]) => first === 200 && (second === 409 || second === 410),
    );
  });
});
