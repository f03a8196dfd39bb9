import { expectError, nobody, signedIn } from '@rivergate/testing';
import type { IdentityProviderUnderTest } from '@rivergate/testing/identity-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSamlIdentityProvider } from '../testing/saml-identity-provider.ts';
import {
  type SsoUnderTest,
  startOpenidProvider,
  startSsoUnderTest,
  type Tenant,
} from '../testing/sso-under-test.ts';

const PATH = '/api/v1/sso/providers';
const VENDORS = ['entra', 'adfs', 'okta', 'google', 'keycloak', 'onelogin', 'jumpcloud'];
const MAPPING = {
  email: 'the mail',
  name: 'the name',
  given_name: 'the first name',
  family_name: 'the last name',
  groups: 'the groups',
};

interface Field {
  label: string;
  name: string | null;
  value: string;
}

let elsewhere: [IdentityProviderUnderTest, Awaited<ReturnType<typeof startSamlIdentityProvider>>];
let service: SsoUnderTest;
let acme: Tenant;
let oidc: number;
let saml: number;
beforeAll(async () => {
  elsewhere = await Promise.all([startOpenidProvider(), startSamlIdentityProvider()]);
  service = await startSsoUnderTest();
  acme = await service.tenant();
  oidc = await service.oidcProvider(acme, elsewhere[0], { attribute_mapping: MAPPING });
  saml = await samlProvider(acme, { attribute_mapping: MAPPING });
});
afterAll(async () => {
  await service?.stop();
  await Promise.all(elsewhere?.map(provider => provider.stop()) ?? []);
});

async function samlProvider({ administrator }: Tenant, more: object): Promise<number> {
  const body = { provider_type: 'saml', name: 'Corporate', metadata_url: elsewhere[1].metadataUrl, ...more };
  const answer = await administrator.post(PATH, body);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body.data.provider.id;
}

const ask = (id: number, vendor: string, by = acme.administrator) =>
  by.get(`${PATH}/${id}/guide?vendor=${vendor}`);
const guideOf = async (id: number, vendor: string) => (await ask(id, vendor).expect(200)).body.data;
const fieldsOf = ({ steps }: { steps: { fields: Field[] }[] }) => steps.flatMap(({ fields }) => fields);
const byName = (fields: Field[]): Record<string, string> =>
  Object.fromEntries(fields.flatMap(({ name, value }) => (name === null ? [] : [[name, value]])));

const metadataOf = (id: number) => service.anonymous.get(`${PATH}/${id}/metadata`).expect(200);
const attributeIn = (xml: string, pattern: RegExp) => pattern.exec(xml)![1]!;

describe('the guide of a vendor', () => {
  it('has, for a SAML provider, the addresses that its metadata has', async () => {
    const { text: xml } = await metadataOf(saml);
    const entityId = attributeIn(xml, /entityID="([^"]+)"/);
    const published: Record<string, string> = {
      entity_id: entityId,
      metadata_url: entityId,
      acs_url: attributeIn(xml, /AssertionConsumerService [^>]*Location="([^"]+)"/),
      slo_url: attributeIn(xml, /SingleLogoutService [^>]*Location="([^"]+)"/),
    };
    for (const vendor of VENDORS) {
      const { guide, provider_type } = await guideOf(saml, vendor);
      expect(provider_type).toBe('saml');
      const found = byName(fieldsOf(guide));
      expect(Object.keys(found), vendor).toEqual(expect.arrayContaining(['entity_id', 'acs_url']));
      for (const [name, value] of Object.entries(found))
        if (name in published) expect(value, `${vendor} ${name}`).toBe(published[name]);
    }
  });

  it('has, for an OpenID provider, the addresses that its metadata has', async () => {
    const { data } = (await metadataOf(oidc)).body;
    const published: Record<string, string> = {
      redirect_uri: data.redirect_uris[0],
      post_logout_redirect_uri: data.post_logout_redirect_uris[0],
      backchannel_logout_uri: data.backchannel_logout_uri,
      initiate_login_uri: data.initiate_login_uri,
    };
    const seen = new Set<string>();
    for (const vendor of VENDORS.filter(name => name !== 'adfs')) {
      const { guide, provider_type } = await guideOf(oidc, vendor);
      expect(provider_type).toBe('oidc');
      const found = byName(fieldsOf(guide));
      expect(found, vendor).toHaveProperty('redirect_uri');
      for (const [name, value] of Object.entries(found)) {
        seen.add(name);
        if (name in published) expect(value, `${vendor} ${name}`).toBe(published[name]);
      }
    }
    expect([...seen]).toEqual(expect.arrayContaining(Object.keys(published)));
  });

  it('names the attributes that the provider is mapped by, and follows it', async () => {
    const id = await samlProvider(acme, { attribute_mapping: MAPPING });
    const before = byName(fieldsOf((await guideOf(id, 'keycloak')).guide));
    expect(before).toMatchObject({
      email_attribute: MAPPING.email,
      given_name_attribute: MAPPING.given_name,
      family_name_attribute: MAPPING.family_name,
      groups_attribute: MAPPING.groups,
    });
    const change = { attribute_mapping: { email: 'another' } };
    await acme.administrator.put(`${PATH}/${id}`, change).expect(200);
    const after = byName(fieldsOf((await guideOf(id, 'keycloak')).guide));
    expect(Object.entries(after).filter(([name]) => name.endsWith('_attribute'))).toEqual([
      ['email_attribute', 'another'],
    ]);
  });

  it('leaves out a step of which nothing concerns the provider', async () => {
    const id = await service.oidcProvider(acme, elsewhere[0], { attribute_mapping: { email: 'email' } });
    const [without, along] = [await guideOf(id, 'okta'), await guideOf(oidc, 'okta')];
    expect(along.guide.steps.length - without.guide.steps.length).toBe(1);
  });

  it('suggests a mapping that the provider can be given as it is', async () => {
    for (const vendor of VENDORS) {
      const { attribute_mapping } = (await guideOf(saml, vendor)).guide;
      expect(attribute_mapping, vendor).toHaveProperty('email');
      const id = await samlProvider(acme, { attribute_mapping });
      await acme.administrator.delete(`${PATH}/${id}`).expect(200);
    }
  });

  it('has the base URL of SCIM where the vendor provisions', async () => {
    const { base_url } = (await acme.administrator.get('/api/v1/sso/scim').expect(200)).body.data.scim;
    for (const vendor of VENDORS.filter(name => name !== 'adfs'))
      for (const id of [saml, oidc]) {
        const { provisioning } = await guideOf(id, vendor);
        if (['google', 'keycloak'].includes(vendor)) expect(provisioning, vendor).toBeNull();
        else expect(byName(fieldsOf(provisioning)), vendor).toEqual({ scim_base_url: base_url });
      }
  });

  it('gives OneLogin a pattern that matches the ACS URL and nothing around it', async () => {
    const { acs_url, acs_url_pattern } = byName(fieldsOf((await guideOf(saml, 'onelogin')).guide));
    const pattern = new RegExp(acs_url_pattern!);
    expect(pattern.test(acs_url!)).toBe(true);
    for (const other of [`${acs_url}x`, `https://evil.example/?${acs_url}`, acs_url!.replace('.', 'x')])
      expect(pattern.test(other), other).toBe(false);
  });

  it('tells nothing that is secret, also where the provider has a secret', async () => {
    const { text } = await ask(oidc, 'okta').expect(200);
    const secrets = await service.sql<{ client_secret_sealed: string }>(
      'select client_secret_sealed from sso.providers where id = ?',
      [oidc],
    );
    expect(secrets[0]!.client_secret_sealed.length).toBeGreaterThan(20);
    expect(text).not.toContain(secrets[0]!.client_secret_sealed);
    expect(text).not.toContain('certificates');
  });
});

describe('a guide is refused', () => {
  it('of a vendor that is unknown, and of none', async () => {
    for (const vendor of ['auth0', '', 'OKTA', '__proto__', 'constructor', 'okta&vendor=entra'])
      expectError(await ask(saml, vendor), 422, 'VALIDATION_ERROR');
    expectError(await acme.administrator.get(`${PATH}/${saml}/guide`), 422, 'VALIDATION_ERROR');
  });

  it('where the vendor has none for providers of this type', async () => {
    expectError(await ask(oidc, 'adfs'), 404, 'GUIDE_NOT_FOUND');
    await ask(saml, 'adfs').expect(200);
  });

  it('of a provider of another organization, as of one that is not there', async () => {
    const other = await service.tenant();
    for (const vendor of ['okta', 'adfs'])
      for (const id of [saml, oidc, 2_000_000_000])
        expectError(await ask(id, vendor, other.administrator), 404, 'PROVIDER_NOT_FOUND');
  });

  it('to whoever is not signed in or not an administrator', async () => {
    expectError(await ask(saml, 'okta', service.as(nobody())), 401, 'UNAUTHORIZED');
    const member = service.as(signedIn({ userId: 77, organizationId: acme.id }));
    expectError(await ask(saml, 'okta', member), 403, 'FORBIDDEN');
  });
});
