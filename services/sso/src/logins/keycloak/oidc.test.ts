import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { testKeycloak } from '@rivergate/testing/on-demand';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { keycloakBrowser } from '../../testing/keycloak/browser.ts';
import { oidcMappers } from '../../testing/keycloak/mappers.ts';
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

describe.skipIf(keycloak.reason !== undefined)('Keycloak as OpenID provider', () => {
  let realm: KeycloakRealm;
  let service: SsoUnderTest;
  let acme: Tenant;
  let provider: number;
  let client: string;
  /** Takes what Keycloak posts to the platform, as the gateway would. */
  const front = createServer(async (request, response) => {
    const { status } = await service.anonymous.post(request.url!, undefined, {
      raw: await text(request),
      headers: { 'content-type': request.headers['content-type']! },
    });
    response.writeHead(status).end();
  });

  beforeAll(async () => {
    await new Promise<void>(resolve => front.listen(0, '127.0.0.1', resolve));
    [realm, service] = await Promise.all([keycloakRealm(keycloak.value!), startSsoUnderTest()]);
    acme = await service.tenant();
    const { client_id, client_secret } = CLIENT;
    const answer = await acme.administrator
      .post(PATH, {
        ...{ provider_type: 'oidc', name: 'Keycloak', issuer: realm.url, client_id, client_secret },
        attribute_mapping: { email: 'email', name: 'name', groups: 'groups' },
        group_mappings: [{ group: 'Analysts', role_id: 5, workspace_id: 7 }],
      })
      .expect(201);
    provider = answer.body.data.provider.id;
    const { body } = await service.anonymous.get(`${PATH}/${provider}/metadata`).expect(200);
    client = await realm.oidcClient({
      clientId: client_id,
      secret: client_secret,
      redirectUri: body.data.redirect_uris[0],
      protocolMappers: oidcMappers,
      attributes: {
        'pkce.code.challenge.method': 'S256',
        'backchannel.logout.url': `http://127.0.0.1:${(front.address() as AddressInfo).port}${PATH}/${provider}/logout`,
        'backchannel.logout.session.required': 'true',
      },
    });
  });
  afterAll(async () => {
    await realm?.remove();
    await service?.stop();
    front.closeAllConnections();
    await new Promise(resolve => front.close(resolve));
  });

  let people = 0;
  const someone = (groups?: string[]) => realm.person(`person${++people}@${acme.domain}`, groups);
  const begin = async () =>
    leadsTo(await service.anonymous.get(`${PATH}/${provider}/login?${browser().query}`));
  const finish = async ({ url }: { url: URL }) =>
    told(await service.anonymous.get(url.pathname + url.search));
  /** In a browser of their own. */
  async function signIn(person: Awaited<ReturnType<typeof someone>>) {
    const { href } = await begin();
    return await finish(await keycloakBrowser(realm.url).signIn(href, person));
  }
  const loginOf = (said: Record<string, string>) => {
    const login = service.fleet.logins.find(({ code }) => code === said.code);
    if (!login) throw new Error(`Nobody was signed in: ${JSON.stringify(said)}`);
    return login;
  };
  const lastAttempt = async () =>
    (await acme.administrator.get(`${PATH}/${provider}/attempts?limit=1`).expect(200)).body.data.attempts[0];

  it('signs somebody in by a code, with the PKCE that it demands', async () => {
    const person = await someone();
    const { user_id } = loginOf(await signIn(person));
    expect(service.fleet.accounts.get(user_id)!.email).toBe(person.email);
    expect(loginOf(await signIn(person)).user_id).toBe(user_id);
    expect((await lastAttempt()).received).toMatchObject({ sub: person.id, email: person.email });
  });

  it('is sent everything by PAR, also where it demands that, and nothing of it by the browser', async () => {
    await realm.change(client, { attributes: { 'require.pushed.authorization.requests': 'true' } });
    expect([...(await begin()).searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri']);
    expect(await signIn(await someone())).toHaveProperty('code');
  });

  it('gives roles by its groups', async () => {
    const person = await someone(['Analysts', 'Others']);
    const { user_id } = loginOf(await signIn(person));
    expect(service.fleet.roles.get(user_id)).toEqual([{ role_id: 5, workspace_id: 7 }]);
    expect((await lastAttempt()).received.groups.toSorted()).toEqual(['Analysts', 'Others']);
  });

  it('passes its test, and does not where the secret is another one', async () => {
    const test = async () =>
      (await acme.administrator.post(`${PATH}/${provider}/test`).expect(200)).body.data.test_results;
    const update = (change: object) => acme.administrator.put(`${PATH}/${provider}`, change).expect(200);
    expect(await test()).toMatchObject({ authentication_flow: 'success', errors: [] });
    await update({ client_secret: 'another' });
    expect(await test()).toMatchObject({
      authentication_flow: 'failed',
      errors: [expect.objectContaining({ code: 'REQUEST_REFUSED' })],
    });
    expect(
      await told(await service.anonymous.get(`${PATH}/${provider}/login?${browser().query}`)),
    ).toMatchObject({
      error: 'REQUEST_REFUSED',
    });
    await update({ client_secret: CLIENT.client_secret });
  });

  it('signs nobody in whose address it has not verified', async () => {
    const person = await someone();
    await realm.admin('PUT', `/users/${person.id}`, { emailVerified: false });
    expect(await signIn(person)).toMatchObject({ error: 'EMAIL_NOT_VERIFIED' });
  });

  it('ends the session here where its administrator ends the one there, by back-channel logout', async () => {
    const [person, other] = [await someone(), await someone()];
    const login = loginOf(await signIn(person)).login_id;
    const kept = loginOf(await signIn(other)).login_id;
    await realm.admin('POST', `/users/${person.id}/logout`);
    const rows = await service.sql<{ metadata: { login_id: string } }>(
      "select metadata from sso.audit_log where action = 'sso.login.ended'",
    );
    const ended = rows.map(({ metadata }) => metadata.login_id);
    expect(ended).toContain(login);
    expect(ended).not.toContain(kept);
  });

  it('changes its keys without a word, and signs people in again within half a minute', async () => {
    expect(await signIn(await someone())).toHaveProperty('code');
    const signByNext = await realm.nextKey();
    await signByNext('gone');
    const refused = await signIn(await someone());
    expect(refused).toMatchObject({ error: 'INVALID_ID_TOKEN' });
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 31_000);
    try {
      // What is known of it is forgotten with the first refusal after that time.
      await signIn(await someone());
      expect(await signIn(await someone())).toHaveProperty('code');
    } finally {
      clock.mockRestore();
    }
  });
});
