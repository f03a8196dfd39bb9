import type { TestAnswer } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  EU,
  GROUP,
  P,
  type Provisioned,
  type ProvisionedFleet,
  type ScimUser,
  scim,
  startProvisionedFleet,
  USER,
} from './provisioned.ts';

/** What Entra ID, Okta and others send, request by request; how each operation changes a user, the service's own tests say. */
let started: ProvisionedFleet;
let acme: Provisioned;
beforeAll(async () => {
  started = await startProvisionedFleet();
  acme = await started.provisioned();
});
afterAll(async () => await started?.stop());

const get = async (path: string): Promise<TestAnswer> => await acme.client.get(`/scim/v2${path}`);
const list = async (path: string) => scim(await get(path));
const filter = (text: string) => encodeURIComponent(text);
const membersOf = async (id: string): Promise<string[]> =>
  ((scim(await get(`/Groups/${id}`)).members ?? []) as { value: string }[]).map(({ value }) => value);

describe('Entra ID', () => {
  it('creates a user with meta, an empty list of roles and a manager as text', async () => {
    const manager = await acme.user('manager');
    const userName = acme.address();
    const user = scim(
      await acme.client.post(
        '/scim/v2/Users',
        {
          schemas: [USER, EU],
          externalId: 'object-id',
          userName,
          active: true,
          emails: [{ primary: true, type: 'work', value: userName }],
          meta: { resourceType: 'User' },
          name: { formatted: 'A B', familyName: 'B', givenName: 'A' },
          roles: [],
          [EU]: { Manager: manager.id, department: 'R' },
        },
        { headers: { 'content-type': 'application/scim+json; charset=utf-8' } },
      ),
      201,
    );
    expect(user).toMatchObject({
      schemas: [USER, EU],
      [EU]: { manager: { value: manager.id }, department: 'R' },
    });
    expect(user).not.toHaveProperty('roles');
  });

  it.each(['False', 'True'])('sets active by the text %s', async value => {
    const user = await acme.user();
    const changed = scim(
      await acme.patch(`/scim/v2/Users/${user.id}`, { op: 'Replace', path: 'active', value }),
    );
    expect(changed.active).toBe(value === 'True');
  });

  it('finds people by name, address and its own id, and nobody by a list of none', async () => {
    const userName = acme.address('Found');
    const externalId = `e-${userName}`;
    await acme.client.post('/scim/v2/Users', {
      schemas: [USER],
      userName,
      externalId,
      emails: [{ type: 'work', value: userName }],
    });
    for (const text of [
      `userName eq "${userName}"`,
      `userName eq "${userName.toUpperCase()}"`,
      `emails[type eq "work"].value eq "${userName}"`,
      `externalId eq "${externalId}"`,
    ])
      expect(await list(`/Users?filter=${filter(text)}`), text).toMatchObject({ totalResults: 1 });
    const spaced = `userName+eq+%22${encodeURIComponent(userName)}%22`;
    expect(await list(`/Users?filter=${spaced}`)).toMatchObject({ totalResults: 1 });
    const nobody = '8f3b9e0a-6b1d-4c8e-9a57-0d6f3c1b2a49';
    expect(await list(`/Users?filter=${filter(`userName eq "${nobody}"`)}`)).toMatchObject({
      totalResults: 0,
      itemsPerPage: 0,
      Resources: [],
    });
  });

  it('soft-deletes: who is disabled is found as before, and comes back on the same id', async () => {
    const user = await acme.user();
    const path = `/scim/v2/Users/${user.id}`;
    scim(await acme.patch(path, { op: 'Replace', path: 'active', value: 'False' }));
    const found = await list(`/Users?filter=${filter(`userName eq "${user.userName}"`)}`);
    expect(found.Resources).toMatchObject([{ id: user.id, active: false }]);
    expect(scim(await acme.patch(path, { op: 'Replace', path: 'active', value: 'True' })).active).toBe(true);
  });

  it('sends no operations once: nothing changes', async () => {
    const user = await acme.user();
    expect(scim(await acme.patch(`/scim/v2/Users/${user.id}`))).toEqual(scim(await get(`/Users/${user.id}`)));
  });

  it('renames an account that the organization manages', async () => {
    const user = await acme.user('password', { password: 'Correct1horse' });
    const value = acme.address('renamed');
    scim(await acme.patch(`/scim/v2/Users/${user.id}`, { op: 'Replace', path: 'userName', value }));
    const login = { email: value, password: 'Correct1horse' };
    expect((await started.fleet.caller().post('/api/v1/auth/login', login)).status).toBe(200);
  });

  describe('in groups', () => {
    let group: { id: string; displayName: string };
    let users: [ScimUser, ScimUser, ScimUser];
    beforeAll(async () => {
      users = [await acme.user(), await acme.user(), await acme.user()];
      group = scim(
        await acme.client.post('/scim/v2/Groups', {
          schemas: [GROUP, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
          displayName: 'Entra',
          externalId: 'g',
        }),
        201,
      );
    });

    it('adds, removes by value and by path, twice, and whom it does not know as a member', async () => {
      const [one, two, three] = users.map(({ id }) => id) as [string, string, string];
      const path = `/scim/v2/Groups/${group.id}`;
      const entry = (value: string) => [{ $ref: null, value }];
      const steps: [operations: object[], members: string[]][] = [
        [
          [
            { op: 'Add', path: 'members', value: entry(one) },
            { op: 'Replace', path: 'externalId', value: 'g2' },
            { op: 'Add', path: 'members', value: entry(two) },
          ],
          [one, two],
        ],
        [[{ op: 'Add', path: 'members', value: entry(one) }], [one, two]],
        [[{ op: 'Remove', path: 'members', value: entry(two) }], [one]],
        [[{ op: 'Remove', path: 'members', value: entry(three) }], [one]],
        [[{ op: 'Add', path: 'members', value: entry(three) }], [one, three]],
        [[{ op: 'remove', path: `members[value eq "${three}"]` }], [one]],
        [[{ op: 'Remove', path: `Members[Value eq "${one}"]` }], []],
      ];
      for (const [operations, members] of steps) {
        scim(await acme.patch(path, ...operations));
        expect(await membersOf(group.id), JSON.stringify(operations)).toEqual(members);
      }
    });

    it('asks whether somebody is a member, and for groups without their members', async () => {
      const [one] = users;
      scim(
        await acme.patch(`/scim/v2/Groups/${group.id}`, {
          op: 'Add',
          path: 'members',
          value: [{ value: one.id }],
        }),
      );
      const asks = (id: string) => filter(`id eq "${group.id}" and members eq "${id}"`);
      expect(await list(`/Groups?filter=${asks(one.id)}&attributes=id`)).toMatchObject({
        totalResults: 1,
        Resources: [{ id: group.id }],
      });
      expect(await list(`/Groups?filter=${asks(users[1].id)}&attributes=id`)).toMatchObject({
        totalResults: 0,
      });
      const named = await list(
        `/Groups?excludedAttributes=members&filter=${filter('displayName eq "ENTRA"')}`,
      );
      expect(named.Resources).toMatchObject([{ id: group.id }]);
      expect(named.Resources[0]).not.toHaveProperty('members');
      expect(scim(await get(`/Groups/${group.id}?excludedAttributes=members`))).not.toHaveProperty('members');
      const changed = await acme.client.patch(`/scim/v2/Groups/${group.id}?excludedAttributes=members`, {
        schemas: [P],
        Operations: [{ op: 'replace', path: 'displayName', value: 'Entra' }],
      });
      expect(scim(changed)).not.toHaveProperty('members');
    });
  });
});

describe('Okta', () => {
  it('creates with groups, a password and a locale, and is not told the password', async () => {
    const made = await acme.client.post('/scim/v2/Users', {
      schemas: [USER],
      userName: acme.address(),
      externalId: '00u1',
      groups: [],
      password: 'Correct1horse',
      locale: 'en-US',
      name: { givenName: 'O', familyName: 'K' },
    });
    expect(scim(made, 201)).toMatchObject({ locale: 'en-US', externalId: '00u1' });
    expect(made.text).not.toContain('Correct1horse');
  });

  it('is answered 409 uniqueness for a name that is taken', async () => {
    const { userName } = await acme.user();
    const again = await acme.client.post('/scim/v2/Users', {
      schemas: [USER],
      userName: userName.toUpperCase(),
    });
    expect(scim(again, 409)).toMatchObject({ scimType: 'uniqueness', status: '409' });
  });

  it('disables, and sets a password, without a path', async () => {
    const user = await acme.user();
    const path = `/scim/v2/Users/${user.id}`;
    const set = await acme.patch(path, { op: 'replace', value: { password: 'Correct2horse' } });
    expect(scim(set)).not.toHaveProperty('password');
    const login = { email: user.userName, password: 'Correct2horse' };
    expect((await started.fleet.caller().post('/api/v1/auth/login', login)).status).toBe(200);
    expect(scim(await acme.patch(path, { op: 'replace', value: { active: false } })).active).toBe(false);
  });

  it('puts a whole document back, with what is read-only', async () => {
    const user = await acme.user('put', { nickName: 'N', title: 'T' });
    const { nickName: _, ...kept } = scim(await get(`/Users/${user.id}`));
    const put = scim(
      await acme.client.put(`/scim/v2/Users/${user.id}`, {
        ...kept,
        groups: [],
        name: { givenName: 'G', middleName: '' },
        emails: [{ value: user.userName, primary: true, display: 'D' }],
        active: false,
      }),
    );
    expect(put).toMatchObject({ id: user.id, active: false, title: 'T', name: { givenName: 'G' } });
    expect(put).not.toHaveProperty('nickName');
  });

  it('pushes members, renames, and empties a group only by saying so', async () => {
    const [one, two, three] = [await acme.user(), await acme.user(), await acme.user()];
    const { id } = await acme.group('Okta', [one, two]);
    const path = `/scim/v2/Groups/${id}`;
    scim(
      await acme.patch(
        path,
        { op: 'remove', path: `members[value eq "${one.id}"]` },
        { op: 'add', path: 'members', value: [{ value: three.id, display: 'u3@example.com' }] },
      ),
    );
    expect(await membersOf(id)).toEqual([two.id, three.id]);
    const renamed = scim(await acme.patch(path, { op: 'replace', value: { id, displayName: 'Okta 2' } }));
    expect(renamed.displayName).toBe('Okta 2');
    expect(await membersOf(id)).toEqual([two.id, three.id]);
    scim(await acme.patch(path, { op: 'replace', path: 'members', value: [{ value: one.id }] }));
    expect(await membersOf(id)).toEqual([one.id]);
    scim(await acme.patch(path, { op: 'replace', path: 'members', value: [] }));
    expect(await membersOf(id)).toEqual([]);
    scim(await acme.patch(path, { op: 'add', path: 'members', value: { value: two.id } }));
    expect(await membersOf(id)).toEqual([two.id]);
    scim(await acme.patch(path, { op: 'replace', value: { id, displayName: 'Okta 3', members: [] } }));
    expect(await membersOf(id)).toEqual([]);
  });

  it('imports page by page, in a stable order, those who are disabled as well', async () => {
    const { client, user, patch } = await started.provisioned();
    const made: string[] = [];
    for (let index = 0; index < 5; index++) made.push((await user()).id);
    scim(await patch(`/scim/v2/Users/${made[2]}`, { op: 'replace', value: { active: false } }));
    const seen: string[] = [];
    for (let startIndex = 1; ; startIndex += 2) {
      const page = scim(await client.get(`/scim/v2/Users?startIndex=${startIndex}&count=2`));
      expect(page).toMatchObject({ startIndex, itemsPerPage: page.Resources.length });
      seen.push(...page.Resources.map(({ id }: { id: string }) => id));
      if (startIndex + 2 > page.totalResults) break;
    }
    expect(seen.filter(id => made.includes(id))).toEqual(made);
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('others', () => {
  it('OneLogin puts documents of the schemas before 2.0, and leaves an & at the end', async () => {
    const user = await acme.user();
    const put = await acme.client.put(`/scim/v2/Users/${user.id}`, {
      schemas: ['urn:scim:schemas:core:2.0', 'urn:scim:schemas:extension:enterprise:2.0'],
      userName: user.userName,
      displayName: 'One',
    });
    expect(scim(put).displayName).toBe('One');
    const name = encodeURIComponent(user.userName);
    expect(await list(`/Users?filter=userName+eq+%22${name}%22&`)).toMatchObject({ totalResults: 1 });
  });

  it('JumpCloud puts a group with all of its members; without members they stay', async () => {
    const [one, two] = [await acme.user(), await acme.user()];
    const { id, displayName } = await acme.group(undefined, [one]);
    const put = async (more: object) =>
      scim(await acme.client.put(`/scim/v2/Groups/${id}`, { schemas: [GROUP], displayName, ...more }));
    await put({ members: [{ value: two.id }] });
    expect(await membersOf(id)).toEqual([two.id]);
    await put({ externalId: 'j' });
    expect(await membersOf(id)).toEqual([two.id]);
    await put({ members: [] });
    expect(await membersOf(id)).toEqual([]);
  });
});

describe('what stays strict', () => {
  it('one bad operation undoes all', async () => {
    const user = await acme.user();
    const path = `/scim/v2/Users/${user.id}`;
    const answer = await acme.patch(
      path,
      { op: 'replace', path: 'title', value: 'X' },
      { op: 'replace', path: 'nosuch', value: 'X' },
    );
    expect(scim(answer, 400)).toMatchObject({ scimType: 'invalidPath', status: '400' });
    expect(scim(await get(`/Users/${user.id}`))).toEqual(user);
  });

  it('a group has no member whom nobody knows, and the rest of the PATCH is undone', async () => {
    const { id, displayName } = await acme.group();
    const answer = await acme.patch(
      `/scim/v2/Groups/${id}`,
      { op: 'replace', path: 'displayName', value: 'Other' },
      { op: 'add', path: 'members', value: [{ value: '999999999' }] },
    );
    expect(scim(answer, 400)).toMatchObject({ scimType: 'invalidValue' });
    expect(scim(await get(`/Groups/${id}`)).displayName).toBe(displayName);
  });

  it('a filter that cannot be read is 400 invalidFilter, one on a description 403', async () => {
    expect(scim(await get('/Users?filter=nonsense'), 400)).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      scimType: 'invalidFilter',
      status: '400',
    });
    for (const path of ['/ServiceProviderConfig', '/Schemas', '/ResourceTypes'])
      expect(scim(await get(`${path}?filter=${filter('id pr')}`), 403)).toMatchObject({ status: '403' });
  });
});
