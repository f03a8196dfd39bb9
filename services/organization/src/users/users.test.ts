import { sessionOpened, sessionRefreshed } from '@rivergate/events';
import { eventually, fellowService } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { outcome } from '../testing/invitation-fixture.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  publishEvent,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let [ada, bob, cleo] = [] as unknown as [Person, Person, Person];
let acme: Founded;
let founded = 0;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  [ada, bob, cleo] = [await service.person('Ada'), await service.person('Bob'), await service.person('Cleo')];
});
afterAll(async () => await service?.stop());
beforeEach(async () => {
  acme = await service.found(ada, `Acme ${++founded}`);
  await service.join(acme, bob, acme.roles.Developer);
  await service.join(acme, cleo);
});

const PATH = '/api/v1/users';
const pathOf = ({ userId }: Person, more = '') => `${PATH}/${userId}${more}`;
const admin = () => service.member(ada, acme.id);
const principalOf = async ({ userId }: Person) =>
  (await service.as(fellowService('gateway')).get(`/internal/organizations/${acme.id}/principals/${userId}`))
    .body.data;
const customRole = async (permissions: string[]) => {
  const name = `Role ${permissions.join(' ')}`.slice(0, 100);
  const answer = await (await admin()).post('/api/v1/roles', { name, permissions });
  expect(answer.status, answer.text).toBe(201);
  return answer.body.data.role.id as number;
};
/** Somebody who holds these permissions and no others. */
const holder = async (permissions: string[]) => {
  const person = await service.person('Holder');
  await service.join(acme, person, await customRole(permissions));
  return person;
};
const names = async (query: string) => {
  const { body, status, text } = await (await admin()).get(`${PATH}${query}`);
  expect(status, text).toBe(200);
  expect(body.data.total_count).toBe(body.data.users.length);
  return body.data.users.map(({ display_name }: { display_name: string }) => display_name);
};

describe('listing and searching users', () => {
  it('shows them with role and status, filtered, sorted and paged', async () => {
    const { body } = await (await admin()).get(PATH);
    expect(body.data.users[1]).toEqual({
      id: bob.userId,
      email: bob.email,
      display_name: 'Bob',
      profile_image_url: null,
      status: 'active',
      status_updated_at: null,
      email_verified: true,
      is_admin: false,
      role: { id: acme.roles.Developer, name: 'Developer' },
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
      last_login_at: null,
      last_activity_at: null,
    });
    expect(await names('?sort_by=display_name&sort_order=desc')).toEqual(['Cleo', 'Bob', 'Ada']);
    expect(await names('?search=LEO')).toEqual(['Cleo']);
    expect(await names(`?search=${encodeURIComponent(bob.email)}`)).toEqual(['Bob']);
    for (const nothing of ['%', '_', '\\', "' or 1=1 --", 'b%b'])
      expect(await names(`?search=${encodeURIComponent(nothing)}`)).toEqual([]);
    expect(await names(`?role_id=${acme.roles.Viewer}`)).toEqual(['Cleo']);
    expect(await names(`?workspace_id=${acme.workspaceId}&status=active`)).toHaveLength(3);
    expect(await names('?workspace_id=999999')).toEqual([]);
    const page = await (await admin()).get(`${PATH}?skip=2&limit=1`);
    expect([page.body.data.total_count, page.body.data.users[0].display_name]).toEqual([3, 'Cleo']);
    expect((await (await admin()).get(`${PATH}?sort_by=password`)).status).toBe(422);
  });

  it('finds them by each of name, address, role, status and last activity', async () => {
    const time = '2026-01-02T03:04:05.000Z';
    const session = { session_id: 1, user_id: bob.userId };
    await publishEvent(service, sessionOpened, { ...session, method: 'password', remember_me: false });
    await publishEvent(service, sessionRefreshed, session);
    await eventually(
      async () => (await names(`/search?active_since=${time}`)).join() === 'Bob',
      'the activity to be known',
    );
    expect(await names(`/search?inactive_since=${time}`)).toEqual(['Ada', 'Cleo']);
    expect(await names('/search?name=bo')).toEqual(['Bob']);
    // Of all addresses, and of no name.
    expect(await names('/search?name=example.com')).toEqual([]);
    expect(await names('/search?email=example.com')).toHaveLength(3);
    expect(await names(`/search?email=bob&role_id=${acme.roles.Viewer}`)).toEqual([]);
    expect(await names('/search?status=suspended')).toEqual([]);
    const { body } = await (await admin()).get(pathOf(bob));
    expect(body.data.user.last_login_at).toMatch(/Z$/);
  });

  it('is for who holds user.read organization-wide, and knows nobody of another organization', async () => {
    const other = await service.found(bob, `Other ${founded}`);
    const stranger = await service.person('Eve');
    for (const path of [PATH, `${PATH}/search`, pathOf(bob), pathOf(bob, '/activity')]) {
      expect((await service.nobody.get(path)).status).toBe(401);
      expect((await service.stranger(stranger).get(path)).status).toBe(404);
      expect(outcome(await (await service.member(cleo, acme.id)).get(path))).toEqual([403, 'FORBIDDEN']);
    }
    const reader = await holder(['user.read', 'workspace.read']);
    expect((await (await service.member(reader, acme.id)).get(pathOf(bob))).status).toBe(200);
    const foreign = await service.member(bob, other.id);
    for (const path of [pathOf(cleo), pathOf(cleo, '/activity')])
      expect(outcome(await foreign.get(path))).toEqual([404, 'USER_NOT_FOUND']);
    for (const [path, body] of [
      [pathOf(cleo), { display_name: 'Mallory' }],
      [pathOf(cleo, '/status'), { status: 'suspended' }],
    ] as const)
      expect(outcome(await foreign.put(path, body))).toEqual([404, 'USER_NOT_FOUND']);
    expect(outcome(await foreign.delete(pathOf(cleo)))).toEqual([404, 'USER_NOT_FOUND']);
    // Held in a workspace alone.
    const role = await customRole(['user.read', 'user.write']);
    const body = { user_id: cleo.userId, workspace_id: acme.workspaceId };
    expect((await (await admin()).post(`/api/v1/roles/${role}/assignments`, body)).status).toBe(201);
    const holding = await service.member(cleo, acme.id);
    expect((await holding.get(PATH)).status).toBe(403);
    expect((await holding.put(pathOf(bob), {})).status).toBe(403);
  });
});

describe('the profile of a user', () => {
  it('is changed for this organization alone, and found by what is shown', async () => {
    const other = await service.found(bob, `Elsewhere ${founded}`);
    const profile = { display_name: 'Robert', profile_image_url: 'https://example.com/robert.png' };
    const { body } = await (await admin()).put(pathOf(bob), profile);
    expect(body.data.user).toEqual({ id: bob.userId, ...profile, updated_at: expect.stringMatching(/Z$/) });
    expect(await names('?search=robert')).toEqual(['Robert']);
    expect(await names('/search?name=bob')).toEqual([]);
    const members = await (await admin()).get(`/api/v1/organizations/${acme.id}/members/${bob.userId}`);
    expect(members.body.data.member).toMatchObject(profile);
    const holders = await (await admin()).get(`/api/v1/roles/${acme.roles.Developer}/users`);
    expect(holders.body.data.users[0].display_name).toBe('Robert');
    const elsewhere = await (await service.member(bob, other.id)).get(pathOf(bob));
    expect(elsewhere.body.data.user).toMatchObject({ display_name: 'Bob', profile_image_url: null });
    const kept = await (await admin()).put(pathOf(bob), { profile_image_url: null });
    expect(kept.body.data.user).toMatchObject({ display_name: 'Robert', profile_image_url: null });
    expect(await service.audited(acme.id)).toContain('member.profile_changed');
  });

  it('takes names and https addresses, and nothing that is no profile', async () => {
    for (const body of [
      { display_name: '' },
      { display_name: 'Bob\u202eevil' },
      { display_name: 'x'.repeat(101) },
      { profile_image_url: 'http://example.com/a.png' },
      { profile_image_url: 'javascript:alert(1)' },
      { email: 'mallory@example.com' },
      { status: 'suspended' },
      { is_admin: true },
    ])
      expect((await (await admin()).put(pathOf(bob), body)).status, JSON.stringify(body)).toBe(422);
  });
});

describe('suspending a user', () => {
  const status = async (by: Person, whom: Person, wanted: string, more = {}) =>
    await (await service.member(by, acme.id)).put(pathOf(whom, '/status'), { status: wanted, ...more });

  it('takes the organization away at once, and gives it back', async () => {
    const answer = await status(ada, bob, 'suspended', { reason: 'Left' });
    expect(answer.body.data.user).toEqual({
      id: bob.userId,
      status: 'suspended',
      status_updated_at: expect.stringMatching(/Z$/),
    });
    expect((await principalOf(bob)).member).toBe(false);
    expect((await (await service.member(bob, acme.id)).get(PATH)).status).toBe(404);
    expect(await names('?status=suspended')).toEqual(['Bob']);
    const again = await status(ada, bob, 'suspended');
    expect(again.body.data).toEqual(answer.body.data);
    expect((await status(ada, bob, 'active')).body.data.user.status).toBe('active');
    expect((await principalOf(bob)).member).toBe(true);
    const audited = await service.audited(acme.id);
    expect(audited.filter(action => action === 'member.status_changed')).toHaveLength(2);
    const log = await (await admin()).get(
      `/api/v1/organizations/${acme.id}/audit-logs?action=member.status_changed`,
    );
    expect(log.body.data.audit_logs[1].metadata.reason).toBe('Left');
    expect((await (await admin()).get(pathOf(bob))).text).not.toContain('Left');
  });

  it('withdraws the invitations that the user sent', async () => {
    const inviter = await holder(['member.invite', 'workspace.read']);
    const invited = await (await service.member(inviter, acme.id)).post(
      `/api/v1/organizations/${acme.id}/members/invite`,
      {
        email: 'guest@example.com',
        workspace_id: acme.workspaceId,
        role_id: await customRole(['workspace.read']),
      },
    );
    expect(invited.status, invited.text).toBe(201);
    await status(ada, inviter, 'suspended');
    const { token } = invited.body.data.invitation;
    expect((await service.nobody.get(`/api/v1/invitations/${token}`)).status).toBe(410);
  });

  it('never leaves an organization without an active administrator, also where two suspend each other at once', async () => {
    expect(outcome(await status(ada, ada, 'suspended'))).toEqual([409, 'CANNOT_SUSPEND_SELF']);
    const writer = await holder(['user.write']);
    expect(outcome(await status(writer, ada, 'suspended'))).toEqual([403, 'FORBIDDEN']);
    await (await admin()).patch(`/api/v1/organizations/${acme.id}/members/${bob.userId}`, { is_admin: true });
    const results = (await Promise.all([status(ada, bob, 'suspended'), status(bob, ada, 'suspended')])).map(
      answer => answer.status,
    );
    // The second is no member any more when its turn comes.
    expect(results.toSorted()).toEqual([200, 403]);
    const [{ left }] = (await service.sql(
      `select count(*)::int as left from organization.memberships
       where organization_id = ? and is_admin and status = 'active'`,
      [acme.id],
    )) as [{ left: number }];
    expect(left).toBe(1);
  });

  it('is no administrator any more who is suspended: the one who is left cannot go', async () => {
    await (await admin()).patch(`/api/v1/organizations/${acme.id}/members/${bob.userId}`, { is_admin: true });
    expect((await status(ada, bob, 'suspended')).status).toBe(200);
    const removed = await (await admin()).delete(pathOf(ada));
    expect(outcome(removed)).toEqual([409, 'LAST_ADMINISTRATOR']);
  });
});

describe('removing a user', () => {
  it('ends the membership and leaves the account', async () => {
    const { body } = await (await admin()).delete(pathOf(bob));
    expect(body.data).toEqual({ user: { id: bob.userId } });
    expect((await principalOf(bob)).member).toBe(false);
    expect((await (await admin()).get(pathOf(bob))).status).toBe(404);
    expect(outcome(await (await admin()).delete(pathOf(bob)))).toEqual([404, 'USER_NOT_FOUND']);
    expect(await names('')).toEqual(['Ada', 'Cleo']);
  });

  it('takes user.delete, and of an administrator an administrator', async () => {
    const writer = await service.member(await holder(['user.write']), acme.id);
    expect((await writer.delete(pathOf(bob))).status).toBe(403);
    const deleter = await service.member(await holder(['user.delete']), acme.id);
    expect((await deleter.delete(pathOf(ada))).status).toBe(403);
    expect((await deleter.delete(pathOf(bob))).status).toBe(200);
  });

  it('is refused to who was removed while waiting for the turn', async () => {
    const deleter = await holder(['user.delete']);
    const waiting = await service.member(deleter, acme.id);
    await (await admin()).delete(pathOf(deleter));
    expect((await waiting.delete(pathOf(bob))).status).toBe(403);
    expect((await principalOf(bob)).member).toBe(true);
  });
});

describe('activity of a user', () => {
  it('is what the user did here, newest first, by cursor', async () => {
    for (const name of ['One', 'Two', 'Three'])
      await (await admin()).put(pathOf(bob), { display_name: name });
    const get = async (query: string) =>
      (await (await admin()).get(pathOf(ada, `/activity?${query}`))).body.data;
    const first = await get('action=member.profile_changed&limit=2');
    expect(first.activities).toHaveLength(2);
    expect(Object.keys(first.activities[0])).toEqual([
      'id',
      'action',
      'subject',
      'impersonator_user_id',
      'created_at',
    ]);
    const second = await get(`action=member.&limit=2&cursor=${first.next_cursor}`);
    expect(second.activities[0]).toMatchObject({
      action: 'member.profile_changed',
      subject: String(bob.userId),
    });
    const ids = [...first.activities, ...second.activities].map(({ id }: { id: number }) => id);
    expect(ids).toEqual(ids.toSorted((one, other) => other - one));
    const { body } = await (await admin()).get(pathOf(bob, '/activity'));
    expect(body.data.activities.map(({ action }: { action: string }) => action)).toContain(
      'invitation.accepted',
    );
  });
});
