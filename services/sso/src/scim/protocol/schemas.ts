import {
  type Attribute,
  binary,
  complex,
  flag,
  list,
  plural,
  type ResourceType,
  reference,
  type Schema,
  text,
  time,
} from './attribute.ts';

const READ_ONLY = { mutability: 'readOnly' } as const;
const IMMUTABLE = { mutability: 'immutable' } as const;

/** What every resource has (RFC 7643, section 3.1), beside its schemas. */
export const COMMON: readonly Attribute[] = [
  reference('schemas', 'URIs of the schemas of the resource', ['uri'], {
    ...READ_ONLY,
    multiValued: true,
    returned: 'always',
  }),
  text('id', 'Identifier of the resource', {
    ...READ_ONLY,
    caseExact: true,
    returned: 'always',
    uniqueness: 'server',
  }),
  text('externalId', 'Identifier of the resource at the client', { caseExact: true }),
  complex(
    'meta',
    'Facts about the resource',
    [
      text('resourceType', 'Kind of the resource', { ...READ_ONLY, caseExact: true }),
      time('created', 'When it was made', READ_ONLY),
      time('lastModified', 'When it was changed', READ_ONLY),
      reference('location', 'Where it stands', ['uri'], READ_ONLY),
      text('version', 'Its entity tag', { ...READ_ONLY, caseExact: true }),
    ],
    READ_ONLY,
  ),
];

/** RFC 7643, section 4.1. */
const USER: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:User',
  name: 'User',
  description: 'A member of the organization',
  attributes: [
    text('userName', 'Mail address by which the user is known in the organization', {
      required: true,
      uniqueness: 'server',
    }),
    complex('name', 'Parts of the name', [
      text('formatted', 'The whole name'),
      text('familyName', 'Family name'),
      text('givenName', 'Given name'),
      text('middleName', 'Middle names'),
      text('honorificPrefix', 'Title before the name'),
      text('honorificSuffix', 'Title after the name'),
    ]),
    text('displayName', 'Name that people are shown'),
    text('nickName', 'What the user is called'),
    reference('profileUrl', 'A page about the user', ['external']),
    text('title', 'What the user does'),
    text('userType', 'Relation to the organization, such as Employee'),
    text('preferredLanguage', 'Languages, as in Accept-Language'),
    text('locale', 'Language and region, such as en-US'),
    text('timezone', 'Time zone, such as Europe/Berlin'),
    flag('active', 'Whether the membership is active; false suspends it'),
    text('password', 'Password of an account that the organization manages', {
      caseExact: true,
      mutability: 'writeOnly',
      returned: 'never',
    }),
    plural('emails', 'Mail addresses', text('value', 'The address'), ['work', 'home', 'other']),
    plural('phoneNumbers', 'Phone numbers', text('value', 'The number'), [
      'work',
      'home',
      'mobile',
      'fax',
      'pager',
      'other',
    ]),
    plural('ims', 'Addresses of instant messengers', text('value', 'The address')),
    plural('photos', 'Pictures', reference('value', 'Where the picture is', ['external']), [
      'photo',
      'thumbnail',
    ]),
    list('addresses', 'Postal addresses', [
      text('formatted', 'The whole address'),
      text('streetAddress', 'Street and number'),
      text('locality', 'Town'),
      text('region', 'Region'),
      text('postalCode', 'Postal code'),
      text('country', 'Country'),
      text('type', 'What it is for', { canonicalValues: ['work', 'home', 'other'] }),
      flag('primary', 'Whether it is the one that is preferred; true for one at most'),
    ]),
    list(
      'groups',
      'Groups of which the user is a member',
      [
        text('value', 'Identifier of the group', { ...READ_ONLY, caseExact: true }),
        reference('$ref', 'Where the group stands', ['Group'], READ_ONLY),
        text('display', 'Name of the group', READ_ONLY),
        text('type', 'Whether by another group', { ...READ_ONLY, canonicalValues: ['direct', 'indirect'] }),
      ],
      READ_ONLY,
    ),
    plural('entitlements', 'What the user is entitled to', text('value', 'The entitlement')),
    plural('roles', 'Roles at the client; what they mean is its own', text('value', 'The role')),
    plural('x509Certificates', 'Certificates', binary('value', 'DER in base64')),
  ],
};

/** RFC 7643, section 4.3. */
const ENTERPRISE_USER: Schema = {
  id: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  name: 'EnterpriseUser',
  description: 'What an employer knows of a user',
  attributes: [
    text('employeeNumber', 'Number of the employee'),
    text('costCenter', 'Cost center'),
    text('organization', 'Organization'),
    text('division', 'Division'),
    text('department', 'Department'),
    complex('manager', 'Manager of the user', [
      text('value', 'Identifier of the manager at the client or here', { caseExact: true }),
      reference('$ref', 'Where the manager stands', ['User']),
      text('displayName', 'Name of the manager', READ_ONLY),
    ]),
  ],
};

/** RFC 7643, section 4.2. */
const GROUP: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  name: 'Group',
  description: 'A group of members',
  attributes: [
    text('displayName', 'Name of the group', { required: true, uniqueness: 'server' }),
    list('members', 'Members of the group', [
      text('value', 'Identifier of the member', { ...IMMUTABLE, caseExact: true }),
      reference('$ref', 'Where the member stands', ['User', 'Group'], IMMUTABLE),
      text('display', 'Name of the member', READ_ONLY),
      text('type', 'Kind of the member', { ...IMMUTABLE, canonicalValues: ['User', 'Group'] }),
    ]),
  ],
};

export const UserType: ResourceType = {
  name: 'User',
  endpoint: '/Users',
  description: 'Members of the organization',
  schema: USER,
  extensions: [ENTERPRISE_USER],
};

export const GroupType: ResourceType = {
  name: 'Group',
  endpoint: '/Groups',
  description: 'Groups of members',
  schema: GROUP,
  extensions: [],
};

export const RESOURCE_TYPES: readonly ResourceType[] = [UserType, GroupType];
export const SCHEMAS: readonly Schema[] = [USER, GROUP, ENTERPRISE_USER];
