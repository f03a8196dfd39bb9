import { fellowService, signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InvitationFixture, invitationFixture, outcome } from '../testing/invitation-fixture.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let fixture: InvitationFixture;
let ada: Person;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  fixture = await invitationFixture(service);
  ada = fixture.administrator;
});
afterAll(async () => await service?.stop());

const CODES = '/api/v1/users/merge-codes';
const codeOf = async (acme: Founded, duplicate: Person): Promise<string> =>
  (await (await service.member(duplicate, acme.id)).post(CODES).expect(201)).body.data.code;
const redeem = async (acme: Founded, person: Person, code: string) =>
  (await service.member(person, acme.id)).post(`${CODES}/redeem`, { code });
/** The same person, signed in to both, shows it. */
const prove = async (acme: Founded, duplicate: Person, person: Person) =>
  expect((await redeem(acme, person, await codeOf(acme, duplicate))).status).toBe(200);
const merge = async (acme: Founded, duplicate: Person, person: Person, by = ada) =>
  (await service.member(by, acme.id)).post(`/api/v1/users/${person.userId}/merge`, {
    duplicate_user_id: duplicate.userId,
  });
const standing = async (acme: Founded, { userId }: Person) =>
  (await service.as(fellowService('gateway')).get(`/internal/organizations/${acme.id}/principals/${userId}`))
    .body.data;
const countOf = async (acme: Founded, action: string) =>
  (await service.audited(acme.id)).filter(found => found === action).length;
/** Two members who are the same person, and have shown it. */
async function pair(acme: Founded, roles: [number, number] = [acme.roles.Developer, acme.roles.Viewer]) {
  const [old, own] = [await service.person('Old'), await service.person('Own')];
  await service.join(acme, old, roles[0]);
  await service.join(acme, own, roles[1]);
  await prove(acme, old, own);
  return { old, own };
}

describe('merging a duplicate', () => {
  it('gives the user its workspaces, roles, invitations and history, and ends its membership here alone', async () => {
    const [acme, other] = [await fixture.found(), await fixture.found()];
    const { old, own } = await pair(acme, [acme.roles.Admin, acme.roles.Viewer]);
    await service.join(other, old);
    const admin = await service.member(ada, acme.id);
    const lab = await admin.post(`/api/v1/organizations/${acme.id}/workspaces`, { name: 'Lab' });
    const labId = lab.body.data.workspace.id;
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const role = await admin.post('/api/v1/roles', { name: 'Reader', permissions: ['policy.read'] });
    const roleId = role.body.data.role.id;
    await admin
      .post(`/api/v1/roles/${roleId}/assignments`, { user_id: old.userId, expires_at: until })
      .expect(201);
    await (await service.member(old, acme.id))
      .post(`/api/v1/organizations/${acme.id}/workspaces`, { name: 'By the old one' })
      .expect(201);
    const invitation = await (await service.member(old, acme.id)).post(
      `/api/v1/organizations/${acme.id}/members/invite`,
      { email: 'guest@example.com', workspace_id: labId, role_id: acme.roles.Viewer },
    );
    expect(invitation.status).toBe(201);

    const { status, body } = await merge(acme, old, own);
    expect(status).toBe(200);
    expect(body.data).toMatchObject({
      merged_user_id: old.userId,
      user: { id: own.userId, email: own.email, is_admin: true },
    });
    expect(await standing(acme, own)).toMatchObject({ member: true, is_admin: true });
    expect(await standing(acme, old)).toMatchObject({ member: false, permissions: [] });
    expect(await standing(other, old)).toMatchObject({ member: true });
    expect(await standing(other, own)).toMatchObject({ member: false });
    const held = await service.sql<{ role_id: number; expires_at: Date | null }>(
      'select role_id, expires_at from organization.role_assignments where organization_id = ? and user_id = ?',
      [acme.id, own.userId],
    );
    expect(held.find(({ role_id }) => role_id === roleId)!.expires_at!.toISOString()).toBe(until);
    expect(held.map(({ role_id }) => role_id)).toEqual(
      expect.arrayContaining([acme.roles.Admin, acme.roles.Viewer]),
    );
    const pending = await service.sql(
      "select invited_by from organization.invitations where organization_id = ? and email = 'guest@example.com' and status = 'pending'",
      [acme.id],
    );
    expect(pending).toEqual([{ invited_by: own.userId }]);
    const activity = await admin.get(`/api/v1/users/${own.userId}/activity?action=workspace.created`);
    expect(activity.body.data.activities).toHaveLength(1);
    expect(await countOf(acme, 'member.merged')).toBe(1);
    expect(await countOf(acme, 'member.removed')).toBe(1);
  });

  it('leaves to the duplicate what it does after coming back', async () => {
    const acme = await fixture.found();
    const { old, own } = await pair(acme, [acme.roles.Admin, acme.roles.Viewer]);
    expect((await merge(acme, old, own)).status).toBe(200);
    await service.join(acme, old, acme.roles.Admin);
    await (await service.member(old, acme.id))
      .post(`/api/v1/organizations/${acme.id}/workspaces`, { name: 'Later' })
      .expect(201);
    const admin = await service.member(ada, acme.id);
    const activity = await admin.get(`/api/v1/users/${own.userId}/activity?action=workspace.created`);
    expect(activity.body.data.activities).toEqual([]);
    // The proof was used up.
    expect(outcome(await merge(acme, old, own))).toEqual([409, 'MERGE_NOT_PROVEN']);
  });

  it('is done once, by ten at once, and again without harm', async () => {
    const acme = await fixture.found();
    const { old, own } = await pair(acme);
    const answers = await Promise.all(Array.from({ length: 10 }, () => merge(acme, old, own)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body.data.user.workspaces))).size).toBe(1);
    expect((await merge(acme, old, own)).status).toBe(200);
    expect(await countOf(acme, 'member.merged')).toBe(1);
    expect(await countOf(acme, 'member.removed')).toBe(1);
  });

  it('each into the other at the same moment leaves one of them', async () => {
    for (let round = 0; round < 3; round++) {
      const acme = await fixture.found();
      const { old, own } = await pair(acme);
      await prove(acme, own, old);
      const answers = await Promise.all([merge(acme, old, own), merge(acme, own, old)]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
      const members = await service.sql(
        'select user_id from organization.memberships where organization_id = ? and user_id in (?, ?)',
        [acme.id, old.userId, own.userId],
      );
      expect(members).toHaveLength(1);
    }
  });

  it('takes no proof for an account that nobody has ever proved to own', async () => {
    const acme = await fixture.found();
    const admin = await service.member(ada, acme.id);
    const made = await admin.post('/api/v1/users', { email: `made${acme.id}@example.com` }).expect(201);
    const own = await service.person('Own');
    await service.join(acme, own);
    const unverified = { userId: made.body.data.user.id, email: '', name: '' };
    expect(outcome(await merge(acme, own, unverified))).toEqual([409, 'CANNOT_MERGE']);
    expect((await merge(acme, unverified, own)).status).toBe(200);
  });

  it('of the last administrator leaves the same person as one, for good', async () => {
    const eve = await service.person('Eve');
    const acme = await service.found(eve, `Last ${eve.userId}`);
    const own = await service.person('Own');
    await service.join(acme, own);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const given = { user_id: own.userId, expires_at: until };
    await (await service.member(eve, acme.id))
      .post(`/api/v1/roles/${acme.roles.Admin}/assignments`, given)
      .expect(201);
    await prove(acme, eve, own);
    const { userId } = await service.person('Operator');
    const operator = service.as(
      signedIn({ userId, sessionId: userId, organizationId: acme.id, isSystemAdmin: true }),
    );
    await operator.post(`/api/v1/users/${own.userId}/merge`, { duplicate_user_id: eve.userId }).expect(200);
    const left = await service.sql(
      `select m.user_id, a.expires_at from organization.memberships m join organization.role_assignments a
         on a.organization_id = m.organization_id and a.user_id = m.user_id and a.workspace_id is null and a.role_id = ?
       where m.organization_id = ? and m.is_admin`,
      [acme.roles.Admin, acme.id],
    );
    expect(left).toEqual([{ user_id: own.userId, expires_at: null }]);
  });
});

describe('merging is refused', () => {
  it('where nobody has shown that both accounts are theirs', async () => {
    const acme = await fixture.found();
    const [victim, thief, friend] = [
      await service.person('Victim'),
      await service.person('Thief'),
      await service.person('Friend'),
    ];
    await service.join(acme, victim, acme.roles.Developer);
    for (const person of [thief, friend]) await service.join(acme, person);
    expect(outcome(await merge(acme, victim, thief))).toEqual([409, 'MERGE_NOT_PROVEN']);
    // What was shown counts for these two, and this way round.
    await prove(acme, victim, friend);
    expect(outcome(await merge(acme, victim, thief))).toEqual([409, 'MERGE_NOT_PROVEN']);
    expect(outcome(await merge(acme, friend, victim))).toEqual([409, 'MERGE_NOT_PROVEN']);
    await service.sql("update organization.merge_proofs set expires_at = now() - interval '1 second'");
    expect(outcome(await merge(acme, victim, friend))).toEqual([409, 'MERGE_NOT_PROVEN']);
    expect(await standing(acme, victim)).toMatchObject({ member: true });
  });

  it('to who could not hand out what the duplicate holds, or may not change users', async () => {
    const acme = await fixture.found();
    const { old, own } = await pair(acme);
    const admin = await service.member(ada, acme.id);
    const role = await admin.post('/api/v1/roles', {
      name: 'Users',
      permissions: ['user.write', 'user.read'],
    });
    const [helper, viewer] = [await service.person('Helper'), await service.person('Viewer')];
    await service.join(acme, helper, role.body.data.role.id);
    await service.join(acme, viewer);
    expect(outcome(await merge(acme, old, own, helper))).toEqual([403, 'FORBIDDEN']);
    expect(outcome(await merge(acme, old, own, viewer))).toEqual([403, 'FORBIDDEN']);
    const { old: chief, own: little } = await pair(acme, [acme.roles.Admin, acme.roles.Viewer]);
    expect(outcome(await merge(acme, chief, little, helper))).toEqual([403, 'FORBIDDEN']);
    expect(outcome(await merge(acme, little, chief, helper))).toEqual([403, 'FORBIDDEN']);
    expect(await standing(acme, little)).toMatchObject({ is_admin: false });
    expect(await standing(acme, old)).toMatchObject({ member: true });
    // The proof is there still, for who may.
    expect((await merge(acme, old, own)).status).toBe(200);
  });

  it('to former administrators, strangers and nobody', async () => {
    const acme = await fixture.found();
    const { old, own } = await pair(acme);
    const mallory = await service.person('Mallory');
    await service.join(acme, mallory, acme.roles.Admin);
    const heldBack = await service.member(mallory, acme.id);
    await (await service.member(ada, acme.id)).delete(`/api/v1/users/${mallory.userId}`).expect(200);
    const path = `/api/v1/users/${own.userId}/merge`;
    const body = { duplicate_user_id: old.userId };
    expect(outcome(await heldBack.post(path, body))).toEqual([403, 'FORBIDDEN']);
    const eve = await service.person('Eve');
    const foreign = await service.found(eve, `Foreign ${eve.userId}`);
    expect(outcome(await merge(foreign, old, own, eve))).toEqual([404, 'USER_NOT_FOUND']);
    expect((await service.nobody.post(path, body)).status).toBe(401);
    expect((await service.stranger(eve).post(path, body)).status).toBe(404);
  });

  it('for the caller, themself, the suspended, and people of other organizations', async () => {
    const acme = await fixture.found();
    const { old, own } = await pair(acme);
    expect(outcome(await merge(acme, own, own))).toEqual([409, 'CANNOT_MERGE']);
    await prove(acme, ada, own);
    expect(outcome(await merge(acme, ada, own))).toEqual([409, 'CANNOT_MERGE']);
    expect(outcome(await merge(acme, own, ada))).toEqual([409, 'CANNOT_MERGE']);
    const eve = await service.person('Eve');
    expect(outcome(await merge(acme, eve, own))).toEqual([404, 'USER_NOT_FOUND']);
    expect(outcome(await merge(acme, own, eve))).toEqual([404, 'USER_NOT_FOUND']);
    const admin = await service.member(ada, acme.id);
    await prove(acme, old, own);
    await admin.put(`/api/v1/users/${old.userId}/status`, { status: 'suspended' }).expect(200);
    expect(outcome(await merge(acme, old, own))).toEqual([409, 'CANNOT_MERGE']);
  });
});

describe('a merge code', () => {
  it('is good once, for ten minutes, in its organization, and not for whom it is of', async () => {
    const [acme, other] = [await fixture.found(), await fixture.found()];
    const [old, own] = [await service.person('Old'), await service.person('Own')];
    for (const person of [old, own]) await service.join(acme, person);
    await service.join(other, own);
    const code = await codeOf(acme, old);
    expect(outcome(await redeem(acme, old, code))).toEqual([404, 'MERGE_CODE_NOT_FOUND']);
    expect(outcome(await redeem(other, own, code))).toEqual([404, 'MERGE_CODE_NOT_FOUND']);
    const tries = await Promise.all(Array.from({ length: 10 }, () => redeem(acme, own, code)));
    expect(tries.filter(({ status }) => status === 200)).toHaveLength(1);
    const late = await codeOf(acme, old);
    await service.sql("update organization.merge_proofs set expires_at = now() - interval '1 second'");
    expect(outcome(await redeem(acme, own, late))).toEqual([404, 'MERGE_CODE_NOT_FOUND']);
    const [first, second] = [await codeOf(acme, old), await codeOf(acme, old)];
    expect((await redeem(acme, own, first)).status).toBe(404);
    expect((await redeem(acme, own, second)).status).toBe(200);
    const rows = await service.sql<{ text: string }>(
      'select t::text as text from organization.merge_proofs t',
    );
    expect(rows.filter(({ text }) => text.includes(second))).toEqual([]);
  });

  it('is for members who have shown of late who they are', async () => {
    const acme = await fixture.found();
    const old = await service.person('Old');
    await service.join(acme, old);
    const facts = { userId: old.userId, sessionId: old.userId, organizationId: acme.id, isMember: true };
    const stale = service.as(signedIn({ ...facts, authTime: Math.floor(Date.now() / 1000) - 86_400 }));
    expect(outcome(await stale.post(CODES))).toEqual([401, 'STEP_UP_REQUIRED']);
    expect(outcome(await stale.post(`${CODES}/redeem`, { code: 'x' }))).toEqual([401, 'STEP_UP_REQUIRED']);
    expect((await service.nobody.post(CODES)).status).toBe(401);
    expect((await service.stranger(await service.person('Eve')).post(CODES)).status).toBe(404);
  });
});
