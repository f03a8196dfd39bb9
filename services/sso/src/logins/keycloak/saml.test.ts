import { testKeycloak } from '@rivergate/testing/on-demand';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keycloakBrowser } from '../../testing/keycloak/browser.ts';
import { samlMappers } from '../../testing/keycloak/mappers.ts';
import {
  type KeycloakSamlScene,
  keycloakSamlScene,
  type Pair,
  responseIn,
  SIGNED_ASSERTION,
} from '../../testing/keycloak/saml-scene.ts';
import { browser } from '../../testing/sso-under-test.ts';

const keycloak = await testKeycloak();

describe.skipIf(keycloak.reason !== undefined)('Keycloak as SAML provider', () => {
  let scene: KeycloakSamlScene;
  beforeAll(async () => {
    scene = await keycloakSamlScene(keycloak.value!);
  });
  afterAll(() => scene?.stop());

  const ENTERED = { state: expect.any(String), code: expect.any(String) };
  const SIGNED_RESPONSE = { 'saml.assertion.signature': 'false', 'saml.server.signature': 'true' };
  const SIGNED_BOTH = { 'saml.assertion.signature': 'true', 'saml.server.signature': 'true' };
  const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
  const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';

  describe.each(['RSA_SHA256', 'RSA_SHA512'])('that signs by %s', algorithm => {
    it.each([
      { signed: 'the assertion', attributes: SIGNED_ASSERTION, signatures: 1 },
      { signed: 'the response', attributes: SIGNED_RESPONSE, signatures: 1 },
      { signed: 'both', attributes: SIGNED_BOTH, signatures: 2 },
    ])('signs somebody in where it signs $signed', async ({ attributes, signatures }) => {
      const pair = await scene.provider({
        attributes: { ...attributes, 'saml.signature.algorithm': algorithm },
      });
      const { person, sent, said } = await scene.signIn(pair);
      expect(responseIn(sent).match(/(?<=SignatureMethod Algorithm=")[^"]*/g)).toEqual(
        Array.from(
          { length: signatures },
          () => `http://www.w3.org/2001/04/xmldsig-more#${algorithm.toLowerCase().replace('_', '-')}`,
        ),
      );
      expect(said).toEqual(ENTERED);
      const { user_id } = scene.loginOf(said);
      expect(scene.service.fleet.accounts.get(user_id)!.email).toBe(person.email);
    });
  });

  it('signs nobody in where it signs nothing, or by SHA-1', async () => {
    const unsigned = await scene.provider({ attributes: { 'saml.assertion.signature': 'false' } });
    const { sent, said } = await scene.signIn(unsigned);
    expect(responseIn(sent)).not.toContain('SignatureValue');
    expect(said).toMatchObject({ error: 'SAML_UNSIGNED' });
    const weak = await scene.provider({ attributes: { 'saml.signature.algorithm': 'RSA_SHA1' } });
    expect((await scene.signIn(weak)).said).toMatchObject({ error: 'SAML_WEAK_ALGORITHM' });
  });

  it.each([
    { format: 'persistent', name: PERSISTENT, protocolMappers: samlMappers },
    // The address, where no mapper says that.
    { format: 'email', name: EMAIL, protocolMappers: [] },
  ])(
    'knows the same person again by a NameID of the format $format',
    async ({ format, name, protocolMappers }) => {
      const pair = await scene.provider({ attributes: { saml_name_id_format: format }, protocolMappers });
      const { person, said } = await scene.signIn(pair);
      const { received } = await scene.lastAttempt(pair);
      expect(received.Format).toBe(name);
      const again = await scene.signIn(pair, { person });
      expect(scene.loginOf(again.said).user_id).toBe(scene.loginOf(said).user_id);
      expect((await scene.lastAttempt(pair)).received.NameID).toBe(received.NameID);
      const { user_id } = scene.loginOf(said);
      expect(scene.service.fleet.accounts.get(user_id)!.email).toBe(person.email);
    },
  );

  it('signs nobody in by a NameID that is another one at each login', async () => {
    const pair = await scene.provider({ attributes: { saml_name_id_format: 'transient' } });
    expect((await scene.signIn(pair)).said).toMatchObject({ error: 'TRANSIENT_NAME_ID' });
  });

  it('gives roles by its groups, and names people', async () => {
    const pair = await scene.provider(
      {},
      { group_mappings: [{ group: 'Analysts', role_id: 5, workspace_id: 7 }] },
    );
    const { person, said } = await scene.signIn(pair, { groups: ['Analysts', 'Others'] });
    const { user_id } = scene.loginOf(said);
    expect(scene.service.fleet.roles.get(user_id)).toEqual([{ role_id: 5, workspace_id: 7 }]);
    const { received } = await scene.lastAttempt(pair);
    expect(received).toMatchObject({ email: [person.email], firstName: ['Ada'] });
    expect(received.groups.toSorted()).toEqual(['Analysts', 'Others']);
    const none = await scene.signIn(pair);
    expect(scene.service.fleet.roles.get(scene.loginOf(none.said).user_id)).toEqual([]);
  });

  it('begins a login itself, which counts once it is confirmed, and only where that is allowed', async () => {
    const name = 'rivergate-of-acme';
    const pair = await scene.provider({ attributes: { saml_idp_initiated_sso_url_name: name } });
    const url = `${scene.realm.url}/protocol/saml/clients/${name}`;
    const person = await scene.someone();
    const by = keycloakBrowser(scene.realm.url);
    const said = await scene.post(await by.signIn(url, person));
    expect(Object.keys(said)).toEqual(['ticket']);
    const { query } = browser();
    const confirmed = await scene.service.anonymous
      .post('/api/v1/sso/tickets/confirm', {
        ticket: said.ticket,
        code_challenge: new URLSearchParams(query).get('code_challenge'),
      })
      .expect(200);
    const { user_id } = scene.loginOf(confirmed.body.data);
    expect(scene.service.fleet.accounts.get(user_id)!.email).toBe(person.email);
    await scene.change(pair, { idp_initiated: false });
    expect(await scene.post(await by.go(url))).toEqual({ error: 'SAML_UNSOLICITED' });
    expect((await scene.signIn(pair, { person, by })).said).toEqual(ENTERED);
  });

  it('counts once, however often the browser posts what it was given', async () => {
    const pair = await scene.provider();
    const { sent, said } = await scene.signIn(pair);
    expect(said).toEqual(ENTERED);
    expect(await scene.post(sent)).toMatchObject({ error: expect.stringMatching(/^SAML_/) });
  });

  const findings = async ({ id }: Pair) => {
    const answer = await scene.acme.administrator.post(`/api/v1/sso/providers/${id}/test`).expect(200);
    return answer.body.data.test_results.errors.map(({ code }: { code: string }) => code);
  };

  it('changes its key without a refused login where the next one is taken from its descriptor before it signs', async () => {
    const pair = await scene.provider();
    expect(await findings(pair)).toEqual([]);
    const signByNext = await scene.realm.nextKey();
    expect(await findings(pair)).toEqual(['UNKNOWN_CERTIFICATE']);
    expect((await scene.signIn(pair)).said).toEqual(ENTERED);
    await scene.change(pair, { metadata_url: scene.realm.metadataUrl });
    expect(await findings(pair)).toEqual([]);
    expect((await scene.signIn(pair)).said).toEqual(ENTERED);
    await signByNext('published');
    expect((await scene.signIn(pair)).said).toEqual(ENTERED);
  });

  it('signs nobody in by a key that was not announced, until an administrator takes it', async () => {
    const pair = await scene.provider();
    const signByNext = await scene.realm.nextKey();
    await signByNext('gone');
    expect((await scene.signIn(pair)).said).toMatchObject({ error: 'SAML_INVALID_SIGNATURE' });
    await scene.change(pair, { metadata_url: scene.realm.metadataUrl });
    expect((await scene.signIn(pair)).said).toEqual(ENTERED);
  });
});
