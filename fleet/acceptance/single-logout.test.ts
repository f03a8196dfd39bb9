import { createHash, randomBytes } from 'node:crypto';
import { type NameServer, startNameServer } from '@rivergate/outbound/testing/name-server';
import { type Pysaml2IdentityProvider, startPysaml2 } from '@rivergate/service-sso/testing/pysaml2';
import { signingKey } from '@rivergate/service-sso/testing/saml-keys';
import type { TestAnswer } from '@rivergate/testing';
import { testPysaml2 } from '@rivergate/testing/on-demand';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, type Person, personOf, proveDomain, signUp } from './person.ts';

const DOMAIN = 'single-logout.test';
const ENTITY = 'https://pysaml2.test/idp';

const { value: python, reason } = await testPysaml2();

describe.skipIf(reason !== undefined)(`single logout with pysaml2${reason ? ` (${reason})` : ''}`, () => {
  let names: NameServer;
  let fleet: AcceptanceFleet;
  let pysaml2: Pysaml2IdentityProvider;
  let administrator: Person;
  let path: string;
  let audience: string;
  beforeAll(async () => {
    names = await startNameServer();
    const env = { OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_DNS: names.address, RATE_LIMIT_STANDARD: 'off' };
    fleet = await startFleet({ host: 'localhost', env });
    administrator = await signUp(fleet, 'owner');
    const { path: organization } = await foundOrganization(administrator);
    administrator = administrator.with(data(await administrator.post(`${organization}/switch`, {})));
    await proveDomain(administrator, organization, DOMAIN, names);
    const key = await signingKey();
    const settings = {
      provider_type: 'saml',
      name: 'pysaml2',
      entity_id: ENTITY,
      sso_url: `${ENTITY}/sso`,
      slo_url: `${ENTITY}/slo`,
      certificate: key.certificate,
      sign_requests: true,
      domains: [DOMAIN],
    };
    const { provider } = data(await administrator.post('/api/v1/sso/providers', settings), 201);
    path = `/api/v1/sso/providers/${provider.id}`;
    const metadata = (await fleet.caller().get(`${path}/metadata`)).text;
    audience = /entityID="([^"]+)"/.exec(metadata)![1]!;
    pysaml2 = await startPysaml2(python!, ENTITY, key, metadata);
  });
  afterAll(async () => {
    await pysaml2?.stop();
    await fleet?.stop();
    await names?.stop();
  });

  const queryOf = (url: string | URL) => Object.fromEntries(new URL(url).searchParams);
  const leadsTo = ({ status, headers, text }: TestAnswer) => {
    if (status !== 303) throw new Error(`${status} ${text}`);
    return new URL(headers.get('location')!);
  };
  /** Follows what a browser is told, at this platform. */
  const follow = (url: string | URL) => fleet.caller().get(new URL(url).pathname + new URL(url).search);
  const post = (end: string, fields: Record<string, string>) =>
    fleet.caller().post(`${path}/${end}`, undefined, {
      raw: `${new URLSearchParams(fields)}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  const inBase64 = (xml: string) => Buffer.from(xml).toString('base64');

  let people = 0;
  /** Somebody who signs in by pysaml2, with the name of their session there. */
  async function signIn(name_id = `person${++people}@${DOMAIN}`) {
    const verifier = randomBytes(32).toString('base64url');
    const code_challenge = createHash('sha256').update(verifier).digest('base64url');
    const begun = new URLSearchParams({ code_challenge, state: 'page.of-the-test' });
    const query = queryOf(leadsTo(await fleet.caller().get(`${path}/login?${begun}`)));
    const signing = { sign_assertion: true, sign_response: false, encrypt: false };
    const { xml } = await pysaml2.ask({ do: 'login', query, name_id, ...signing });
    const back = leadsTo(await post('acs', { SAMLResponse: inBase64(xml!) }));
    const { code, error } = queryOf(back);
    if (!code) throw new Error(error);
    const body = { code, code_verifier: verifier };
    const answer = await fleet.caller().post('/api/v1/auth/sso/login', body);
    const sessionIndex = /SessionIndex="([^"]+)"/.exec(xml!)![1]!;
    const tokens = data(answer);
    return { person: personOf(fleet, tokens.user_id, name_id, tokens), name_id, sessionIndex };
  }
  const isIn = async (person: Person) => (await person.get('/api/v1/auth/me')).status === 200;
  const attempts = async () => data(await administrator.get(`${path}/attempts?kind=logout&limit=5`)).attempts;

  it('who signs out here is signed out there, and comes back to a page of this platform', async () => {
    const { person, name_id } = await signIn();
    expect(await isIn(person)).toBe(true);
    const { redirect_url } = data(await person.post('/api/v1/sso/logout'));
    expect(redirect_url).toMatch(/^https:\/\/pysaml2\.test\/idp\/slo\?SAMLRequest=/);
    expect(await isIn(person)).toBe(false);
    const destination = `${new URL(audience).origin}${path}/slo`;
    const asked = { do: 'answer_logout', query: queryOf(redirect_url), destination };
    const answer = await pysaml2.ask(asked);
    expect(answer.name_id).toBe(name_id);
    const page = leadsTo(await follow(answer.location!));
    expect([page.pathname, queryOf(page)]).toEqual(['/sso', { signed_out: 'everywhere' }]);
    expect((await attempts())[0]).toMatchObject({ begun_by: 'platform', outcome: 'succeeded' });
    expect(queryOf(leadsTo(await follow(answer.location!)))).toEqual({ signed_out: 'unconfirmed' });
  });

  it.each([true, false])('who is signed out there is signed out here, by redirect: %s', async redirect => {
    const first = await signIn();
    const second = await signIn(first.name_id);
    const other = await signIn();
    const asked = {
      do: 'ask_logout',
      destination: `${new URL(audience).origin}${path}/slo`,
      name_id: first.name_id,
      session_indexes: [first.sessionIndex],
      redirect,
    };
    const request = await pysaml2.ask(asked);
    const answer = redirect
      ? await follow(request.location!)
      : await post('slo', { SAMLRequest: inBase64(request.xml!) });
    // With the very next request.
    expect(await Promise.all([first, second, other].map(({ person }) => isIn(person)))).toEqual([
      false,
      true,
      true,
    ]);
    const to = leadsTo(answer);
    expect(`${to.origin}${to.pathname}`).toBe(`${ENTITY}/slo`);
    const read = await pysaml2.ask({ do: 'read_logout_answer', query: queryOf(to), audience });
    expect(read).toEqual({
      in_response_to: request.id,
      status: 'urn:oasis:names:tc:SAML:2.0:status:Success',
      destination: `${ENTITY}/slo`,
    });
    const refreshed = { refresh_token: first.person.tokens.refresh_token };
    expect((await fleet.caller().post('/api/v1/auth/refresh', refreshed)).status).toBe(401);
    // A second time it is nobody's request, and says nothing of anybody.
    const again = redirect
      ? await follow(request.location!)
      : await post('slo', { SAMLRequest: inBase64(request.xml!) });
    expect(queryOf(leadsTo(again))).toEqual({ signed_out: 'refused' });
  });
});
