import { administrator, expectError } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LyingProvider, startLyingProvider } from '../testing/lying-provider.ts';
import {
  type SamlIdentityProviderUnderTest,
  startSamlIdentityProvider,
} from '../testing/saml-identity-provider.ts';
import { CLIENT, type SsoUnderTest, startSsoUnderTest, type Tenant } from '../testing/sso-under-test.ts';

const PATH = '/api/v1/sso/providers';

let openid: LyingProvider;
let saml: SamlIdentityProviderUnderTest;
let service: SsoUnderTest;
let acme: Tenant;
beforeAll(async () => {
  [openid, saml, service] = await Promise.all([
    startLyingProvider(),
    startSamlIdentityProvider(),
    startSsoUnderTest(),
  ]);
  acme = await service.tenant();
});
afterAll(async () => {
  await service?.stop();
  await saml?.stop();
  await openid?.stop();
});
beforeEach(() => {
  openid.metadata = {};
  openid.tokenAnswer = { status: 400, body: { error: 'invalid_grant' } };
});

const create = async (body: object): Promise<number> => {
  const answer = await acme.administrator.post(PATH, { name: 'Corporate', ...body });
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body.data.provider.id;
};
const openidProvider = () =>
  create({
    provider_type: 'oidc',
    issuer: openid.issuer,
    client_id: CLIENT.client_id,
    client_secret: CLIENT.client_secret,
  });
const samlProvider = async () => {
  const id = await create({ provider_type: 'saml', metadata_url: saml.metadataUrl });
  saml.register((await service.anonymous.get(`${PATH}/${id}/metadata`)).text);
  return id;
};
const test = async (id: number) => (await acme.administrator.post(`${PATH}/${id}/test`).expect(200)).body;
const codesOf = ({ data }: { data: { test_results: { errors: { check: string; code: string }[] } } }) =>
  data.test_results.errors.map(({ check, code }) => [check, code]);

describe('the test of a provider', () => {
  it('says that all is well, changes nothing, and is audited', async () => {
    for (const id of [await openidProvider(), await samlProvider()]) {
      await acme.administrator.put(`${PATH}/${id}`, { status: 'inactive' }).expect(200);
      const before = (await acme.administrator.get(`${PATH}/${id}`)).body.data.provider;
      const body = await test(id);
      expect(body.data).toEqual({
        test_results: { connection: 'success', authentication_flow: 'success', errors: [] },
        message: 'SSO provider test completed successfully',
      });
      expect((await acme.administrator.get(`${PATH}/${id}`)).body.data.provider).toEqual(before);
      const [entry] = await service.sql<{ metadata: object }>(
        "select metadata from sso.audit_log where action = 'sso.provider.tested' order by id desc limit 1",
      );
      expect(entry!.metadata).toMatchObject({ provider_id: id, connection: 'success' });
    }
  });
  it('says that the provider does not know the client', async () => {
    const id = await openidProvider();
    openid.tokenAnswer = { status: 401, body: { error: 'invalid_client' } };
    const body = await test(id);
    expect(body.message).toBe('SSO provider test completed with errors');
    expect(body.data.test_results).toMatchObject({ connection: 'success', authentication_flow: 'failed' });
    expect(codesOf(body)).toEqual([['authentication_flow', 'TOKEN_REFUSED']]);
    expect(body.data.test_results.errors[0].message).toContain('(invalid_client)');
  });
  it('says what of the discovery document leads nowhere, and skips the rest', async () => {
    const id = await openidProvider();
    openid.metadata = { issuer: 'https://other.example' };
    expect(codesOf(await test(id))).toEqual([['metadata', 'DISCOVERY_FAILED']]);
    openid.metadata = { authorization_endpoint: 'http://10.0.0.1/authorize' };
    const body = await test(id);
    expect(codesOf(body)).toEqual([['connection', 'ADDRESS_NOT_ALLOWED']]);
    expect(body.data.test_results).toMatchObject({ connection: 'failed', authentication_flow: 'skipped' });
    openid.metadata = { jwks_uri: `${openid.issuer}/userinfo` };
    expect(codesOf(await test(id))).toEqual([['certificate', 'NO_USABLE_KEY']]);
  });
  it('says that metadata has a certificate that is not trusted yet', async () => {
    const id = await samlProvider();
    await saml.rotate();
    const body = await test(id);
    expect(codesOf(body)).toEqual([['certificate', 'UNKNOWN_CERTIFICATE']]);
    expect(body.data.test_results).toMatchObject({ connection: 'failed', authentication_flow: 'success' });
  });
  it('is one of ten a minute for a provider, and of its organization alone', async () => {
    const id = await openidProvider();
    const stranger = service.as(administrator({ userId: 1, organizationId: 777_777 }));
    expectError(await stranger.post(`${PATH}/${id}/test`), 404, 'PROVIDER_NOT_FOUND');
    const answers = await Promise.all(
      Array.from({ length: 11 }, () => acme.administrator.post(`${PATH}/${id}/test`)),
    );
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(1);
  });
});
