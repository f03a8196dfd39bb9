import { administrator, expectError, nobody, signedIn } from '@rivergate/testing';
import type { IdentityProviderUnderTest } from '@rivergate/testing/identity-provider';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CLIENT,
  type SsoUnderTest,
  startOpenidProvider,
  startSsoUnderTest,
  type Tenant,
} from '../testing/sso-under-test.ts';

const PATH = '/api/v1/sso/providers';

let elsewhere: IdentityProviderUnderTest;
let service: SsoUnderTest;
let acme: Tenant;
let certificate: string;
beforeAll(async () => {
  [elsewhere, service] = await Promise.all([startOpenidProvider(), startSsoUnderTest()]);
  acme = await service.tenant();
  certificate = await certificateOf(2_048);
});
afterAll(async () => {
  await service?.stop();
  await elsewhere?.stop();
});

const certificateOf = async (keySize: number, more: object = {}) =>
  (await generate([{ name: 'commonName', value: 'idp.example' }], { keySize, algorithm: 'sha256', ...more }))
    .cert;
const saml = (more: object = {}) => ({
  provider_type: 'saml',
  name: 'Corporate SSO',
  entity_id: 'https://idp.example.com',
  sso_url: 'https://127.0.0.1:8443/sso/saml',
  certificate,
  ...more,
});
const oidc = (more: object = {}) => ({
  provider_type: 'oidc',
  name: 'Corporate OIDC',
  issuer: elsewhere.issuer,
  client_id: CLIENT.client_id,
  client_secret: CLIENT.client_secret,
  ...more,
});
const create = async (body: object, by = acme): Promise<number> => {
  const answer = await by.administrator.post(PATH, body);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body.data.provider.id;
};
const wrong = async (body: object) => {
  const { status, body: answer } = await acme.administrator.post(PATH, body);
  return [status, ...(answer.error?.details ?? []).map(({ field }: { field: string }) => field)];
};
const audited = async (action: string) =>
  await service.sql<{ metadata: Record<string, unknown> }>(
    'select metadata from sso.audit_log where action = ? order by id',
    [action],
  );

describe('a provider', () => {
  it('is made active, and answered without what it is set up by', async () => {
    const { status, body } = await acme.administrator.post(PATH, saml());
    expect(status).toBe(201);
    expect(body).toMatchObject({ success: true, message: 'SSO provider created successfully' });
    expect(body.data).toEqual({
      provider: { id: expect.any(Number), name: 'Corporate SSO', provider_type: 'saml', status: 'active' },
      message: 'SSO provider created successfully',
    });
  });
  it('is shown with fingerprint and expiry of its certificate, and never with certificate or secret', async () => {
    const id = await create(saml({ domains: ['Example.com', 'example.com', acme.domain] }));
    const { body, text } = await acme.administrator.get(`${PATH}/${id}`).expect(200);
    expect(body.data.provider).toEqual({
      id,
      name: 'Corporate SSO',
      provider_type: 'saml',
      status: 'active',
      entity_id: 'https://idp.example.com',
      sso_url: 'https://127.0.0.1:8443/sso/saml',
      slo_url: null,
      slo_response_url: null,
      slo_binding: 'redirect',
      metadata_url: null,
      metadata_refresh: false,
      idp_initiated: true,
      sign_requests: false,
      encrypt_assertions: 'off',
      issuer: null,
      client_id: null,
      scopes: null,
      attribute_mapping: { email: 'email', name: 'displayName' },
      domains: ['example.com', acme.domain],
      verified_domains: [acme.domain],
      group_mappings: [],
      certificate_fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      certificate_expires_at: expect.stringMatching(/Z$/),
      certificates: [
        {
          fingerprint: body.data.provider.certificate_fingerprint,
          not_before: expect.stringMatching(/Z$/),
          not_after: body.data.provider.certificate_expires_at,
          missing_since: null,
        },
      ],
      metadata: null,
      statistics: { logins_total: 0, logins_30d: 0, failures_30d: 0, last_login_at: null },
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
    });
    const other = await create(oidc());
    const shown = await acme.administrator.get(`${PATH}/${other}`);
    expect(shown.body.data.provider).toMatchObject({
      issuer: elsewhere.issuer,
      client_id: CLIENT.client_id,
      scopes: ['openid', 'email', 'profile'],
      attribute_mapping: {
        email: 'email',
        name: 'name',
        given_name: 'given_name',
        family_name: 'family_name',
      },
      domains: [acme.domain],
      certificate_fingerprint: null,
    });
    for (const secret of [CLIENT.client_secret, 'BEGIN CERTIFICATE', certificate.slice(60, 120)]) {
      expect(text + shown.text).not.toContain(secret);
      expect(JSON.stringify(await service.sql('select event from sso.outbox'))).not.toContain(secret);
      expect(JSON.stringify(await service.sql('select metadata from sso.audit_log'))).not.toContain(secret);
    }
    expect(JSON.stringify(await service.sql('select * from sso.providers'))).not.toContain(
      CLIENT.client_secret,
    );
  });
  it('is listed with the others of the organization, and those of no other', async () => {
    const other = await service.tenant();
    const ids = [await create(saml(), other), await create(oidc(), other)];
    const { body } = await other.administrator.get(PATH).expect(200);
    expect(body.data.providers.map(({ id }: { id: number }) => id)).toEqual(ids);
    expect(body.data.total_count).toBe(2);
    expect((await other.administrator.get(`${PATH}?skip=1&limit=1`)).body.data.providers).toHaveLength(1);
  });
  it('is changed in what is given, and keeps the rest', async () => {
    const id = await create(oidc({ domains: ['one.example'] }));
    const before = (await acme.administrator.get(`${PATH}/${id}`)).body.data.provider;
    const { body } = await acme.administrator.put(`${PATH}/${id}`, {
      name: 'Renamed',
      domains: ['two.example'],
    });
    expect(body.data).toEqual({
      provider: { id, name: 'Renamed', provider_type: 'oidc', status: 'active' },
      message: 'SSO provider updated successfully',
    });
    const after = (await acme.administrator.get(`${PATH}/${id}`)).body.data.provider;
    const changed = {
      name: 'Renamed',
      domains: ['two.example'],
      verified_domains: [],
      updated_at: after.updated_at,
    };
    expect(after).toEqual({ ...before, ...changed });
    expect((await audited('sso.provider.updated')).at(-1)!.metadata).toMatchObject({
      fields: ['name', 'domains'],
      changes: { name: { before: 'Corporate OIDC', after: 'Renamed' } },
    });
    await acme.administrator.put(`${PATH}/${id}`, { client_secret: 'another-secret' }).expect(200);
    expect((await audited('sso.provider.updated')).at(-1)!.metadata).toMatchObject({
      fields: ['client_secret'],
      changes: {},
    });
  });
  it('changes its certificates while the old one is still trusted', async () => {
    const id = await create(saml());
    const next = await certificateOf(2_048);
    await acme.administrator.put(`${PATH}/${id}`, { certificate: `${certificate}\n${next}` }).expect(200);
    const [row] = await service.sql<{ n: number }>(
      'select jsonb_array_length(certificates) as n from sso.providers where id = ?',
      [id],
    );
    expect(row!.n).toBe(2);
  });
  it('tells identity when it is made inactive, and when it is deleted, whether to end its sessions', async () => {
    const [first, second] = [await create(oidc()), await create(oidc())];
    const ended = async () =>
      (await audited('sso.provider.deactivated')).map(({ metadata }) => [
        metadata.provider_id,
        metadata.end_sessions,
      ]);
    await acme.administrator.put(`${PATH}/${first}`, { status: 'inactive', end_sessions: true }).expect(200);
    await acme.administrator.put(`${PATH}/${first}`, { status: 'inactive' }).expect(200);
    await acme.administrator.put(`${PATH}/${first}`, { status: 'active' }).expect(200);
    await acme.administrator.put(`${PATH}/${first}`, { status: 'inactive' }).expect(200);
    expect(
      (await acme.administrator.delete(`${PATH}/${second}?end_sessions=true`).expect(200)).body.data,
    ).toEqual({
      provider: { id: second },
    });
    expect((await ended()).slice(-3)).toEqual([
      [first, true],
      [first, false],
      [second, true],
    ]);
    expectError(await acme.administrator.get(`${PATH}/${second}`), 404, 'PROVIDER_NOT_FOUND');
    expectError(
      await acme.administrator.put(`${PATH}/${first}`, { end_sessions: true }),
      422,
      'VALIDATION_ERROR',
    );
  });
  it('is changed by a stale copy of it no more', async () => {
    const id = await create(saml());
    const { headers } = await acme.administrator.get(`${PATH}/${id}`);
    const match = { headers: { 'if-match': headers.get('etag')! } };
    await acme.administrator.put(`${PATH}/${id}`, { name: 'First' }, match).expect(200);
    await acme.administrator.put(`${PATH}/${id}`, { name: 'Second' }, match).expect(412);
  });
  it('is one of twenty at most, however many are made at once', async () => {
    const other = await service.tenant();
    const answers = await Promise.all(
      Array.from({ length: 23 }, () => other.administrator.post(PATH, saml())),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(20).fill(201), 409, 409, 409]);
  });
});

describe('what a provider is set up by', () => {
  it('is as much as its type needs, and nothing of the other type', async () => {
    const { entity_id: _1, sso_url: _2, certificate: _3, ...bare } = saml() as Record<string, unknown>;
    expect(await wrong(bare)).toEqual([422, 'body.entity_id', 'body.sso_url', 'body.certificate']);
    expect(await wrong({ provider_type: 'oidc', name: 'x' })).toEqual([422, 'body.issuer', 'body.client_id']);
    expect(await wrong(saml({ issuer: 'https://idp.example', scopes: ['openid'] }))).toEqual([
      422,
      'body.issuer',
      'body.scopes',
    ]);
    expect(await wrong(oidc({ certificate }))).toEqual([422, 'body.certificate']);
    expect(await wrong({ ...saml(), provider_type: 'ldap' })).toEqual([422, 'body.provider_type']);
    expect(await wrong(oidc({ scopes: ['email'] }))).toEqual([422, 'body.scopes']);
    expect(await wrong(oidc({ attribute_mapping: { role: 'x' } }))).toEqual([
      422,
      'body.attribute_mapping.role',
    ]);
    expect(await wrong(oidc({ domains: ['acme', 'a b.example'] }))).toEqual([
      422,
      'body.domains.0',
      'body.domains.1',
    ]);
  });
  it('is a certificate that can be trusted', async () => {
    const past = { notBeforeDate: new Date(0), notAfterDate: new Date(86_400_000) };
    for (const bad of [
      'x',
      '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----',
      await certificateOf(1_024),
      await certificateOf(2_048, past),
    ])
      expect(await wrong(saml({ certificate: bad }))).toEqual([422, 'body.certificate']);
  });
  it('are URLs that lead outside, over TLS', async () => {
    for (const sso_url of [
      'http://idp.example.com/',
      'https://10.0.0.1/',
      'https://user:pw@127.0.0.1:8443/',
      'file:///etc/passwd',
      'https://169.254.169.254/',
    ])
      expect(await wrong(saml({ sso_url }))).toEqual([422, 'body.sso_url']);
    for (const issuer of [
      'http://10.0.0.1/',
      'https://[::ffff:169.254.169.254]/',
      `${elsewhere.issuer}/nothing-here`,
    ])
      expect(await wrong(oidc({ issuer }))).toEqual([422, 'body.issuer']);
  });
  it('may be a sign-in page whose name only browsers can find', async () => {
    const sso_url = 'https://adfs.corp.invalid/adfs/ls/';
    const id = await create(saml({ sso_url }));
    expect((await acme.administrator.get(`${PATH}/${id}`)).body.data.provider.sso_url).toBe(sso_url);
    expect(await wrong(oidc({ issuer: 'https://login.corp.invalid/' }))).toEqual([422, 'body.issuer']);
  });
  it('is checked as a whole before anything of it is kept', async () => {
    const id = await create(oidc());
    const answer = await acme.administrator.put(`${PATH}/${id}`, {
      name: 'Half',
      issuer: 'https://10.0.0.1/',
    });
    expect(answer.status).toBe(422);
    expect((await acme.administrator.get(`${PATH}/${id}`)).body.data.provider.name).toBe('Corporate OIDC');
    expectError(
      await acme.administrator.put(`${PATH}/${id}`, { provider_type: 'oidc' }),
      422,
      'VALIDATION_ERROR',
    );
    expectError(await acme.administrator.put(`${PATH}/${id}`, { certificate }), 422, 'VALIDATION_ERROR');
  });
  it('gives groups no role that the caller could not hand out, and none without knowing where groups are', async () => {
    service.fleet.powerful.add(77);
    const group_mappings = [{ group: 'Everybody', role_id: 77 }];
    const attribute_mapping = { email: 'email', groups: 'groups' };
    expectError(
      await acme.administrator.post(PATH, oidc({ group_mappings, attribute_mapping })),
      403,
      'FORBIDDEN',
    );
    expect(await wrong(oidc({ group_mappings: [{ group: 'x', role_id: 5 }] }))).toEqual([
      422,
      'body.group_mappings',
    ]);
    const id = await create(oidc({ attribute_mapping }));
    expectError(await acme.administrator.put(`${PATH}/${id}`, { group_mappings }), 403, 'FORBIDDEN');
  });
});

describe('who may set one up', () => {
  it('is an administrator of the organization, in a session that is fresh', async () => {
    const id = await create(oidc());
    const requests = (by: ReturnType<SsoUnderTest['as']>) => [
      by.get(PATH),
      by.get(`${PATH}/${id}`),
      by.post(PATH, oidc()),
      by.put(`${PATH}/${id}`, { name: 'x' }),
      by.delete(`${PATH}/${id}`),
    ];
    const statuses = async (by: ReturnType<SsoUnderTest['as']>) =>
      (await Promise.all(requests(by))).map(({ status }) => status);
    const admin = { userId: 1, organizationId: acme.id };
    expect(await statuses(service.as(nobody()))).toEqual([401, 401, 401, 401, 401]);
    expect(await statuses(service.as(signedIn(admin)))).toEqual([403, 403, 403, 403, 403]);
    expect(await statuses(service.as(administrator({ ...admin, plan: 'individual' })))).toEqual([
      403, 403, 403, 403, 403,
    ]);
    const old = administrator({ ...admin, authTime: 1 });
    expect((await service.as(old).post(PATH, oidc())).body.error.code).toBe('STEP_UP_REQUIRED');
    expect((await service.as(old).put(`${PATH}/${id}`, { name: 'x' })).body.error.code).toBe(
      'STEP_UP_REQUIRED',
    );
  });
  it('finds none of another organization', async () => {
    const id = await create(oidc());
    const { administrator: stranger } = await service.tenant();
    for (const answer of await Promise.all([
      stranger.get(`${PATH}/${id}`),
      stranger.put(`${PATH}/${id}`, { name: 'Mine' }),
      stranger.delete(`${PATH}/${id}`),
      stranger.get(`${PATH}/${id}/attempts`),
    ]))
      expectError(answer, 404, 'PROVIDER_NOT_FOUND');
  });
});

describe('which provider an address signs in with', () => {
  const discover = async (body: object) =>
    (await service.anonymous.post('/api/v1/sso/discover', body).expect(200)).body.data.providers;

  it('are those that are active and serve its domain, once the organization has verified that', async () => {
    const other = await service.tenant();
    const [first, second, third] = [
      await create(oidc(), other),
      await create(saml(), other),
      await create(saml(), other),
    ];
    await other.administrator.put(`${PATH}/${third}`, { status: 'inactive' }).expect(200);
    const expected = [
      {
        id: first,
        name: 'Corporate OIDC',
        provider_type: 'oidc',
        login_url: `http://rivergate.test${PATH}/${first}/login`,
      },
      {
        id: second,
        name: 'Corporate SSO',
        provider_type: 'saml',
        login_url: `http://rivergate.test${PATH}/${second}/login`,
      },
    ];
    expect(await discover({ email: `Anybody@${other.domain.toUpperCase()}` })).toEqual(expected);
    expect(await discover({ domain: other.domain })).toEqual(expected);
    await create(saml({ domains: ['unproved.example', other.domain] }));
    expect(await discover({ domain: 'unproved.example' })).toEqual([]);
    expect(await discover({ domain: other.domain })).toEqual(expected);
    for (const domain of [`sub.${other.domain}`, 'nobody.example'])
      expect(await discover({ domain })).toEqual([]);
  });
  it('is told alike for who has an account and who has none', async () => {
    const other = await service.tenant();
    await create(oidc(), other);
    service.fleet.account(`known@${other.domain}`);
    const [known, unknown] = await Promise.all(
      ['known', 'unknown'].map(name => discover({ email: `${name}@${other.domain}` })),
    );
    expect(known).toEqual(unknown);
  });
  it('422 for both, neither, and what is no address', async () => {
    for (const body of [
      {},
      { email: 'a@b.example', domain: 'b.example' },
      { email: 'nobody' },
      { domain: 'x' },
    ])
      await service.anonymous.post('/api/v1/sso/discover', body).expect(422);
  });
});
