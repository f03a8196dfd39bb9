import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type SamlIdentityProviderUnderTest,
  startSamlIdentityProvider,
} from '../testing/saml-identity-provider.ts';
import {
  type BrowserUnderTest,
  browser,
  leadsTo,
  type SsoUnderTest,
  startSsoUnderTest,
  type Tenant,
  told,
} from '../testing/sso-under-test.ts';

const PATH = '/api/v1/sso/providers';

let elsewhere: SamlIdentityProviderUnderTest;
let service: SsoUnderTest;
let acme: Tenant;
let provider: number;
beforeAll(async () => {
  [elsewhere, service] = await Promise.all([startSamlIdentityProvider(), startSsoUnderTest()]);
  acme = await service.tenant();
  provider = await create();
});
afterAll(async () => {
  await service?.stop();
  await elsewhere?.stop();
});

let people = 0;
beforeEach(() => {
  people++;
  elsewhere.behaviour = { sign: 'assertion', encrypt: false, says: {} };
  elsewhere.person = {
    nameId: `person-${people}`,
    attributes: {
      email: [`Person${people}@${acme.domain}`],
      displayName: [`Person ${people}`],
      groups: ['Staff', 'Ops'],
    },
  };
});

async function create(more: object = {}, by = acme): Promise<number> {
  const body = { provider_type: 'saml', name: 'Corporate', metadata_url: elsewhere.metadataUrl, ...more };
  const { status, body: answer, text } = await by.administrator.post(PATH, body);
  if (status !== 201) throw new Error(text);
  const { id } = answer.data.provider;
  const metadata = await service.anonymous.get(`${PATH}/${id}/metadata`).expect(200);
  expect(metadata.headers.get('content-type')).toMatch(/^application\/samlmetadata\+xml/);
  elsewhere.register(metadata.text);
  return id;
}
const begin = (id = provider, from: BrowserUnderTest = browser()) =>
  service.anonymous.get(`${PATH}/${id}/login?${from.query}`);
const post = (fields: Record<string, string>, id = provider) =>
  service.anonymous.post(`${PATH}/${id}/acs`, undefined, {
    raw: `${new URLSearchParams(fields)}`,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      origin: new URL(elsewhere.entityId).origin,
    },
  });
const returned = async (from?: BrowserUnderTest) =>
  (await elsewhere.signIn(leadsTo(await begin(provider, from)).href)).fields;
const signIn = async (from?: BrowserUnderTest) => told(await post(await returned(from)));
/** Begins at the provider. */
const arrive = async () =>
  told(await post((await elsewhere.signIn(elsewhere.startUrl('https://evil.example'))).fields));
const confirm = (ticket: string | undefined, code_challenge: string) =>
  service.anonymous.post('/api/v1/sso/tickets/confirm', { ticket, code_challenge });
const challengeOf = ({ query }: BrowserUnderTest) => new URLSearchParams(query).get('code_challenge')!;
const loginOf = ({ code }: Record<string, string>) => {
  const login = service.fleet.logins.find(made => made.code === code);
  if (!login) throw new Error(`No login has the code ${code}`);
  return login;
};
const lastAttempt = async () =>
  (await acme.administrator.get(`${PATH}/${provider}/attempts?limit=1`).expect(200)).body.data.attempts[0];

describe('a login at a SAML provider', () => {
  it('is set up by its metadata', async () => {
    const { body } = await acme.administrator.get(`${PATH}/${provider}`).expect(200);
    expect(body.data.provider).toMatchObject({
      entity_id: elsewhere.entityId,
      sso_url: elsewhere.ssoUrl,
      metadata_url: elsewhere.metadataUrl,
      certificate_fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });
  it('comes back to the page with its state and a code, for a member who is made on the way', async () => {
    const mine = browser();
    const { state, ...sent } = await signIn(mine);
    expect([state, Object.keys(sent)]).toEqual([mine.state, ['code']]);
    const login = loginOf(sent);
    expect(login).toMatchObject({ organization_id: acme.id, code_challenge: challengeOf(mine) });
    expect(service.fleet.accounts.get(login.user_id)!.email).toBe(`person${people}@${acme.domain}`);
    expect(await lastAttempt()).toMatchObject({
      begun_by: 'platform',
      outcome: 'succeeded',
      received: { NameID: `person-${people}`, groups: ['Staff', 'Ops'] },
    });
    const logins = await service.sql('select subject, session_index from sso.logins where login_id = ?', [
      login.login_id,
    ]);
    expect(logins).toEqual([{ subject: `person-${people}`, session_index: 'session-1' }]);
  });
  it('takes the NameID for the address where no attribute has one', async () => {
    elsewhere.person = { nameId: `nameid${people}@${acme.domain}` };
    expect(service.fleet.accounts.get(loginOf(await signIn()).user_id)!.email).toBe(
      `nameid${people}@${acme.domain}`,
    );
  });
  it('counts once, however often its response is posted', async () => {
    const fields = await returned();
    const said = (await Promise.all(Array.from({ length: 5 }, () => post(fields)))).map(told);
    expect(said.filter(({ code }) => code)).toHaveLength(1);
    expect(told(await post(fields)).error).toMatch(/^SAML_/);
  });
  it('is refused with words for an administrator, and the page is told which of its logins it was', async () => {
    elsewhere.behaviour.says = { audience: 'https://another.example' };
    const mine = browser();
    expect(await signIn(mine)).toEqual({ state: mine.state, error: 'SAML_WRONG_AUDIENCE' });
    expect(await lastAttempt()).toMatchObject({
      outcome: 'failed',
      reason: 'SAML_WRONG_AUDIENCE',
      explanation: expect.stringContaining('entity ID from the metadata'),
    });
  });
  it('leads nowhere but to the page, whatever RelayState says', async () => {
    const fields = await returned();
    for (const RelayState of ['https://evil.example', '//evil.example', 'x'.repeat(100), '"><script>'])
      expect(told(await post({ SAMLResponse: 'x', RelayState }))).toEqual({
        error: 'SAML_MALFORMED_MESSAGE',
      });
    expect(told(await post({ ...fields, RelayState: 'https://evil.example' }))).toHaveProperty('code');
  });
  it('is refused where the name is another one at each login', async () => {
    elsewhere.behaviour.says = { nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' };
    expect(await signIn()).toMatchObject({ error: 'TRANSIENT_NAME_ID' });
  });
  it('is refused by a key that is not trusted, until an administrator trusts it', async () => {
    const id = await create();
    const at = async () =>
      told(await post((await elsewhere.signIn(leadsTo(await begin(id)).href)).fields, id));
    await elsewhere.rotate();
    expect(await at()).toMatchObject({ error: 'SAML_INVALID_SIGNATURE' });
    const certificate = elsewhere.certificates().join('\n');
    await acme.administrator.put(`${PATH}/${id}`, { certificate }).expect(200);
    expect(await at()).toHaveProperty('code');
    await acme.administrator.put(`${PATH}/${provider}`, { metadata_url: elsewhere.metadataUrl }).expect(200);
    elsewhere.register((await service.anonymous.get(`${PATH}/${provider}/metadata`)).text);
    expect(await signIn()).toHaveProperty('code');
  });
  it('signs in nobody of another organization, though it names the same people', async () => {
    const other = await service.tenant();
    const id = await create({}, other);
    const fields = (await elsewhere.signIn(leadsTo(await begin(id)).href)).fields;
    expect(told(await post(fields))).toMatchObject({ error: expect.stringMatching(/^SAML_WRONG/) });
    expect(told(await post(fields, id))).toMatchObject({ error: 'DOMAIN_NOT_SERVED' });
    elsewhere.register((await service.anonymous.get(`${PATH}/${provider}/metadata`)).text);
  });
  it('404 at a provider that is not there', async () => {
    expect((await post({ SAMLResponse: 'x' }, 999_999)).status).toBe(404);
  });
  it('writes down only some of what anybody can post', async () => {
    const id = await create();
    elsewhere.register((await service.anonymous.get(`${PATH}/${provider}/metadata`)).text);
    await Promise.all(Array.from({ length: 40 }, () => post({ SAMLResponse: 'x' }, id)));
    const [kept] = await service.sql<{ n: number }>(
      'select count(*)::int as n from sso.attempts where provider_id = ?',
      [id],
    );
    expect(kept!.n).toBe(30);
  });
});

describe('a login that the provider began', () => {
  it('counts only once somebody has been shown whom it is for, and confirms it', async () => {
    const told = await arrive();
    expect(Object.keys(told)).toEqual(['ticket']);
    expect(service.fleet.logins.filter(({ user_id }) => user_id === people)).toEqual([]);
    const described = await service.anonymous.post('/api/v1/sso/tickets/describe', { ticket: told.ticket });
    expect(described.body.data).toEqual({
      purpose: 'confirm',
      email: `person${people}@${acme.domain}`,
      display_name: `Person ${people}`,
      provider_name: 'Corporate',
    });
    expect(await lastAttempt()).toMatchObject({ begun_by: 'provider', outcome: 'pending' });
    const mine = browser();
    const { body } = await confirm(told.ticket, challengeOf(mine)).expect(200);
    expect(body.data).toEqual({ code: expect.any(String), ticket: null, reason: null });
    expect(loginOf(body.data).code_challenge).toBe(challengeOf(mine));
    expect(await lastAttempt()).toMatchObject({
      outcome: 'succeeded',
      email: `person${people}@${acme.domain}`,
      received: { NameID: `person-${people}` },
    });
  });
  it('is confirmed once, in time, and by a ticket for that', async () => {
    const { ticket } = await arrive();
    const challenge = challengeOf(browser());
    const answers = await Promise.all(Array.from({ length: 5 }, () => confirm(ticket, challenge)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400, 400, 400, 400]);
    service.fleet.account(`own${people}@${acme.domain}`);
    elsewhere.person = { nameId: `own${people}@${acme.domain}` };
    const { body } = await confirm((await arrive()).ticket, challenge).expect(200);
    expect(body.data).toEqual({ code: null, ticket: expect.any(String), reason: null });
    await confirm(body.data.ticket, challenge).expect(400);
    elsewhere.person = { nameId: `late${people}@${acme.domain}` };
    const late = await arrive();
    await service.sql("update sso.tickets set expires_at = now() - interval '1 second'");
    await confirm(late.ticket, challenge).expect(400);
  });
  it('is refused where the address is not the provider’s, or the provider is inactive by then', async () => {
    elsewhere.person = { nameId: 'ada@evil.example' };
    const challenge = challengeOf(browser());
    expect((await confirm((await arrive()).ticket, challenge)).body.data).toMatchObject({
      reason: 'DOMAIN_NOT_SERVED',
    });
    const { ticket } = await arrive();
    await acme.administrator.put(`${PATH}/${provider}`, { status: 'inactive' }).expect(200);
    expect((await confirm(ticket, challenge)).body.data).toMatchObject({ reason: 'PROVIDER_INACTIVE' });
    expect(await arrive()).toEqual({ error: 'PROVIDER_INACTIVE' });
    await acme.administrator.put(`${PATH}/${provider}`, { status: 'active' }).expect(200);
  });
  it('is refused where an administrator does not want it', async () => {
    await acme.administrator.put(`${PATH}/${provider}`, { idp_initiated: false }).expect(200);
    expect(await arrive()).toEqual({ error: 'SAML_UNSOLICITED' });
    await acme.administrator.put(`${PATH}/${provider}`, { idp_initiated: true }).expect(200);
  });
});

describe('metadata of a provider', () => {
  it('422 where it cannot be fetched or read, or leads inside', async () => {
    for (const metadata_url of [
      `${elsewhere.entityId.replace('/metadata', '')}/nothing`,
      'https://10.0.0.1/metadata',
      'http://idp.example.com/metadata',
    ]) {
      const answer = await acme.administrator.post(PATH, { provider_type: 'saml', name: 'x', metadata_url });
      expect([answer.status, answer.body.error.details[0].field]).toEqual([422, 'body.metadata_url']);
    }
  });
});
