import { userRemoved } from '@rivergate/events';
import { eventually } from '@rivergate/testing';
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
let ada: Person;
let acme: Founded;
let founded = 0;
beforeAll(async () => {
  service = await startOrganizationUnderTest({ PLAN_SEATS_ENTERPRISE: '4' });
});
afterAll(async () => await service?.stop());
beforeEach(async () => {
  ada = await service.person('Ada');
  acme = await service.found(ada, `Acme ${++founded}`);
});

const admin = () => service.member(ada, acme.id);
const create = async (body: object, by = ada) =>
  (await service.member(by, acme.id)).post('/api/v1/users', body);
const fresh = () => `new${Math.random().toString(36).slice(2)}@example.com`;
const users = async () => (await (await admin()).get('/api/v1/users')).body.data.users;

describe('creating a user', () => {
  it('makes an account and its membership of the organization and the default workspace', async () => {
    const email = fresh();
    const { status, body, text } = await create({ email: email.toUpperCase(), display_name: 'Grace' });
    expect(status, text).toBe(201);
    const { user } = body.data;
    expect(user).toEqual({ id: expect.any(Number), email, display_name: 'Grace' });
    const { body: shown } = await (await admin()).get(`/api/v1/users/${user.id}`);
    expect(shown.data.user).toMatchObject({
      email,
      email_verified: false,
      role: { name: 'Viewer' },
      workspaces: [{ id: acme.workspaceId, role: { name: 'Viewer' } }],
    });
    expect(body.data).not.toHaveProperty('temporary_token');
    expect(await service.audited(acme.id)).toContain('member.added');
  });

  it('acts in the organization that the body names, by the rights held there', async () => {
    const bob = await service.person('Bob');
    const other = await service.found(bob, `Other ${founded}`);
    const refused = await create({ email: fresh(), organization_id: other.id });
    expect(outcome(refused)).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
    const answer = await (await service.member(bob, other.id)).post('/api/v1/users', {
      email: fresh(),
      organization_id: other.id,
      role_id: other.roles.Developer,
    });
    expect(answer.status, answer.text).toBe(201);
    expect(outcome(await create({ email: fresh(), role_id: other.roles.Viewer }))).toEqual([
      404,
      'ROLE_NOT_FOUND',
    ]);
  });

  it('of ten at once with one address makes one', async () => {
    const email = fresh();
    const answers = await Promise.all(Array.from({ length: 10 }, () => create({ email })));
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses[0]).toBe(201);
    expect(statuses.filter(status => status === 201)).toHaveLength(1);
    expect((await users()).filter((user: Person) => user.email === email)).toHaveLength(1);
  });

  it('refuses members, and addresses that have an account elsewhere three times', async () => {
    const elsewhere = fresh();
    service.identity.accounts.set(service.identity.nextUserId() + 5_000, {
      email: elsewhere,
      display_name: 'E',
    });
    expect(outcome(await create({ email: ada.email }))).toEqual([409, 'USER_ALREADY_EXISTS']);
    const [asked] = [service.identity.asked];
    for (const _ of [1, 2, 3])
      expect(outcome(await create({ email: elsewhere }))).toEqual([409, 'EMAIL_TAKEN']);
    expect(outcome(await create({ email: elsewhere }))).toEqual([429, 'RATE_LIMITED']);
    // Nor is it told by being refused or not that an address is free.
    expect(outcome(await create({ email: fresh() }))).toEqual([429, 'RATE_LIMITED']);
    expect(service.identity.asked).toBe(asked! + 3);
    expect(await users()).toHaveLength(1);
  });

  it('makes no account for what is refused, and takes one back whose user did not come to be', async () => {
    const before = service.identity.accounts.size;
    const stranger = await service.person('Eve');
    const body = { email: fresh() };
    expect((await service.nobody.post('/api/v1/users', body)).status).toBe(401);
    expect((await service.stranger(stranger).post('/api/v1/users', body)).status).toBe(404);
    await service.join(acme, stranger);
    expect(outcome(await create(body, stranger))).toEqual([403, 'FORBIDDEN']);
    const role = await (await admin()).post('/api/v1/roles', { name: 'Writer', permissions: ['user.write'] });
    const assignment = { user_id: stranger.userId };
    await (await admin()).post(`/api/v1/roles/${role.body.data.role.id}/assignments`, assignment);
    for (const role_id of [acme.roles.Admin, acme.roles.Developer])
      expect(outcome(await create({ ...body, role_id }, stranger))).toEqual([403, 'FORBIDDEN']);
    expect((await create({ ...body, password: 'x', is_admin: true })).status).toBe(422);
    expect(service.identity.accounts.size).toBe(before);

    // Its turn comes when the caller is suspended.
    const release = service.identity.holdBack();
    const pending = create({ ...body, role_id: role.body.data.role.id }, stranger);
    await eventually(async () => service.identity.asked > 0, 'identity to be asked');
    await (await admin()).put(`/api/v1/users/${stranger.userId}/status`, { status: 'suspended' });
    release();
    expect([403, 404]).toContain((await pending).status);
    await eventually(async () => service.identity.accounts.size === before, 'the account to be taken back');
  });

  it('takes a seat, of which an invitation of the address had one', async () => {
    const email = fresh();
    const invite = (address: string) =>
      admin().then(caller =>
        caller.post(`/api/v1/organizations/${acme.id}/members/invite`, {
          email: address,
          workspace_id: acme.workspaceId,
          role_id: acme.roles.Viewer,
        }),
      );
    const invited = await invite(email);
    await invite(fresh());
    await invite(fresh());
    expect(outcome(await create({ email: fresh() }))).toEqual([403, 'PLAN_LIMIT_EXCEEDED']);
    expect((await create({ email })).status).toBe(201);
    const preview = await service.nobody.get(`/api/v1/invitations/${invited.body.data.invitation.token}`);
    expect(outcome(preview)).toEqual([410, 'INVITATION_REVOKED']);
  });

  it('ends again where nobody verifies the address', async () => {
    const { body } = await create({ email: fresh() });
    await publishEvent(service, userRemoved, { user_id: body.data.user.id, reason: 'never_verified' });
    await eventually(async () => (await users()).length === 1, 'the user to be gone');
  });
});
