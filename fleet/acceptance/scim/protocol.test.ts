import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  GROUP,
  P,
  type Provisioned,
  type ProvisionedFleet,
  type ScimUser,
  scim,
  startProvisionedFleet,
  USER,
} from './provisioned.ts';

/** The parts of RFC 7643, 7644 and 9865 of which clients make less use. */
let started: ProvisionedFleet;
let acme: Provisioned;
let users: ScimUser[];
beforeAll(async () => {
  started = await startProvisionedFleet();
  acme = await started.provisioned();
  users = [];
  for (const [index, title] of ['Zoologist', 'archivist', 'Botanist', undefined].entries())
    users.push(
      await acme.user(`sorted${index}`, {
        ...(title ? { title } : {}),
        externalId: `sorted-${index}`,
        emails: [
          { value: `work${index}@example.com`, type: 'work' },
          { value: `home${index}@example.com`, type: 'home', primary: true },
        ],
      }),
    );
});
afterAll(async () => await started?.stop());

const query = (parameters: Record<string, string | number>) => {
  const pairs = Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]);
  return `/scim/v2/Users?${new URLSearchParams(pairs)}`;
};
const ids = (answer: { Resources: { id: string }[] }) => answer.Resources.map(({ id }) => id);
const mine = 'externalId sw "sorted-"';
const find = async (filter: string) =>
  ids(scim(await acme.client.get(query({ filter: `${mine} and (${filter})` })))).map(id =>
    users.findIndex(user => user.id === id),
  );

describe('a filter', () => {
  it.each([
    ['title pr', [0, 1, 2]],
    ['not (title pr)', [3]],
    ['title eq null', [3]],
    ['title co "OLOG"', [0]],
    ['title sw "b" or title ew "VIST"', [1, 2]],
    ['title ne "Zoologist"', [1, 2, 3]],
    ['title gt "b"', [0, 2]],
    ['title co "%"', []],
    ['title co "_"', []],
    ['title co "\\\\"', []],
    ['emails.value eq "HOME1@example.com"', [1]],
    ['emails eq "home1@example.com"', [1]],
    ['emails[type eq "work" and value sw "home"]', []],
    ['emails[type eq "home" and primary eq true].value eq "home2@example.com"', [2]],
    ['emails[not (type eq "work")].value sw "home0"', [0]],
    ['active eq "True"', [0, 1, 2, 3]],
    ['active ne true', []],
    ['meta.created lt "2000-01-01T00:00:00Z"', []],
    ['meta.lastModified ge "2000-01-01T00:00:00Z"', [0, 1, 2, 3]],
    ['meta.resourceType eq "User"', [0, 1, 2, 3]],
    [`schemas eq "${USER}"`, [0, 1, 2, 3]],
    ['groups pr', []],
    ['name pr', []],
    ['title eq "\'; drop table scim_users; --"', []],
    ['title eq "?" or title eq ":base" or title eq "$1"', []],
  ])('%s finds those that it describes', async (filter, expected) => {
    expect(await find(filter)).toEqual(expected);
  });

  it('finds by id, which may be no number', async () => {
    for (const [id, total] of [
      [users[0]!.id, 1],
      ['x', 0],
      ['99999999999999999999', 0],
    ] as const)
      expect(scim(await acme.client.get(query({ filter: `id eq "${id}"` }))).totalResults).toBe(total);
  });
});

it('a filter finds groups by their members, and users by their groups', async () => {
  const [one, two] = users as [ScimUser, ScimUser];
  const group = await acme.group('Filtered', [one]);
  const nested = scim(
    await acme.client.post('/scim/v2/Groups', {
      schemas: [GROUP],
      displayName: 'Filtered too',
      members: [{ value: group.id, type: 'Group' }],
    }),
    201,
  );
  const found = async (kind: 'Users' | 'Groups', filter: string) =>
    ids(scim(await acme.client.get(`/scim/v2/${kind}?filter=${encodeURIComponent(filter)}`)));
  const named = 'displayName sw "FILTERED"';
  for (const [filter, expected] of [
    [named, [group.id, nested.id]],
    [`${named} and members eq "${one.id}"`, [group.id]],
    [`${named} and members[type eq "Group" and value eq "${group.id}"]`, [nested.id]],
    [`${named} and members.display co "filtered"`, [nested.id]],
    [`${named} and not (members.value eq "${one.id}")`, [nested.id]],
    [`schemas eq "${GROUP}" and ${named} and meta.resourceType eq "Group"`, [group.id, nested.id]],
    [`id eq "${group.id}"`, [group.id]],
    [`members eq "${two.id}" and ${named}`, []],
  ] as const)
    expect(await found('Groups', filter), filter).toEqual(expected);
  for (const filter of [
    `groups.display eq "filtered"`,
    `groups[value eq "${group.id}" and type eq "direct"]`,
  ])
    expect(await found('Users', filter), filter).toEqual([one.id]);
  expect(scim(await acme.client.get(`/scim/v2/Users/${one.id}`)).groups).toMatchObject([
    { value: group.id, display: 'Filtered', type: 'direct' },
  ]);
  const sorted = `/scim/v2/Groups?sortBy=displayName&sortOrder=descending&filter=${encodeURIComponent(named)}`;
  expect(ids(scim(await acme.client.get(sorted)))).toEqual([nested.id, group.id]);
});

describe('a list', () => {
  it('is sorted without regard to case, those without a value at its end, and the other way round', async () => {
    const sorted = async (sortOrder: string) =>
      ids(scim(await acme.client.get(query({ filter: mine, sortBy: 'title', sortOrder }))));
    const ascending = [users[1]!.id, users[2]!.id, users[0]!.id, users[3]!.id];
    expect(await sorted('ascending')).toEqual(ascending);
    expect(await sorted('descending')).toEqual(ascending.toReversed());
  });

  it('has a page that begins before it, after it, or has nothing', async () => {
    const page = async (parameters: object) =>
      scim(await acme.client.get(query({ filter: mine, ...parameters } as Record<string, string>)));
    expect(await page({ startIndex: -5, count: 500 })).toMatchObject({ startIndex: 1, itemsPerPage: 4 });
    expect(await page({ startIndex: 90 })).toMatchObject({ totalResults: 4, startIndex: 90, Resources: [] });
    for (const count of [0, -1])
      expect(await page({ count })).toMatchObject({ totalResults: 4, itemsPerPage: 0, Resources: [] });
  });

  it('goes by cursor, sorted or not, each exactly once', async () => {
    const sortings: Record<string, string>[] = [
      {},
      { sortBy: 'title' },
      { sortBy: 'title', sortOrder: 'descending' },
    ];
    for (const sorting of sortings) {
      const whole = ids(scim(await acme.client.get(query({ filter: mine, ...sorting }))));
      const seen: string[] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined; ) {
        const page: { Resources: { id: string }[]; nextCursor?: string } = scim(
          await acme.client.get(query({ filter: mine, ...sorting, count: 1, cursor })),
        );
        seen.push(...ids(page));
        cursor = page.nextCursor;
      }
      expect(seen).toEqual(whole);
    }
  });

  it('refuses cursors of other lists, and what is no number or order', async () => {
    const { nextCursor } = scim(await acme.client.get(query({ filter: mine, count: 1, cursor: '' })));
    for (const [parameters, scimType] of [
      [{ cursor: nextCursor }, 'invalidCursor'],
      [{ cursor: 'nonsense' }, 'invalidCursor'],
      [{ filter: mine, cursor: nextCursor, sortBy: 'title' }, 'invalidCursor'],
      [{ count: 'many' }, 'invalidValue'],
      [{ startIndex: '1.5' }, 'invalidValue'],
      [{ sortBy: 'nosuch' }, 'invalidValue'],
      [{ sortBy: 'password' }, 'invalidValue'],
      [{ sortBy: 'title', sortOrder: 'sideways' }, 'invalidValue'],
    ] as const)
      expect(
        scim(await acme.client.get(query(parameters as never)), 400),
        JSON.stringify(parameters),
      ).toMatchObject({ scimType });
  });

  it('is searched by a body, of one kind and of both', async () => {
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'];
    const body = { schemas, filter: mine, attributes: ['userName'], count: 2 };
    const found = scim(await acme.client.post('/scim/v2/Users/.search', body));
    expect(found).toMatchObject({ totalResults: 4, itemsPerPage: 2 });
    expect(Object.keys(found.Resources[0]).toSorted()).toEqual(['id', 'schemas', 'userName']);
    const group = await acme.group('Searched');
    const groups = scim(
      await acme.client.post('/scim/v2/Groups/.search', { schemas, filter: 'displayName eq "searched"' }),
    );
    expect(ids(groups)).toEqual([group.id]);
    const both = scim(
      await acme.client.post('/scim/v2/.search', {
        schemas,
        filter: `displayName eq "searched" or ${mine}`,
        startIndex: 4,
      }),
    );
    expect(both.totalResults).toBe(5);
    expect(ids(both)).toEqual([users[3]!.id, group.id]);
    expect(scim(await acme.client.post('/scim/v2/Users/.search', { filter: mine }), 400).scimType).toBe(
      'invalidSyntax',
    );
  });
});

describe('a version', () => {
  it('is sent and compared: 304 for who has it, 412 for who changes another', async () => {
    const user = await acme.user();
    const path = `/scim/v2/Users/${user.id}`;
    const { version } = user.meta;
    expect((await acme.client.get(path, { headers: { 'if-none-match': version } })).status).toBe(304);
    const change = (value: string) => ({
      schemas: [P],
      Operations: [{ op: 'replace', path: 'title', value }],
    });
    const changed = await acme.client.patch(path, change('A'), { headers: { 'if-match': version } });
    expect(scim(changed).meta.version).not.toBe(version);
    expect(changed.headers.get('etag')).toBe(changed.body.meta.version);
    const stale = { headers: { 'if-match': version } };
    for (const answer of [
      await acme.client.patch(path, change('B'), stale),
      await acme.client.put(path, { schemas: [USER], userName: user.userName }, stale),
      await acme.client.delete(path, undefined, stale),
    ])
      expect(scim(answer, 412)).toMatchObject({ status: '412' });
    expect(scim(await acme.client.get(path, { headers: { 'if-none-match': version } })).title).toBe('A');
    expect(scim(await acme.client.patch(path, change('A'))).meta).toEqual(changed.body.meta);
  });

  it('holds for a suspension, whose own event may be here before it is written down', async () => {
    for (let index = 0; index < 5; index++) {
      const { id, meta } = await acme.user();
      const suspended = await acme.client.patch(
        `/scim/v2/Users/${id}`,
        { schemas: [P], Operations: [{ op: 'replace', value: { active: false, title: 'Gone' } }] },
        { headers: { 'if-match': meta.version } },
      );
      expect(scim(suspended)).toMatchObject({ active: false, title: 'Gone' });
    }
  });

  it('lets one of many changes through that were made of the same', async () => {
    const { id } = await acme.group();
    const { meta } = scim(await acme.client.get(`/scim/v2/Groups/${id}`));
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        acme.client.patch(
          `/scim/v2/Groups/${id}`,
          { schemas: [P], Operations: [{ op: 'replace', path: 'externalId', value: `${index}` }] },
          { headers: { 'if-match': meta.version } },
        ),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(7).fill(412)]);
  });
});

describe('a bulk', () => {
  const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
  const bulk = async (Operations: object[], more: object = {}) =>
    await acme.client.post('/scim/v2/Bulk', { schemas: [BULK], Operations, ...more });

  it('makes users and groups that refer to each other, in whatever order, and in a circle', async () => {
    const userName = acme.address();
    const group = (name: string, ...members: object[]) => ({ schemas: [GROUP], displayName: name, members });
    const answer = scim(
      await bulk([
        {
          method: 'POST',
          path: '/Groups',
          bulkId: 'g1',
          data: group('Bulk 1', { value: 'bulkId:u' }, { value: 'bulkId:g2', type: 'Group' }),
        },
        {
          method: 'POST',
          path: '/Groups',
          bulkId: 'g2',
          data: group('Bulk 2', { value: 'bulkId:g1', type: 'Group' }),
        },
        { method: 'post', path: '/Users', bulkId: 'u', data: { schemas: [USER], userName } },
        {
          method: 'PATCH',
          path: '/Users/bulkId:u',
          data: { schemas: [P], Operations: [{ op: 'add', path: 'title', value: 'T' }] },
        },
      ]),
    );
    expect(answer.Operations.map(({ status }: { status: string }) => status)).toEqual([
      '201',
      '201',
      '201',
      '200',
    ]);
    const [one, two, user] = answer.Operations.map(({ location }: { location: string }) =>
      location.split('/').at(-1),
    );
    const members = async (id: string) =>
      scim(await acme.client.get(`/scim/v2/Groups/${id}`)).members.map(
        ({ value, type }: { value: string; type: string }) => `${type} ${value}`,
      );
    expect(await members(one)).toEqual([`User ${user}`, `Group ${two}`]);
    expect(await members(two)).toEqual([`Group ${one}`]);
    expect(scim(await acme.client.get(`/scim/v2/Users/${user}`)).title).toBe('T');
    const gone = scim(
      await bulk([
        { method: 'DELETE', path: `/Users/${user}` },
        { method: 'DELETE', path: `/Groups/${one}` },
      ]),
    );
    expect(gone.Operations.map(({ status }: { status: string }) => status)).toEqual(['204', '204']);
  });

  it('answers each failure, and does nothing more after as many as it is told', async () => {
    const bad = { method: 'PATCH', path: '/Users/999999999', data: { schemas: [P], Operations: [] } };
    const good = {
      method: 'POST',
      path: '/Groups',
      bulkId: 'g',
      data: { schemas: [GROUP], displayName: 'After' },
    };
    const stopped = scim(await bulk([bad, good], { failOnErrors: 1 }));
    expect(stopped.Operations).toMatchObject([{ status: '404', response: { detail: 'User not found' } }]);
    const through = scim(await bulk([bad, good]));
    expect(through.Operations.map(({ status }: { status: string }) => status)).toEqual(['404', '201']);
    const open = scim(
      await bulk([
        { ...good, data: { schemas: [GROUP], displayName: 'Open', members: [{ value: 'bulkId:nobody' }] } },
      ]),
    );
    expect(open.Operations).toMatchObject([{ status: '400', response: { scimType: 'invalidValue' } }]);
  });

  it('is refused as a whole that is too large, or malformed', async () => {
    const one = { method: 'DELETE', path: '/Users/1' };
    expect((await bulk(Array(1_001).fill(one))).status).toBe(413);
    for (const operation of [
      { method: 'GET', path: '/Users/1' },
      { method: 'DELETE', path: '/Users' },
      { method: 'POST', path: '/Users', data: {} },
      { method: 'DELETE', path: '/Schemas/x' },
      { method: 'DELETE', path: '/Users/1/../../Groups/1' },
      'DELETE',
    ])
      expect((await bulk([operation as object])).status, JSON.stringify(operation)).toBe(400);
    const twice = { method: 'POST', path: '/Groups', bulkId: 'a', data: {} };
    expect((await bulk([twice, twice])).status).toBe(400);
  });
});

describe('what describes the service', () => {
  it('is found whole, by name and by URI, without nulls', async () => {
    const { client } = acme;
    const config = scim(await client.get('/scim/v2/ServiceProviderConfig'));
    expect(config).toMatchObject({
      patch: { supported: true },
      bulk: { supported: true, maxOperations: 1000, maxPayloadSize: 1048576 },
      filter: { supported: true, maxResults: 100 },
      changePassword: { supported: true },
      sort: { supported: true },
      etag: { supported: true },
      pagination: { cursor: true, index: true },
    });
    const schemas = await client.get('/scim/v2/Schemas');
    expect(scim(schemas)).toMatchObject({ totalResults: 3, itemsPerPage: 3 });
    expect(schemas.text).not.toContain('null');
    for (const { id, name } of schemas.body.Resources) {
      const byUri = scim(await client.get(`/scim/v2/Schemas/${id}`));
      expect(byUri.id).toBe(id);
      expect(scim(await client.get(`/scim/v2/Schemas/${name}`))).toEqual(byUri);
    }
    expect(scim(await client.get('/scim/v2/ResourceTypes')).totalResults).toBe(2);
    expect(scim(await client.get('/scim/v2/ResourceTypes/User'))).toMatchObject({ endpoint: '/Users' });
    for (const path of ['Schemas/nosuch', 'ResourceTypes/nosuch'])
      expect((await client.get(`/scim/v2/${path}`)).status).toBe(404);
  });
});
