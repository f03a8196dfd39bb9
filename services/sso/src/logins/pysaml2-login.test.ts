import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { testPysaml2 } from '@rivergate/testing/on-demand';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Pysaml2IdentityProvider, startPysaml2 } from '../testing/pysaml2-identity-provider.ts';
import { samlFrontDoor } from '../testing/saml-front-door.ts';
import { signingKey } from '../testing/saml-keys.ts';
import { inBase64 } from '../testing/saml-messages.ts';
import { type SsoUnderTest, startSsoUnderTest, type Tenant } from '../testing/sso-under-test.ts';

const python = await testPysaml2();
const ENTITY = 'https://pysaml2.test/idp';
const PATH = '/api/v1/sso/providers';

describe.skipIf(python.reason !== undefined)('a provider by pysaml2, with xmlsec1', () => {
  let service: SsoUnderTest;
  let acme: Tenant;
  let elsewhere: Pysaml2IdentityProvider;
  let published: Server;
  let door: ReturnType<typeof samlFrontDoor>;
  let provider: number;

  beforeAll(async () => {
    const key = await signingKey();
    service = await startSsoUnderTest();
    acme = await service.tenant();
    await service.verify(acme, 'example.com');
    door = samlFrontDoor(service);
    const made = {
      provider_type: 'saml',
      name: 'pysaml2',
      entity_id: ENTITY,
      sso_url: `${ENTITY}/sso`,
      certificate: key.certificate,
      domains: ['example.com'],
      encrypt_assertions: 'required',
    };
    const { body } = await acme.administrator.post(PATH, made).expect(201);
    provider = body.data.provider.id;
    elsewhere = await startPysaml2(python.value!, ENTITY, key, await door.metadataOf(provider));
    const { xml } = await elsewhere.ask({ do: 'metadata' });
    published = createServer((_, response) => response.end(xml));
    await new Promise<void>(resolve => published.listen(0, '127.0.0.1', resolve));
  }, 60_000);

  afterAll(async () => {
    await elsewhere?.stop();
    published?.close();
    await service?.stop();
  });

  const change = (body: object) => acme.administrator.put(`${PATH}/${provider}`, body).expect(200);
  /** The response of pysaml2 to the next login request, as a browser posts it. */
  async function returned(more: object = {}) {
    const query = Object.fromEntries((await door.begin(provider)).searchParams);
    const asked = {
      do: 'login_by_aes_gcm',
      query,
      encrypt: true,
      sign_assertion: true,
      sign_response: false,
    };
    const { xml } = await elsewhere.ask({ ...asked, ...more });
    return { SAMLResponse: inBase64(xml!), RelayState: query.RelayState! };
  }
  const signIn = async (more: object = {}) => await door.post(provider, await returned(more));
  /** Has pysaml2 know the platform by its metadata of now. */
  const registerAnew = async () => await elsewhere.register(await door.metadataOf(provider));

  it('takes no login request that is not signed', async () => {
    await expect(returned()).rejects.toThrow(/not signed correctly/);
  });

  it('signs people in by signed requests, which its metadata asks for, and encrypted assertions', async () => {
    const metadata_url = `http://127.0.0.1:${(published.address() as AddressInfo).port}/`;
    await change({ metadata_url });
    for (const signing of [
      { sign_assertion: true, sign_response: false },
      { sign_assertion: true, sign_response: true },
      { sign_assertion: false, sign_response: true },
    ])
      expect(await signIn(signing)).toHaveProperty('code');
  });

  it('is refused where it does not encrypt, or as it does by itself, by Triple-DES', async () => {
    expect(await signIn({ do: 'login', encrypt: false })).toMatchObject({ error: 'SAML_NOT_ENCRYPTED' });
    expect(await signIn({ do: 'login' })).toMatchObject({ error: 'SAML_WEAK_ENCRYPTION' });
  });

  it('signs people in at each step of a rotation, with metadata from before the step and after', async () => {
    const keys = `${PATH}/${provider}/keys`;
    const { body } = await acme.administrator.post(keys).expect(201);
    const [old] = (await acme.administrator.get(keys)).body.data.keys;
    expect(await signIn()).toHaveProperty('code');
    await registerAnew();
    expect(await signIn()).toHaveProperty('code');
    const before = await returned();
    await acme.administrator.post(`${keys}/${body.data.key.id}/activate`).expect(200);
    expect(await door.post(provider, before)).toHaveProperty('code');
    expect(await signIn()).toHaveProperty('code');
    await registerAnew();
    expect(await signIn()).toHaveProperty('code');
    await acme.administrator.delete(`${keys}/${old.id}`).expect(200);
    expect(await signIn()).toHaveProperty('code');
    await registerAnew();
    expect(await signIn()).toHaveProperty('code');
  });
});
