import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifiedQuery } from '../saml/redirect-signature.ts';
import { samlFrontDoorOf } from '../testing/saml-front-door.ts';
import {
  type SamlIdentityProviderUnderTest,
  startSamlIdentityProvider,
} from '../testing/saml-identity-provider.ts';
import { refusalOf } from '../testing/saml-scene.ts';
import { type SsoUnderTest, startSsoUnderTest, type Tenant } from '../testing/sso-under-test.ts';

const PATH = '/api/v1/sso/providers';

let elsewhere: SamlIdentityProviderUnderTest;
let service: SsoUnderTest;
let acme: Tenant;
let door: ReturnType<typeof samlFrontDoorOf>;
beforeAll(async () => {
  [elsewhere, service] = await Promise.all([startSamlIdentityProvider(), startSsoUnderTest()]);
  acme = await service.tenant();
  door = samlFrontDoorOf(service, elsewhere);
  elsewhere.person = { nameId: `ada@${acme.domain}` };
});
afterAll(async () => {
  await service?.stop();
  await elsewhere?.stop();
});

const certificateIn = (metadata: string) =>
  `-----BEGIN CERTIFICATE-----\n${/use="signing".*?<ds:X509Certificate>([^<]+)/s.exec(metadata)![1]}\n-----END CERTIFICATE-----`;
const asksFor = async (id: number) =>
  (await acme.administrator.get(`${PATH}/${id}`)).body.data.provider.sign_requests;

describe('a login request', () => {
  it('is signed where an administrator wants that, over the query as it is written', async () => {
    const id = await door.create(acme, { sign_requests: true });
    const metadata = await door.metadataOf(id);
    expect(metadata).toContain('AuthnRequestsSigned="true"');
    const query = (await door.begin(id)).search.slice(1);
    expect(new URLSearchParams(query).get('SigAlg')).toBe(
      'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    );
    const trusted = [certificateIn(metadata)];
    expect(verifiedQuery(query, 'SAMLRequest', trusted).relayState).toMatch(/^page\./);
    const other = (await door.begin(id)).search.slice(1);
    for (const changed of [
      query.replace(/RelayState=[^&]+/, 'RelayState=page.other'),
      query.replace(/SAMLRequest=[^&]+/, /SAMLRequest=[^&]+/.exec(other)![0]),
      query.replace(/&RelayState=[^&]+/, ''),
    ])
      expect(
        await refusalOf(Promise.resolve().then(() => verifiedQuery(changed, 'SAMLRequest', trusted))),
      ).toBe('INVALID_SIGNATURE');
    expect(await door.signIn(id)).toHaveProperty('code');
  });
  it('is not where nobody wants it', async () => {
    const id = await door.create(acme);
    expect(await door.metadataOf(id)).toContain('AuthnRequestsSigned="false"');
    expect([...(await door.begin(id)).searchParams.keys()]).toEqual(['SAMLRequest', 'RelayState']);
  });
  it('is signed where the metadata of the provider asks for it, unless an administrator says otherwise', async () => {
    elsewhere.wantsSignedRequests = true;
    const id = await door.create(acme);
    expect(await asksFor(id)).toBe(true);
    expect([...(await door.begin(id)).searchParams.keys()]).toContain('Signature');
    const unsigned = await door.create(acme, { sign_requests: false });
    expect(await asksFor(unsigned)).toBe(false);
    const { errors } = (await acme.administrator.post(`${PATH}/${unsigned}/test`)).body.data.test_results;
    expect(errors.map(({ code }: { code: string }) => code)).toEqual(['SIGNED_REQUESTS_WANTED']);
    await acme.administrator.put(`${PATH}/${unsigned}`, { metadata_url: elsewhere.metadataUrl }).expect(200);
    expect(await asksFor(unsigned)).toBe(true);
    elsewhere.wantsSignedRequests = false;
    await acme.administrator.put(`${PATH}/${unsigned}`, { metadata_url: elsewhere.metadataUrl }).expect(200);
    expect(await asksFor(unsigned)).toBe(true);
  });
});
