import { eventually, expectError } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, join, logIn, mailTo, type Person, signUp } from './person.ts';

let fleet: AcceptanceFleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet?.stop());

/** An organization in which a member let an administrator act in their name. */
async function running() {
  const [owner, member] = [await signUp(fleet, 'owner'), await signUp(fleet, 'member')];
  const organization = await foundOrganization(owner);
  await join(owner, member, organization, 'Developer');
  const path = `${organization.path}/impersonations`;
  const asked = { user_id: member.id, reason: 'Ticket 4711', minutes: 15 };
  const { impersonation } = data(await owner.post(path, asked), 201);
  const own = `/api/v1/auth/me/impersonations/${impersonation.id}`;
  data(await member.post(`${own}/approve`));
  const token = (by: Person = owner) => by.post(`${path}/${impersonation.id}/token`);
  const { access_token } = data(await token(), 201);
  return {
    owner,
    member,
    organization,
    path,
    own,
    token,
    accessToken: access_token,
    acting: fleet.caller(access_token),
  };
}

describe('an administrator in the name of a member', () => {
  it('acts through the gateway as the member may, and everything says who it was', async () => {
    const { owner, member, organization, acting } = await running();
    expect(data(await acting.get('/api/v1/auth/me'))).toMatchObject({
      user: { id: member.id },
      impersonator: { id: owner.id },
      organizations: [{ id: organization.id }],
    });
    expect(data(await acting.get(`${organization.path}/workspaces`)).workspaces.length).toBeGreaterThan(0);
    expectError(await acting.patch(organization.path, { name: 'Mine now' }), 403, 'FORBIDDEN');

    // A right that the member has: to make a workspace.
    const role = data(
      await owner.post(`${organization.path}/roles`, { name: 'Maker', permissions: ['workspace.create'] }),
      201,
    ).role;
    data(await owner.patch(`${organization.path}/members/${member.id}`, { role_id: role.id }));
    const { workspace } = data(
      await acting.post(`${organization.path}/workspaces`, { name: 'By somebody else' }),
      201,
    );
    const logs = async (query = '') =>
      data(await owner.get(`${organization.path}/audit-logs${query}`)).audit_logs;
    const [entry] = await logs('?action=workspace.created');
    expect(entry).toMatchObject({
      subject: String(workspace.id),
      actor_user_id: member.id,
      impersonator_user_id: owner.id,
    });
    await eventually(async () => {
      const actions = (await logs('?action=impersonation.')).map(({ action }: { action: string }) => action);
      expect(actions.toReversed()).toEqual([
        'impersonation.requested',
        'impersonation.approved',
        'impersonation.started',
      ]);
      return true;
    });
    const csv = await owner.get(`${organization.path}/audit-logs?format=csv`);
    expect(csv.text.split('\r\n')[0]).toContain('impersonator_user_id');
    const here = owner.with(data(await owner.post(`${organization.path}/switch`)));
    const { activities } = data(
      await here.get(`/api/v1/users/${member.id}/activity?action=workspace.created`),
    );
    expect(activities).toMatchObject([{ impersonator_user_id: owner.id }]);
    await mailTo(fleet, member.email, 'has begun to act in your name');
  });

  it('reaches no other organization of the member, also not by a body that names one', async () => {
    const { member, acting } = await running();
    const { organizations } = data(await member.get('/api/v1/auth/me'));
    const personal = organizations.find(({ is_admin }: { is_admin: boolean }) => is_admin).id;
    expectError(await acting.get(`/api/v1/organizations/${personal}`), 404, 'ORGANIZATION_NOT_FOUND');
    const body = { name: 'There', organization_id: personal };
    expectError(await acting.post('/api/v1/workspaces', body), 404, 'ORGANIZATION_NOT_FOUND');
    expect(
      data(await acting.get('/api/v1/workspaces')).workspaces.every(
        (one: { organization_id: number }) => one.organization_id !== personal,
      ),
    ).toBe(true);
    expectError(await acting.post(`/api/v1/organizations/${personal}/switch`), 403, 'FORBIDDEN');
    expectError(await acting.get('/api/v1/organizations'), 403, 'FORBIDDEN');
  });

  it('gets no other token by it, and no rights that last', async () => {
    const { organization, accessToken, acting, own } = await running();
    const refresh = await fleet.caller().post('/api/v1/auth/refresh', { refresh_token: accessToken });
    expect(refresh.status).toBe(401);
    for (const [path, body] of [
      ['/api/v1/auth/tokens', { name: 'Kept', scopes: ['read'] }],
      ['/api/v1/auth/step-up', { password: 'Correct1horse' }],
      [`${own}/approve`, undefined],
      [`${organization.path}/leave`, undefined],
      ['/api/v1/oauth/authorize', {}],
    ] as const)
      expectError(await acting.post(path, body), 403, 'FORBIDDEN');
    const exchange = await fleet.caller().post('/oauth/token', undefined, {
      raw: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: accessToken,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect([400, 401]).toContain(exchange.status);
  });
});

describe('it is over with the next request', () => {
  const ends: [string, (scene: Awaited<ReturnType<typeof running>>) => Promise<{ status: number }>][] = [
    ['the member ends it', ({ member, own }) => member.delete(own)],
    [
      'the member ends the session',
      ({ member, accessToken }) => member.delete(`/api/v1/sessions/${decodeJwt(accessToken).sid}`),
    ],
    ['the administrator signs out', ({ owner }) => owner.post('/api/v1/auth/logout')],
    ['the administrator stops', ({ acting }) => acting.post('/api/v1/auth/logout')],
    ['the member leaves', ({ member, organization }) => member.post(`${organization.path}/leave`)],
    [
      'the member may more than the administrator',
      async ({ owner, member, organization }) => {
        const roles = data(await owner.get(`${organization.path}/roles`)).roles as {
          name: string;
          id: number;
        }[];
        const role_id = roles.find(({ name }) => name === 'Admin')!.id;
        data(await owner.patch(`${organization.path}/members/${member.id}`, { role_id }));
        // The last administrator is another by now: the member takes the role from who acts in their name.
        const viewer = roles.find(({ name }) => name === 'Viewer')!.id;
        return await member.patch(`${organization.path}/members/${owner.id}`, { role_id: viewer });
      },
    ],
    [
      'the administrator is removed',
      async ({ owner, member, organization }) => {
        const roles = data(await owner.get(`${organization.path}/roles`)).roles as {
          name: string;
          id: number;
        }[];
        const role_id = roles.find(({ name }) => name === 'Admin')!.id;
        data(await owner.patch(`${organization.path}/members/${member.id}`, { role_id }));
        return await member.delete(`${organization.path}/members/${owner.id}`);
      },
    ],
  ];
  it.each(ends)('when %s', async (_, end) => {
    const scene = await running();
    data(await scene.acting.get('/api/v1/auth/me'));
    expect((await end(scene)).status).toBeLessThan(300);
    expectError(await scene.acting.get('/api/v1/auth/me'), 401, 'UNAUTHORIZED');
    await eventually(async () => {
      const { impersonations } = data(
        await (await logIn(fleet, scene.member)).get('/api/v1/auth/me/impersonations'),
      );
      return impersonations[0].status === 'ended';
    });
  });
});
