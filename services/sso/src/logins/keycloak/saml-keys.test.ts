import { testKeycloak } from '@rivergate/testing/on-demand';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keycloakBrowser } from '../../testing/keycloak/browser.ts';
import {
  type KeycloakSamlScene,
  keycloakSamlScene,
  responseIn,
  SIGNED_ASSERTION,
} from '../../testing/keycloak/saml-scene.ts';

const keycloak = await testKeycloak();

describe.skipIf(keycloak.reason !== undefined)('Keycloak, for keys of the platform', () => {
  let scene: KeycloakSamlScene;
  beforeAll(async () => {
    scene = await keycloakSamlScene(keycloak.value!);
  });
  afterAll(() => scene?.stop());

  const ENTERED = { state: expect.any(String), code: expect.any(String) };
  const REQUIRED = { encrypt_assertions: 'required' };
  const ENCRYPTED = { ...SIGNED_ASSERTION, 'saml.encrypt': 'true' };

  it('takes requests that are signed, as its metadata asks for, and no others where its client demands that', async () => {
    const pair = await scene.provider({ attributes: { 'saml.client.signature': 'true' } });
    const url = new URL(await scene.begin(pair));
    expect(url.searchParams.get('SigAlg')).toBe('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256');
    expect((await scene.signIn(pair)).said).toEqual(ENTERED);
    url.searchParams.set('RelayState', 'another');
    await expect(keycloakBrowser(scene.realm.url).go(url.href)).rejects.toThrow('Invalid requester');
    await scene.change(pair, { sign_requests: false });
    await expect(scene.signIn(pair)).rejects.toThrow('Invalid requester');
  });

  it('takes the next key of the platform once its client has the certificate of that', async () => {
    const pair = await scene.provider({ attributes: { 'saml.client.signature': 'true' } });
    const path = `/api/v1/sso/providers/${pair.id}/keys`;
    const made = await scene.acme.administrator.post(path, {}).expect(201);
    const { id, certificate } = made.body.data.key;
    expect((await scene.signIn(pair)).said).toEqual(ENTERED);
    await scene.acme.administrator.post(`${path}/${id}/activate`, {}).expect(200);
    await expect(scene.signIn(pair)).rejects.toThrow('Invalid requester');
    const base64 = certificate.replace(/-----[^-]+-----|\s/g, '');
    await scene.realm.change(pair.client, { attributes: { 'saml.signing.certificate': base64 } });
    expect((await scene.signIn(pair)).said).toEqual(ENTERED);
  });

  it.each([
    { signed: 'the assertion', attributes: ENCRYPTED },
    {
      signed: 'the response',
      attributes: { 'saml.assertion.signature': 'false', 'saml.server.signature': 'true' },
    },
    { signed: 'both', attributes: { 'saml.server.signature': 'true' } },
  ])(
    'encrypts for the certificate in our metadata, by what it does by itself, and signs $signed',
    async ({ attributes }) => {
      const pair = await scene.provider({ attributes: { ...ENCRYPTED, ...attributes } }, REQUIRED);
      const { person, sent, said } = await scene.signIn(pair);
      expect(responseIn(sent)).toContain('EncryptedAssertion');
      expect(responseIn(sent)).not.toContain(person.email);
      expect(said).toEqual(ENTERED);
      const { user_id } = scene.loginOf(said);
      expect(scene.service.fleet.accounts.get(user_id)!.email).toBe(person.email);
    },
  );

  it('signs nobody in by an assertion that is not encrypted where that is required, or is by CBC', async () => {
    const pair = await scene.provider({ attributes: ENCRYPTED }, REQUIRED);
    const by = async (attributes: Record<string, string>) => {
      await scene.realm.change(pair.client, { attributes });
      return (await scene.signIn(pair)).said;
    };
    expect(await by({ 'saml.encrypt': 'false' })).toMatchObject({ error: 'SAML_NOT_ENCRYPTED' });
    const cbc = 'http://www.w3.org/2001/04/xmlenc#aes256-cbc';
    expect(await by({ 'saml.encrypt': 'true', 'saml.encryption.algorithm': cbc })).toMatchObject({
      error: 'SAML_WEAK_ENCRYPTION',
    });
  });
});
