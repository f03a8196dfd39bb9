import { administrator, expectError, fellowService } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

const OFFICE = '198.51.100.7';

let service: OrganizationUnderTest;
let ada: Person;
let acme: Founded;
let count = 0;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  ada = await service.person('Ada');
});
beforeEach(async () => {
  acme = await service.found(ada, `Acme ${++count}`);
});
afterAll(async () => await service?.stop());

const from = (ip: string | null, more = {}) =>
  service.as(administrator({ userId: ada.userId, organizationId: acme.id, ip, ...more }));
const listed = (...networks: (string | object)[]) =>
  networks.map(network => (typeof network === 'string' ? { network } : network));
const set = (list: unknown, as = from(OFFICE)) =>
  as.patch(`/api/v1/organizations/${acme.id}/settings`, { network: { ip_allow_list: list } });
const policy = async () =>
  (await service.as(fellowService('gateway')).get(`/internal/organizations/${acme.id}/access-policy`)).body
    .data;

describe('the networks of an organization', () => {
  it('are kept in one spelling, each once, and told to who decides with the next question', async () => {
    expect((await policy()).ip_allow_list).toEqual([]);
    const list = listed(
      { network: ' 198.51.100.0/24 ', description: 'Office' },
      { network: '198.51.100.0/24', description: 'Again' },
      '::ffff:203.0.113.7',
      '2001:DB8:0::/32',
    );
    const { body } = await set(list).expect(200);
    expect(body.data.settings.network.ip_allow_list).toEqual([
      { network: '198.51.100.0/24', description: 'Office' },
      { network: '203.0.113.7/32', description: null },
      { network: '2001:db8::/32', description: null },
    ]);
    expect((await policy()).ip_allow_list).toEqual(['198.51.100.0/24', '203.0.113.7/32', '2001:db8::/32']);
  });

  it('leave an audit entry with what was and what is', async () => {
    await set(listed('198.51.100.0/24')).expect(200);
    await set([]).expect(200);
    const entries = await service.sql<{ metadata: object }>(
      "select metadata from organization.audit_log where organization_id = ? and action = 'organization.settings_changed' order by id",
      [acme.id],
    );
    const changed = [{ network: '198.51.100.0/24', description: null }];
    expect(entries.map(({ metadata }) => metadata)).toMatchObject([
      { changes: { 'network.ip_allow_list': { before: [], after: changed } } },
      { changes: { 'network.ip_allow_list': { before: changed, after: [] } } },
    ]);
  });

  it.each([
    ['office', 'invalid_format'],
    ['198.51.100.7/24', 'invalid_format'],
    ['198.051.100.0/24', 'invalid_format'],
    ['198.51.100.0/33', 'invalid_format'],
    ['fe80::%eth0/64', 'invalid_format'],
    ['0.0.0.0/0', 'too_big'],
    ['::/0', 'too_big'],
    ['::ffff:0:0/96', 'too_big'],
  ])('are not %s', async (network, code) => {
    const answer = await set(listed(OFFICE, network));
    expectError(answer, 422, 'VALIDATION_ERROR');
    expect(answer.body.error.details).toEqual([
      { field: 'body.network.ip_allow_list.1.network', code, reason: expect.any(String) },
    ]);
  });

  it.each([
    'everywhere',
    null,
    [OFFICE],
    [{}],
    [{ network: OFFICE, description: 'x'.repeat(51) }],
    [{ network: OFFICE, note: 'x' }],
    [{ network: 3_325_256_711 }],
    Array.from({ length: 1_001 }, () => ({ network: OFFICE })),
  ])('are refused in another form (%#)', async list => {
    expectError(await set(list), 422, 'VALIDATION_ERROR');
  });

  it('may be a thousand, with what is written to them', async () => {
    const many = (description: string | null) =>
      Array.from({ length: 999 }, (_, index) => ({
        network: `2001:db8:${index.toString(16)}::/48`,
        description,
      }));
    for (const description of ['Office', null])
      await set([...many(description), { network: OFFICE }]).expect(200);
    expect((await policy()).ip_allow_list).toHaveLength(1_000);
    expectError(await set([...many('漢'.repeat(50)), { network: OFFICE }]), 422, 'VALIDATION_ERROR');
    const domains = Array.from({ length: 100 }, (_, index) => `${'a.'.repeat(115)}d${index}.example`);
    const full = { network: { ip_allow_list: [...many('Offices'), { network: OFFICE }] } };
    await from(OFFICE)
      .patch(`/api/v1/organizations/${acme.id}/settings`, {
        ...full,
        members: { allowed_email_domains: domains },
      })
      .expect(200);
  });

  it('lock nobody out who sets them, by whatever spelling, and let in who administers the platform', async () => {
    const answer = await set(listed('203.0.113.0/24'));
    expectError(answer, 422, 'VALIDATION_ERROR');
    expect(answer.body.error.details).toEqual([
      {
        field: 'body.network.ip_allow_list',
        code: 'not_allowed',
        reason: expect.stringContaining(OFFICE),
      },
    ]);
    expectError(await set(listed('203.0.113.0/24'), from(null)), 422, 'VALIDATION_ERROR');
    expect((await policy()).ip_allow_list).toEqual([]);
    await set(listed('203.0.113.0/24'), from('203.0.113.255')).expect(200);
    // Whose network has changed is helped by who administers the platform.
    await set([], from(OFFICE, { isSystemAdmin: true, isMember: false, isAdmin: false })).expect(200);
  });

  it('hold from the first day, and lock nobody out then either', async () => {
    const found = (network: string) =>
      service
        .as(administrator({ userId: ada.userId, organizationId: acme.id, ip: OFFICE }))
        .post('/api/v1/organizations', {
          name: `Strict ${++count}`,
          admin_email: ada.email,
          settings: { network: { ip_allow_list: listed(network) } },
        });
    const refused = await found('203.0.113.0/24');
    expectError(refused, 422, 'VALIDATION_ERROR');
    expect(refused.body.error.details[0].field).toBe('body.settings.network.ip_allow_list');
    expect((await found('198.51.100.0/24')).status).toBe(201);
  });

  it('are for administrators to see and to set', async () => {
    const bob = await service.person('Bob');
    await service.join(acme, bob, acme.roles.Developer);
    expectError(await set(listed(OFFICE), await service.member(bob, acme.id)), 403, 'FORBIDDEN');
    expectError(await set(listed(OFFICE), service.stranger(bob)), 404, 'ORGANIZATION_NOT_FOUND');
  });
});

describe('where a session starts', () => {
  const start = async (userId: number, ip?: string) =>
    (
      await service
        .as(fellowService('identity'))
        .get(`/internal/users/${userId}/starting-point${ip === undefined ? '' : `?ip=${ip}`}`)
        .expect(200)
    ).body.data.organization_id;

  it('is the first organization that admits the address', async () => {
    const own = await start(ada.userId);
    const settings = { network: { ip_allow_list: listed(OFFICE) } };
    const personal = service.as(administrator({ userId: ada.userId, organizationId: own, ip: OFFICE }));
    await personal.patch(`/api/v1/organizations/${own}/settings`, settings).expect(200);
    expect(await start(ada.userId, OFFICE)).toBe(own);
    expect(await start(ada.userId)).toBe(own);
    expect(await start(ada.userId, '203.0.113.9')).not.toBe(own);
    expect(await start(ada.userId, '203.0.113.9')).toEqual(expect.any(Number));
    const bob = await service.person('Bob');
    const his = await start(bob.userId);
    const alone = service.as(administrator({ userId: bob.userId, organizationId: his, ip: OFFICE }));
    await alone.patch(`/api/v1/organizations/${his}/settings`, settings).expect(200);
    expect(await start(bob.userId, '203.0.113.9')).toBeNull();
  });
});

describe('what an organization says of tokens', () => {
  it('is told to who decides, where the feature is switched off as well', async () => {
    const change = (settings: object) =>
      from(OFFICE).patch(`/api/v1/organizations/${acme.id}/settings`, settings).expect(200);
    const open = {
      ip_allow_list: [],
      personal_tokens: true,
      personal_token_max_days: null,
      organization_tokens: true,
      oauth_applications: true,
      sso: null,
      attribute_policies: false,
    };
    expect(await policy()).toEqual(open);
    await change({ tokens: { personal_tokens_allowed: false, personal_token_max_days: 7 } });
    expect(await policy()).toEqual({ ...open, personal_tokens: false, personal_token_max_days: 7 });
    await change({ tokens: { personal_tokens_allowed: true, organization_tokens_allowed: false } });
    expect(await policy()).toEqual({ ...open, organization_tokens: false, personal_token_max_days: 7 });
    await change({ tokens: { organization_tokens_allowed: true, personal_token_max_days: null } });
    await change({ features: { personal_access_tokens: false, oauth_applications: false } });
    expect(await policy()).toEqual({
      ...open,
      personal_tokens: false,
      organization_tokens: false,
      oauth_applications: false,
    });
  });

  it.each([
    { personal_token_max_days: 0 },
    { personal_token_max_days: 366 },
    { personal_token_max_days: 1.5 },
    { personal_tokens_allowed: null },
    { organization_tokens_allowed: 'no' },
  ])('is not %j', async tokens => {
    const answer = await from(OFFICE).patch(`/api/v1/organizations/${acme.id}/settings`, { tokens });
    expectError(answer, 422, 'VALIDATION_ERROR');
  });
});
