import { signedIn } from '@rivergate/testing';
import { testKeycloak } from '@rivergate/testing/on-demand';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formIn, type KeycloakBrowser, keycloakBrowser, type Sent } from '../../testing/keycloak/browser.ts';
import { type KeycloakSamlScene, keycloakSamlScene, type Pair } from '../../testing/keycloak/saml-scene.ts';
import { leadsTo, told } from '../../testing/sso-under-test.ts';

const keycloak = await testKeycloak();

/** Without a signature of documents, Keycloak signs no message of a logout either. */
const SIGNING = { 'saml.client.signature': 'true', 'saml.server.signature': 'true' };

describe.skipIf(keycloak.reason !== undefined)('single logout with Keycloak, by SAML', () => {
  let scene: KeycloakSamlScene;
  beforeAll(async () => {
    scene = await keycloakSamlScene(keycloak.value!);
  });
  afterAll(() => scene?.stop());

  let sessions = 0;
  /** Somebody new is signed in in this browser. @returns the login, and the caller in the session that it opened */
  async function enter(pair: Pair, by: KeycloakBrowser) {
    const login = scene.loginOf((await scene.signIn(pair, { by })).said);
    const { login_id, user_id: userId, organization_id: organizationId } = login;
    const sessionId = ++sessions;
    scene.service.fleet.sessions.set(sessionId, login_id);
    const caller = scene.service.as(
      signedIn({ userId, organizationId, sessionBoundTo: organizationId, sessionId }),
    );
    return { login, caller };
  }
  /** What the platform answers where Keycloak sent the browser to it. */
  const arrive = ({ url, fields }: Sent) => {
    expect(url.origin).toBe('http://rivergate.test');
    if (fields === null) return scene.service.anonymous.get(`${url.pathname}${url.search}`);
    return scene.service.anonymous.post(url.pathname, undefined, {
      raw: `${new URLSearchParams(fields)}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  };
  const ended = async () => {
    const rows = await scene.service.sql<{ metadata: { login_id: string } }>(
      "select metadata from sso.audit_log where action = 'sso.login.ended'",
    );
    return rows.map(({ metadata }) => metadata.login_id);
  };
  /** Whether this browser is signed in at Keycloak. */
  const isSignedInThere = async (pair: Pair, by: KeycloakBrowser) =>
    by.go(await scene.begin(pair)).then(
      () => true,
      (cause: Error) => {
        expect(cause.message).toContain('Keycloak asks who it is');
        return false;
      },
    );

  /** A page of the platform leads there. */
  async function posted({ pathname }: URL, by: KeycloakBrowser): Promise<Sent> {
    const { text } = await scene.service.anonymous.get(pathname).expect(200);
    const { action, fields } = formIn(text)!;
    return await by.post(action, fields);
  }

  it.each(['redirect', 'post'])('begins here, by %s, and ends the session there', async slo_binding => {
    const pair = await scene.provider({ attributes: SIGNING }, { slo_binding });
    const by = keycloakBrowser(scene.realm.url);
    const { caller } = await enter(pair, by);
    expect(await isSignedInThere(pair, by)).toBe(true);
    const { body } = await caller.post('/api/v1/sso/logout').expect(200);
    const first = new URL(body.data.redirect_url);
    const answered = slo_binding === 'redirect' ? await by.go(first.href) : await posted(first, by);
    expect(told(await arrive(answered))).toEqual({ signed_out: 'everywhere' });
    expect(await isSignedInThere(pair, by)).toBe(false);
  });

  it('begins there, and ends the session here, and no other one', async () => {
    const pair = await scene.provider({ attributes: SIGNING });
    const by = keycloakBrowser(scene.realm.url);
    const { login } = await enter(pair, by);
    const other = await enter(pair, keycloakBrowser(scene.realm.url));
    const asked = await by.go(`${scene.realm.url}/protocol/openid-connect/logout`);
    const answer = leadsTo(await arrive(asked));
    expect(await ended()).toContain(login.login_id);
    expect(await ended()).not.toContain(other.login.login_id);
    await expect(by.go(answer.href)).rejects.toThrow('You are logged out');
    expect(await isSignedInThere(pair, by)).toBe(false);
  });
});
