import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { data, foundOrganization, join, logIn, mailTo, signUp } from '../person.ts';
import {
  GROUP,
  type Provisioned,
  type ProvisionedFleet,
  scim,
  startProvisionedFleet,
  USER,
} from './provisioned.ts';

let started: ProvisionedFleet;
let acme: Provisioned;
beforeAll(async () => {
  started = await startProvisionedFleet();
  acme = await started.provisioned();
});
afterAll(async () => await started?.stop());

const PASSWORD = 'Correct1horse';
const byName = (userName: string) =>
  `/scim/v2/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`;
const disable = { op: 'Replace', path: 'active', value: 'False' };

describe('a member', () => {
  it('is made once by ten requests at the same time: the others are told that there is one', async () => {
    const userName = acme.address('race');
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => acme.client.post('/scim/v2/Users', { schemas: [USER], userName })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(9).fill(409)]);
    expect(scim(await acme.client.get(byName(userName))).totalResults).toBe(1);
  });

  it('who came otherwise is found by address, and changed for the organization alone', async () => {
    const guest = await signUp(started.fleet, 'guest', 'Guest');
    await join(acme.administrator, guest, acme.organization, 'Viewer');
    const found = await eventually(async () => {
      const { Resources } = scim(await acme.client.get(byName(guest.email)));
      return Resources[0];
    }, 'the guest');
    expect(found).toMatchObject({ id: String(guest.id), userName: guest.email, active: true });
    expect(
      (await acme.client.post('/scim/v2/Users', { schemas: [USER], userName: guest.email })).status,
    ).toBe(409);

    const path = `/scim/v2/Users/${guest.id}`;
    const userName = acme.address('elsewhere');
    const changed = await acme.patch(path, { op: 'replace', value: { userName, displayName: 'Renamed' } });
    expect(scim(changed)).toMatchObject({ userName, displayName: 'Renamed' });
    const me = data(await guest.get('/api/v1/auth/me'));
    expect(JSON.stringify(me)).toContain(guest.email);
    expect(JSON.stringify(me)).not.toContain('Renamed');
    const password = await acme.patch(path, { op: 'replace', value: { password: PASSWORD } });
    expect(scim(password, 400)).toMatchObject({ scimType: 'mutability' });
    expect((await logIn(started.fleet, guest)).id).toBe(guest.id);
  });

  it('who administers alone is neither disabled nor removed', async () => {
    const path = `/scim/v2/Users/${acme.administrator.id}`;
    await eventually(async () => (await acme.client.get(path)).status === 200, 'the administrator');
    for (const answer of [await acme.patch(path, disable), await acme.client.delete(path)])
      expect(scim(answer, 403)).toMatchObject({ status: '403' });
    expect(scim(await acme.client.get(path)).active).toBe(true);
    expect((await acme.administrator.get('/api/v1/auth/me')).status).toBe(200);
  });

  it('who is removed is gone, with sessions and groups, and comes back with the account that there is', async () => {
    const user = await acme.user('leaver', { password: PASSWORD });
    const group = await acme.group(undefined, [user]);
    const login = { email: user.userName, password: PASSWORD };
    const signIn = async () => await started.fleet.caller().post('/api/v1/auth/login', login);
    const person = started.fleet.caller(data(await signIn()).access_token);
    const path = `/scim/v2/Users/${user.id}`;
    expect((await acme.client.delete(path)).status).toBe(204);
    await eventually(
      async () => (await person.get('/api/v1/auth/me')).status === 401,
      'the end of the session',
      1_000,
    );
    for (const answer of [
      await acme.client.get(path),
      await acme.client.delete(path),
      await acme.patch(path),
    ])
      expect(scim(answer, 404)).toMatchObject({ detail: 'User not found', status: '404' });
    expect(scim(await acme.client.get(`/scim/v2/Groups/${group.id}`))).not.toHaveProperty('members');
    const back = scim(
      await acme.client.post('/scim/v2/Users', { schemas: [USER], userName: user.userName }),
      201,
    );
    expect(back.id).toBe(user.id);
    expect(back.meta.version).not.toBe(user.meta.version);
  });

  it('who has an account elsewhere is not taken: its user has to prove it', async () => {
    const stranger = await signUp(started.fleet, 'stranger');
    const answer = await acme.client.post('/scim/v2/Users', { schemas: [USER], userName: stranger.email });
    expect([201, 409]).toContain(answer.status);
    if (answer.status === 201) expect(answer.body.id).toBe(String(stranger.id));
    expect((await logIn(started.fleet, stranger)).id).toBe(stranger.id);
  });

  it('takes nothing of what only the platform says, nor an address that is none', async () => {
    const userName = acme.address('assigned');
    const sent = {
      schemas: [USER],
      userName,
      id: '1',
      meta: { version: 'W/"0"', created: '2000-01-01T00:00:00Z' },
      groups: [{ value: '1' }],
      isAdmin: true,
      organization_id: 1,
    };
    const user = scim(await acme.client.post('/scim/v2/Users', sent), 201);
    expect(user.id).not.toBe('1');
    expect(user).not.toHaveProperty('groups');
    expect(user).not.toHaveProperty('isAdmin');
    for (const bad of ['no address', 'kelvin\u212a@example.com', 'a\u0000@example.com', ''])
      expect(
        scim(await acme.client.post('/scim/v2/Users', { schemas: [USER], userName: bad }), 400).status,
        bad,
      ).toBe('400');
  });
});

describe('two organizations', () => {
  it('at the same time see nothing of each other', async () => {
    const [one, two] = await Promise.all([started.provisioned(), started.provisioned()]);
    const filled = await Promise.all(
      [one, two].map(async own => {
        const users = await Promise.all(Array.from({ length: 5 }, () => own.user()));
        return { own, users, group: await own.group('Same name', users) };
      }),
    );
    for (const [here, there] of [filled, filled.toReversed()] as const) {
      const foreign = there!.users[0]!;
      const { client, patch } = here!.own;
      const listed = scim(await client.get('/scim/v2/Users')).Resources as { id: string }[];
      expect(listed.map(({ id }) => id).filter(id => there!.users.some(user => user.id === id))).toEqual([]);
      for (const path of [`/scim/v2/Users/${foreign.id}`, `/scim/v2/Groups/${there!.group.id}`]) {
        expect((await client.get(path)).status).toBe(404);
        expect((await patch(path, { op: 'replace', path: 'externalId', value: 'x' })).status).toBe(404);
        expect(
          (await client.put(path, { schemas: [USER], userName: here!.own.address(), displayName: 'x' }))
            .status,
        ).toBe(404);
        expect((await client.delete(path)).status).toBe(404);
      }
      expect(scim(await client.get(byName(foreign.userName))).totalResults).toBe(0);
      const add = { op: 'add', path: 'members', value: [{ value: foreign.id }] };
      expect(scim(await patch(`/scim/v2/Groups/${here!.group.id}`, add), 400).scimType).toBe('invalidValue');
      const nested = { op: 'add', path: 'members', value: [{ value: there!.group.id, type: 'Group' }] };
      expect((await patch(`/scim/v2/Groups/${here!.group.id}`, nested)).status).toBe(400);
    }
    for (const { own, users } of filled)
      for (const { id } of users) scim(await own.client.get(`/scim/v2/Users/${id}`));
  });

  it('know one person each for themselves', async () => {
    const other = await started.provisioned();
    const guest = await signUp(started.fleet, 'both');
    for (const { administrator, organization } of [acme, other])
      await join(administrator, guest, organization, 'Viewer');
    const path = `/scim/v2/Users/${guest.id}`;
    for (const { client } of [acme, other])
      await eventually(async () => (await client.get(path)).status === 200, 'the guest');
    scim(await acme.patch(path, { op: 'replace', value: { title: 'Here', active: false } }));
    expect(scim(await other.client.get(path))).not.toHaveProperty('title');
    expect(scim(await other.client.get(path)).active).toBe(true);
  });
});

describe('roles by groups', () => {
  it('come and go with membership, with the name of the group, and through a group in it', async () => {
    const beta = await started.provisioned();
    const { administrator, organization } = beta;
    const developer = organization.roleId('Developer');
    const mapping = { group: 'Engineers', role_id: developer };
    await eventually(
      async () => (await administrator.put('/api/v1/sso/scim', { group_mappings: [mapping] })).status === 200,
      'that the roles are known',
    );
    const [direct, nested] = [await beta.user(), await beta.user()];
    const inner = await beta.group('Inner', [nested]);
    const group = scim(
      await beta.client.post('/scim/v2/Groups', {
        schemas: [GROUP],
        displayName: 'engineers',
        members: [{ value: direct.id }, { value: inner.id, type: 'Group' }],
      }),
      201,
    );
    const holders = async (): Promise<string[]> => {
      const { users } = data(await administrator.get(`/api/v1/roles/${developer}/users`));
      return users.map((one: { user_id: number }) => String(one.user_id)).toSorted();
    };
    const hold = async (...users: { id: string }[]) => {
      const wanted = users.map(({ id }) => id).toSorted();
      await eventually(
        async () => JSON.stringify(await holders()) === JSON.stringify(wanted),
        `roles of ${wanted}`,
      );
    };
    await hold(direct, nested);
    const path = `/scim/v2/Groups/${group.id}`;
    scim(await beta.patch(path, { op: 'remove', path: `members[value eq "${direct.id}"]` }));
    await hold(nested);
    scim(await beta.patch(path, { op: 'replace', path: 'displayName', value: 'Others' }));
    await hold();
    scim(await beta.patch(path, { op: 'replace', path: 'displayName', value: 'Engineers' }));
    await hold(nested);
    expect((await beta.client.delete(path)).status).toBe(204);
    await hold();
  });

  it('are those of the organization alone', async () => {
    const other = await started.provisioned();
    const { role } = data(
      await other.administrator.post('/api/v1/roles', { name: 'Own', permissions: ['policy.write'] }),
      201,
    );
    for (const body of [
      { default_role_id: role.id },
      { group_mappings: [{ group: 'G', role_id: role.id }] },
      {
        group_mappings: [
          {
            group: 'G',
            role_id: acme.organization.roleId('Viewer'),
            workspace_id: other.organization.workspaceId,
          },
        ],
      },
    ])
      expect((await acme.administrator.put('/api/v1/sso/scim', body)).status).toBe(422);
  });
});

describe('the brake', () => {
  it('stops a client that would deprovision too many, tells administrators, and is released', async () => {
    const beta = await started.provisioned({ brake_percent: 50 });
    const users = await Promise.all(Array.from({ length: 7 }, () => beta.user()));
    const paths = users.map(({ id }) => `/scim/v2/Users/${id}`);
    for (const path of paths.slice(0, 3)) scim(await beta.patch(path, disable));
    // Who is disabled again counts once.
    scim(await beta.patch(paths[0]!, { op: 'replace', value: { active: true } }));
    scim(await beta.patch(paths[0]!, disable));
    expect((await beta.client.delete(paths[3]!)).status).toBe(204);
    const answers = await Promise.all(paths.slice(4).map(path => beta.patch(path, disable)));
    for (const answer of answers) expect(scim(answer, 403).detail).toContain('administrator');
    expect(scim(await beta.client.get(paths[4]!)).active).toBe(true);
    scim(await beta.patch(paths[4]!, { op: 'replace', path: 'title', value: 'Others go on' }));
    const { brake } = data(await beta.administrator.get('/api/v1/sso/scim')).scim;
    expect(brake).toMatchObject({ percent: 50, stopped_at: expect.any(String) });
    await mailTo(started.fleet, beta.administrator.email, 'deprovisioned 4 of 8');
    data(await beta.administrator.post('/api/v1/sso/scim/release', {}));
    for (const path of paths.slice(4)) scim(await beta.patch(path, disable));
  });
});

describe('the log of attempts', () => {
  it('has what was asked for, done or refused, without passwords, for administrators of the organization', async () => {
    const beta = await started.provisioned();
    const user = await beta.user('logged', { password: PASSWORD });
    const path = `/scim/v2/Users/${user.id}`;
    await beta.patch(path, { op: 'replace', path: 'password', value: PASSWORD });
    await beta.patch(path, { op: 'replace', value: { password: PASSWORD } });
    await beta.patch(path, { op: 'replace', path: 'nosuch', value: 'x' });
    await beta.client.delete('/scim/v2/Users/999999999');
    const { attempts } = data(await beta.administrator.get('/api/v1/sso/scim/attempts'));
    expect(
      attempts.map((one: { operation: string; status: number }) => `${one.operation} ${one.status}`),
    ).toEqual(['deleteUser 404', 'patchUser 400', 'patchUser 200', 'patchUser 200', 'createUser 201']);
    expect(attempts[1]).toMatchObject({
      outcome: 'refused',
      scim_type: 'invalidPath',
      user_id: Number(user.id),
    });
    expect(JSON.stringify(attempts)).not.toContain(PASSWORD);
    const refused = data(await beta.administrator.get('/api/v1/sso/scim/attempts?outcome=refused&limit=1'));
    expect(refused.attempts).toHaveLength(1);
    expect(refused.next_cursor).not.toBeNull();
    const { scim: seen } = data(await beta.administrator.get('/api/v1/sso/scim'));
    expect(seen).toMatchObject({ users: 1, groups: 0, last_sync_at: expect.any(String) });
    const stranger = await signUp(started.fleet, 'stranger');
    const own = await foundOrganization(stranger);
    const elsewhere = stranger.with(data(await stranger.post(`${own.path}/switch`, {})));
    expect(data(await elsewhere.get('/api/v1/sso/scim/attempts')).attempts).toEqual([]);
  });
});
