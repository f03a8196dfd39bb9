import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { samlFrontDoorOf } from '../testing/saml-front-door.ts';
import {
  type SamlIdentityProviderUnderTest,
  startSamlIdentityProvider,
} from '../testing/saml-identity-provider.ts';
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
});
afterAll(async () => {
  await service?.stop();
  await elsewhere?.stop();
});
beforeEach(() => {
  elsewhere.behaviour = { sign: 'assertion', encrypt: true, says: {} };
  elsewhere.person = { nameId: `ada@${acme.domain}` };
});

describe('the metadata of the platform', () => {
  it('has a key to encrypt for where an administrator wants that, for AES-GCM and RSA-OAEP only', async () => {
    const id = await door.create(acme);
    expect(await door.metadataOf(id)).not.toContain('use="encryption"');
    for (const encrypt_assertions of ['offered', 'required']) {
      await acme.administrator.put(`${PATH}/${id}`, { encrypt_assertions }).expect(200);
      const metadata = await door.metadataOf(id);
      expect(metadata).toContain('use="encryption"');
      const methods = [...metadata.matchAll(/EncryptionMethod Algorithm="[^"]*#([^"]+)"/g)];
      expect(methods.map(([, name]) => name)).toEqual([
        'aes256-gcm',
        'aes128-gcm',
        'rsa-oaep',
        'rsa-oaep-mgf1p',
      ]);
    }
    await acme.administrator.put(`${PATH}/${id}`, { encrypt_assertions: 'off' }).expect(200);
    expect(await door.metadataOf(id)).not.toContain('use="encryption"');
  });
});

describe('an encrypted assertion', () => {
  it.each(['offered', 'required'])('signs in where encryption is %s', async encrypt_assertions => {
    const id = await door.create(acme, { encrypt_assertions });
    for (const sign of ['assertion', 'response', 'both'] as const) {
      elsewhere.behaviour = { sign, encrypt: true, says: {} };
      expect(await door.signIn(id)).toHaveProperty('code');
    }
  });
  it('is demanded where encryption is required, and of an administrator nothing else is', async () => {
    const id = await door.create(acme, { encrypt_assertions: 'required' });
    for (const sign of ['assertion', 'response', 'both'] as const) {
      elsewhere.behaviour = { sign, encrypt: false, says: {} };
      expect(await door.signIn(id)).toMatchObject({ error: 'SAML_NOT_ENCRYPTED' });
    }
    const { attempts } = (await acme.administrator.get(`${PATH}/${id}/attempts?limit=1`)).body.data;
    expect(attempts[0]).toMatchObject({
      reason: 'SAML_NOT_ENCRYPTED',
      explanation: expect.stringContaining('encrypt_assertions'),
    });
    await acme.administrator.put(`${PATH}/${id}`, { encrypt_assertions: 'offered' }).expect(200);
    expect(await door.signIn(id)).toHaveProperty('code');
  });
  it('is refused where it is for the key of another provider, of this organization or another', async () => {
    const mine = await door.create(acme, { encrypt_assertions: 'required' });
    const own = await door.metadataOf(mine);
    for (const by of [acme, await service.tenant()]) {
      const other = await door.metadataOf(await door.create(by, { encrypt_assertions: 'required' }));
      const [certificate, foreign] = [own, other].map(
        metadata => /use="encryption".*?<ds:X509Certificate>([^<]+)/s.exec(metadata)![1]!,
      );
      elsewhere.register(own.replaceAll(certificate!, foreign!));
      expect(await door.signIn(mine)).toMatchObject({ error: 'SAML_NOT_DECRYPTED' });
    }
    elsewhere.register(own);
    expect(await door.signIn(mine)).toHaveProperty('code');
  });
  it.each([
    ['AES-CBC', { content: 'http://www.w3.org/2001/04/xmlenc#aes256-cbc' }],
    ['Triple-DES', { content: 'http://www.w3.org/2001/04/xmlenc#tripledes-cbc' }],
    ['RSA 1.5', { key: 'http://www.w3.org/2001/04/xmlenc#rsa-1_5' }],
  ])('is refused by %s', async (_, encryption) => {
    const id = await door.create(acme, { encrypt_assertions: 'offered' });
    elsewhere.behaviour = { sign: 'both', encrypt: true, encryption, says: {} };
    expect(await door.signIn(id)).toMatchObject({ error: 'SAML_WEAK_ENCRYPTION' });
  });
  it('counts once, however often its response is posted', async () => {
    const id = await door.create(acme, { encrypt_assertions: 'required' });
    const fields = await door.returned(id);
    const said = await Promise.all(Array.from({ length: 10 }, () => door.post(id, fields)));
    expect(said.filter(({ code }) => code)).toHaveLength(1);
  });
});

describe('the setting', () => {
  it('is one of three words, and of SAML providers only', async () => {
    const id = await door.create(acme);
    const shown = (await acme.administrator.get(`${PATH}/${id}`)).body.data.provider;
    expect(shown).toMatchObject({ sign_requests: false, encrypt_assertions: 'off' });
    for (const body of [
      { encrypt_assertions: true },
      { encrypt_assertions: 'always' },
      { sign_requests: 'yes' },
    ])
      await acme.administrator.put(`${PATH}/${id}`, body).expect(422);
    const openid = { provider_type: 'oidc', name: 'x', issuer: 'https://login.example', client_id: 'x' };
    for (const more of [{ encrypt_assertions: 'offered' }, { sign_requests: true }]) {
      const answer = await acme.administrator.post(PATH, { ...openid, ...more });
      expect([answer.status, answer.body.error.details[0].field]).toEqual([
        422,
        `body.${Object.keys(more)[0]}`,
      ]);
    }
  });
});
