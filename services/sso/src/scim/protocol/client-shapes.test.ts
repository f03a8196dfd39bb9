import { expect, it } from 'vitest';
import { parseFilter, resourceScope } from './filter.ts';
import { patched, readOperations } from './patch.ts';
import { GroupType, UserType } from './schemas.ts';
import { type Document, readDocument } from './value.ts';

const P = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const EU = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const BEFORE: Document = {
  userName: 'ada@example.com',
  displayName: 'Ada',
  active: true,
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [
    { value: 'ada@example.com', type: 'work', primary: true },
    { value: 'ada@home.example', type: 'home' },
  ],
};

const userAfter = (...operations: object[]) =>
  patched(UserType, BEFORE, readOperations(UserType, { schemas: [P], Operations: operations }));

/** What Entra ID, Okta and others send, and what it makes of a user. */
const SHAPES: Record<string, [operations: object[], expected: object]> = {
  'U01 disables by a capital op and a boolean as text': [
    [{ op: 'Replace', path: 'active', value: 'False' }],
    { active: false },
  ],
  'U02 enables by text': [[{ op: 'Replace', path: 'active', value: 'True' }], { active: true }],
  'U03 disables by Add': [[{ op: 'Add', path: 'active', value: 'False' }], { active: false }],
  'U04 disables without a path': [[{ op: 'replace', value: { active: false } }], { active: false }],
  'disables by a boolean': [[{ op: 'replace', path: 'active', value: false }], { active: false }],
  'U05 replaces a typed address': [
    [{ op: 'Replace', path: 'emails[type eq "work"].value', value: 'new@example.com' }],
    {
      emails: [
        { value: 'new@example.com', type: 'work', primary: true },
        { value: 'ada@home.example', type: 'home' },
      ],
    },
  ],
  'U06 makes a typed value that is not there': [
    [{ op: 'Replace', path: 'phoneNumbers[type eq "mobile"].value', value: '+1 555 0100' }],
    { phoneNumbers: [{ type: 'mobile', value: '+1 555 0100' }] },
  ],
  'U07 makes one by Add': [
    [{ op: 'Add', path: 'emails[type eq "other"].value', value: 'other@example.com' }],
    { emails: [...(BEFORE.emails as object[]), { type: 'other', value: 'other@example.com' }] },
  ],
  'U08 makes one address by many operations': [
    [
      { op: 'Add', path: 'addresses[type eq "work"].streetAddress', value: '1 Main St' },
      { op: 'Add', path: 'addresses[type eq "work"].postalCode', value: '12345' },
      { op: 'Add', path: 'addresses[type eq "work"].country', value: 'US' },
      { op: 'Add', path: 'addresses[type eq "work"].formatted', value: '1 Main St, US' },
    ],
    {
      addresses: [
        {
          type: 'work',
          streetAddress: '1 Main St',
          postalCode: '12345',
          country: 'US',
          formatted: '1 Main St, US',
        },
      ],
    },
  ],
  'U09 replaces many attributes': [
    [
      { op: 'Replace', path: 'displayName', value: 'B' },
      { op: 'Replace', path: 'name.givenName', value: 'K' },
      { op: 'Replace', path: 'name.familyName', value: 'U' },
      { op: 'Replace', path: 'externalId', value: 'e' },
      { op: 'Replace', path: `${EU}:employeeNumber`, value: 'A1' },
    ],
    {
      displayName: 'B',
      name: { givenName: 'K', familyName: 'U' },
      externalId: 'e',
      [EU]: { employeeNumber: 'A1' },
    },
  ],
  'U10 takes dotted names and URNs as keys': [
    [
      {
        op: 'replace',
        value: {
          displayName: 'B',
          'name.givenName': 'K',
          'name.familyName': 'U',
          [`${EU}:employeeNumber`]: 'A1',
        },
      },
    ],
    { displayName: 'B', name: { givenName: 'K', familyName: 'U' }, [EU]: { employeeNumber: 'A1' } },
  ],
  'U11 adds by dotted keys': [
    [{ op: 'add', value: { title: 'Dr', 'name.formatted': 'Foo Bar', 'name.middleName': 'M' } }],
    {
      title: 'Dr',
      name: { givenName: 'Ada', familyName: 'Lovelace', formatted: 'Foo Bar', middleName: 'M' },
    },
  ],
  'U12 takes a manager as text': [
    [{ op: 'Add', path: `${EU}:manager`, value: '7' }],
    { [EU]: { manager: { value: '7' } } },
  ],
  'U13 removes a manager by empty text': [
    [
      { op: 'Add', path: `${EU}:manager`, value: '7' },
      { op: 'Replace', path: `${EU}:manager`, value: '' },
    ],
    { [EU]: undefined },
  ],
  'U13 removes a manager': [
    [
      { op: 'Add', path: `${EU}:manager`, value: '7' },
      { op: 'Remove', path: `${EU}:manager` },
    ],
    { [EU]: undefined },
  ],
  'U15 finds an app role by a boolean as text': [
    [
      { op: 'Add', path: 'roles[primary eq "True"].value', value: 'Member' },
      { op: 'Add', path: 'roles[primary eq "True"].value', value: 'Owner' },
    ],
    { roles: [{ primary: true, value: 'Owner' }] },
  ],
  'U16 keeps JSON in text': [
    [{ op: 'Add', path: 'roles', value: [{ value: '{"id":"1","value":"Member","displayName":"Member"}' }] }],
    { roles: [{ value: '{"id":"1","value":"Member","displayName":"Member"}' }] },
  ],
  'U17 stores a boolean as a boolean': [
    [
      {
        op: 'Add',
        path: 'roles',
        value: [
          {
            primary: 'False',
            type: 'WindowsAzureActiveDirectoryRole',
            display: 'Member',
            value: 'Member',
          },
        ],
      },
    ],
    {
      roles: [
        { primary: false, type: 'WindowsAzureActiveDirectoryRole', display: 'Member', value: 'Member' },
      ],
    },
  ],
  'U18 takes names of another case': [
    [
      { op: 'replace', path: 'DisplayName', value: 'B' },
      { op: 'replace', path: 'NAME.GIVENNAME', value: 'K' },
    ],
    { displayName: 'B', name: { givenName: 'K', familyName: 'Lovelace' } },
  ],
  'U19 takes a sub-attribute of another case': [
    [{ op: 'Add', path: 'emails[type eq "other"].Value', value: 'o@example.com' }],
    { emails: [...(BEFORE.emails as object[]), { type: 'other', value: 'o@example.com' }] },
  ],
  'U20 removes a typed value': [
    [{ op: 'Remove', path: 'emails[type eq "home"]' }],
    { emails: [{ value: 'ada@example.com', type: 'work', primary: true }] },
  ],
  'U21 removes what is not there': [[{ op: 'Remove', path: 'phoneNumbers[type eq "fax"]' }], {}],
  'U22 renames': [
    [{ op: 'Replace', path: 'userName', value: 'renamed@example.com' }],
    { userName: 'renamed@example.com' },
  ],
  'U29 takes null for no value': [
    [{ op: 'replace', value: { displayName: null } }],
    { displayName: undefined },
  ],
  'U35 changes nothing by no operations': [[], {}],
};

for (const [name, [operations, expected]] of Object.entries(SHAPES))
  it(name, () => {
    const wanted = Object.fromEntries(
      Object.entries({ ...BEFORE, ...expected }).filter(([, value]) => value !== undefined),
    );
    expect(userAfter(...operations)).toEqual(wanted);
  });

it('U24 takes a password', () => {
  expect(userAfter({ op: 'replace', value: { password: 'p' } })).toMatchObject({ password: 'p' });
});

it('takes operations in lower case', () => {
  const body = { schemas: [P], operations: [{ OP: 'replace', Path: 'title', Value: 'Dr' }] };
  expect(patched(UserType, BEFORE, readOperations(UserType, body))).toMatchObject({ title: 'Dr' });
});

it('reads what Entra ID creates', () => {
  const read = readDocument(UserType, {
    schemas: [UserType.schema.id, EU],
    externalId: 'x',
    userName: 'a@example.com',
    active: true,
    emails: [{ primary: true, type: 'work', value: 'a@example.com' }],
    meta: { resourceType: 'User' },
    name: { givenName: 'A', familyName: 'B' },
    roles: [],
    [EU]: { Manager: '7' },
  });
  expect(read).toEqual({
    externalId: 'x',
    userName: 'a@example.com',
    active: true,
    emails: [{ primary: true, type: 'work', value: 'a@example.com' }],
    name: { givenName: 'A', familyName: 'B' },
    [EU]: { manager: { value: '7' } },
  });
});

it('U33 and U34 read a whole document with what is read-only, no value, or of schemas before 2.0', () => {
  const read = readDocument(UserType, {
    schemas: ['urn:scim:schemas:core:2.0', 'urn:scim:schemas:extension:enterprise:2.0'],
    id: '99',
    groups: [],
    meta: { resourceType: 'User' },
    userName: 'a@example.com',
    emails: [{ value: 'a@example.com', display: 'A', primary: 'true' }],
    name: { middleName: '' },
    active: false,
  });
  expect(read).toEqual({
    userName: 'a@example.com',
    emails: [{ value: 'a@example.com', display: 'A', primary: true }],
    active: false,
  });
});

it('reads a group of Entra ID, whose second schema nobody knows', () => {
  const schemas = [
    GroupType.schema.id,
    'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group',
  ];
  expect(readDocument(GroupType, { schemas, displayName: 'G', externalId: 'x' })).toEqual({
    displayName: 'G',
    externalId: 'x',
  });
});

it('reads the filters of clients', () => {
  const read = (type: typeof UserType, text: string) => parseFilter(text, resourceScope(type));
  for (const text of [
    'userName eq "X"',
    'USERNAME Eq "X"',
    'emails[type eq "work"].value eq "x"',
    'externalId eq "x"',
    'userName eq "a" and active eq true',
    `${EU}:department eq "R" or not (title pr)`,
    'meta.lastModified gt "2026-01-01T00:00:00Z"',
  ])
    expect(read(UserType, text)).toBeTruthy();
  expect(read(GroupType, 'id eq "7" and members eq "3"')).toMatchObject({ kind: 'and' });
});
