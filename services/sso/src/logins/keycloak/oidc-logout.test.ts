import { signedIn } from '@rivergate/testing';
import { testKeycloak } from '@rivergate/testing/on-demand';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keycloakBrowser } from '../../testing/keycloak/browser.ts';
import { type KeycloakRealm, keycloakRealm } from '../../testing/keycloak/realm.ts';
import {
  browser,
  CLIENT,
  leadsTo,
  type SsoUnderTest,
  startSsoUnderTest,
  type Tenant,
  told,
} from '../../testing/sso-under-test.ts';

const PATH = '/api/v1/sso/providers';
const keycloak = await testKeycloak();

describe.skipIf(keycloak.reason !== undefined)('single logout with Keycloak, by OpenID Connect', () => {
  let realm: KeycloakRealm;
  let service: SsoUnderTest;
  let acme: Tenant;
  beforeAll(async () => {
    [realm, service] = await Promise.all([keycloakRealm(keycloak.value!), startSsoUnderTest()]);
    acme = await service.tenant();
  });
  afterAll(async () => {
    await realm?.remove();
    await service?.stop();
  });

  it('begins here, and ends the session there', async () => {
    const { client_id: clientId, client_secret: secret } = CLIENT;
    const settings = { provider_type: 'oidc', name: 'Keycloak', issuer: realm.url };
    const made = await acme.administrator
      .post(PATH, { ...settings, client_id: clientId, client_secret: secret })
      .expect(201);
    const { id } = made.body.data.provider;
    const registered = (await service.anonymous.get(`${PATH}/${id}/metadata`).expect(200)).body.data;
    await realm.oidcClient({
      ...{ clientId, secret, redirectUri: registered.redirect_uris[0] },
      attributes: { 'post.logout.redirect.uris': registered.post_logout_redirect_uris[0] },
    });
    const person = await realm.person(`ada@${acme.domain}`);
    const by = keycloakBrowser(realm.url);
    const begin = async () =>
      leadsTo(await service.anonymous.get(`${PATH}/${id}/login?${browser().query}`)).href;
    const follow = async ({ url }: { url: URL }) =>
      told(await service.anonymous.get(`${url.pathname}${url.search}`));
    const { code } = await follow(await by.signIn(await begin(), person));
    const login = service.fleet.logins.find(one => one.code === code)!;
    // It needs nobody to sign in a second time.
    expect(await follow(await by.go(await begin()))).toHaveProperty('code');

    service.fleet.sessions.set(1, login.login_id);
    const { user_id: userId, organization_id: organizationId } = login;
    const facts = { userId, organizationId, sessionBoundTo: organizationId, sessionId: 1 };
    const { body } = await service.as(signedIn(facts)).post('/api/v1/sso/logout').expect(200);
    expect(await follow(await by.go(body.data.redirect_url))).toEqual({ signed_out: 'everywhere' });
    await expect(by.go(await begin())).rejects.toThrow('Keycloak asks who it is');
  });
});
