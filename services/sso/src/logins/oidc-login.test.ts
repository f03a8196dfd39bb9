import { domainUnverified } from '@rivergate/events';
import { eventually, publishEvent, signedIn } from '@rivergate/testing';
import type { IdentityProviderUnderTest, PersonElsewhere } from '@rivergate/testing/identity-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BrowserUnderTest,
  browser,
  leadsTo,
  type SsoUnderTest,
  startOpenidProvider,
  startSsoUnderTest,
  type Tenant,
  told,
} from '../testing/sso-under-test.ts';

let elsewhere: IdentityProviderUnderTest;
let service: SsoUnderTest;
let acme: Tenant;
let provider: number;
beforeAll(async () => {
  [elsewhere, service] = await Promise.all([
    startOpenidProvider({ features: { pushedAuthorizationRequests: { enabled: false } } }),
    startSsoUnderTest(),
  ]);
  acme = await service.tenant();
  provider = await service.oidcProvider(acme, elsewhere);
});
afterAll(async () => {
  await service?.stop();
  await elsewhere?.stop();
});

let people = 0;
const someone = (more: Record<string, unknown> = {}): PersonElsewhere & { email: string } => ({
  sub: `sub-${++people}`,
  email: `person${people}@${acme.domain}`,
  name: `Person ${people}`,
  ...more,
});

const begin = (id = provider, from: BrowserUnderTest = browser()) =>
  service.anonymous.get(`/api/v1/sso/providers/${id}/login?${from.query}`);
/** What the provider sends the browser back with. */
const returned = async (person: PersonElsewhere, id?: number, from?: BrowserUnderTest) =>
  elsewhere.signIn(leadsTo(await begin(id, from)).href, person);
const finish = (sent: Record<string, string>, id = provider) =>
  service.anonymous.get(`/api/v1/sso/providers/${id}/callback?${new URLSearchParams(sent)}`);
const signIn = async (person: PersonElsewhere, id?: number, from?: BrowserUnderTest) =>
  told(await finish(await returned(person, id, from), id));
const lastAttempt = async (id = provider, by = acme) => {
  const { body } = await by.administrator.get(`/api/v1/sso/providers/${id}/attempts?limit=1`).expect(200);
  return body.data.attempts[0];
};
const loginOf = ({ code }: Record<string, string>) => {
  const login = service.fleet.logins.find(made => made.code === code);
  if (!login) throw new Error(`No login has the code ${code}`);
  return login;
};
/** What the audit log says of how an account was connected. */
const connectedBy = async (userId: number) => {
  const rows = await service.sql<{ metadata: { user_id: number; by: string } }>(
    "select metadata from sso.audit_log where action = 'sso.connected'",
  );
  return rows.find(({ metadata }) => metadata.user_id === userId)?.metadata.by;
};
const update = (id: number, change: object) =>
  acme.administrator.put(`/api/v1/sso/providers/${id}`, change).expect(200);

describe('a login at an OpenID provider', () => {
  it('leads there with client, scopes, state, nonce and an S256 challenge of its own', async () => {
    const mine = browser();
    const url = leadsTo(await begin(provider, mine));
    expect(url.origin).toBe(elsewhere.issuer);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'rivergate',
      response_type: 'code',
      redirect_uri: `http://rivergate.test/api/v1/sso/providers/${provider}/callback`,
      scope: 'openid email profile',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    expect(mine.query).not.toContain(url.searchParams.get('code_challenge'));
    expect(mine.query).not.toContain(url.searchParams.get('state'));
  });
  it('comes back to the page with its state and a code, for a member who is made on the way', async () => {
    const mine = browser();
    const person = someone();
    const { state, ...sent } = await signIn(person, provider, mine);
    expect(state).toBe(mine.state);
    expect(Object.keys(sent)).toEqual(['code']);
    const login = loginOf(sent);
    expect(login).toMatchObject({ organization_id: acme.id, provider_id: provider, expires_at: null });
    expect(mine.query).toContain(login.code_challenge);
    const account = service.fleet.accounts.get(login.user_id);
    expect(account).toMatchObject({ email: person.email, managed_by: acme.id });
    expect(await service.sql('select user_id from sso.connections where subject = ?', [person.sub])).toEqual([
      { user_id: login.user_id },
    ]);
    expect(await connectedBy(login.user_id)).toBe('sign_in');
  });
  it('finds the same user by the subject, whatever address in its domains it gives later', async () => {
    const person = someone();
    const first = loginOf(await signIn(person));
    const renamed = { ...person, email: `renamed${people}@${acme.domain.toUpperCase()}` };
    expect(loginOf(await signIn(renamed)).user_id).toBe(first.user_id);
    expect(service.fleet.accounts.get(first.user_id)!.email).toBe(person.email);
  });
  it('is asked for by PAR where the provider offers that', async () => {
    const pushing = await startOpenidProvider();
    try {
      const id = await service.oidcProvider(acme, pushing);
      const url = leadsTo(await begin(id));
      expect([...url.searchParams.keys()].toSorted()).toEqual(['client_id', 'request_uri']);
      const sent = await pushing.signIn(url.href, someone());
      expect(told(await finish(sent, id))).toHaveProperty('code');
    } finally {
      await pushing.stop();
    }
  });
  it('shows the provider the address that the page knows', async () => {
    const answer = await service.anonymous.get(
      `/api/v1/sso/providers/${provider}/login?${browser().query}&login_hint=Ada@Acme.example`,
    );
    expect(leadsTo(answer).searchParams.get('login_hint')).toBe('ada@acme.example');
  });
  it('takes no response of SAML', async () => {
    const raw = 'SAMLResponse=PHg%2BPC94Pg';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const path = `/api/v1/sso/providers/${provider}/acs`;
    expect((await service.anonymous.post(path, undefined, { raw, headers })).status).toBe(404);
  });
  it('says what to register at the provider', async () => {
    const { body } = await service.anonymous.get(`/api/v1/sso/providers/${provider}/metadata`).expect(200);
    expect(body.data).toEqual({
      redirect_uris: [`http://rivergate.test/api/v1/sso/providers/${provider}/callback`],
      post_logout_redirect_uris: [`http://rivergate.test/api/v1/sso/providers/${provider}/logout/callback`],
      backchannel_logout_uri: `http://rivergate.test/api/v1/sso/providers/${provider}/logout`,
      backchannel_logout_session_required: true,
      initiate_login_uri: `http://rivergate.test/sso?provider=${provider}`,
      response_types: ['code'],
      code_challenge_methods: ['S256'],
    });
    await service.anonymous.get('/api/v1/sso/providers/999999/metadata').expect(404);
  });
  it('422 without a challenge and a state, and with what is none', async () => {
    const { query } = browser();
    for (const wrong of [
      '',
      'code_challenge=short&state=page.12345',
      query.replace('state=', 'state=%0d%0a'),
      `${query}&return_to=https://evil.example`,
    ])
      await service.anonymous.get(`/api/v1/sso/providers/${provider}/login?${wrong}`).expect(422);
  });
  it('404 at a provider that is not there, or inactive', async () => {
    const id = await service.oidcProvider(acme, elsewhere);
    await update(id, { status: 'inactive' });
    for (const other of [id, 999_999])
      expect((await begin(other)).body.error.code).toBe('PROVIDER_NOT_FOUND');
  });
  it('leaves neither state, nonce, verifier nor challenge to be read in the database', async () => {
    const mine = browser();
    const url = leadsTo(await begin(provider, mine));
    const kept = JSON.stringify(await service.sql('select * from sso.attempts'));
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(kept).not.toContain(url.searchParams.get(name));
    expect(kept).not.toContain(mine.state);
  });
});

describe('coming back', () => {
  it('counts once, however many come at the same time', async () => {
    const sent = await returned(someone());
    const answers = await Promise.all(Array.from({ length: 10 }, () => finish(sent)));
    const said = answers.map(told);
    expect(said.filter(({ code }) => code)).toHaveLength(1);
    expect(said.filter(({ error }) => error === 'INVALID_STATE')).toHaveLength(9);
    expect(told(await finish(sent))).toEqual({ error: 'INVALID_STATE' });
  });
  it('is for the provider that was asked: the state is used up by another one', async () => {
    const other = await service.oidcProvider(acme, elsewhere);
    const sent = await returned(someone());
    expect(told(await finish(sent, other))).toEqual({ error: 'INVALID_STATE' });
    expect(told(await finish(sent))).toEqual({ error: 'INVALID_STATE' });
  });
  it('is too late after ten minutes', async () => {
    const sent = await returned(someone());
    await service.sql("update sso.attempts set started_at = started_at - interval '601 seconds'");
    expect(told(await finish(sent))).toEqual({ error: 'INVALID_STATE' });
  });
  it('sends nobody anywhere but to the page, whatever it is given', async () => {
    const { state } = await returned(someone());
    const sent = {
      state: state!,
      iss: elsewhere.issuer,
      error: '//evil.example',
      error_description: '<script>',
      redirect_uri: 'https://evil.example',
    };
    expect(told(await finish(sent))).toEqual({
      state: expect.stringMatching(/^page\./),
      error: 'PROVIDER_REFUSED',
    });
    expect(told(await finish({ state: 'https://evil.example' }))).toEqual({ error: 'INVALID_STATE' });
    expect(told(await finish({}))).toEqual({ error: 'INVALID_STATE' });
  });
  it('with neither code nor error is refused', async () => {
    const { state } = await returned(someone());
    expect(told(await finish({ state: state! }))).toMatchObject({ error: 'INCOMPLETE_ANSWER' });
  });
  it('is refused where the provider has been made inactive, or deleted, meanwhile', async () => {
    const id = await service.oidcProvider(acme, elsewhere);
    const [first, second] = [await returned(someone(), id), await returned(someone(), id)];
    await update(id, { status: 'inactive' });
    expect(told(await finish(first, id))).toMatchObject({ error: 'PROVIDER_INACTIVE' });
    await acme.administrator.delete(`/api/v1/sso/providers/${id}`).expect(200);
    expect((await finish(second, id)).status).toBe(404);
  });
});

describe('who is let in', () => {
  it('is nobody with an address outside the domains of the provider, near misses included', async () => {
    for (const email of [
      'ada@gmail.example',
      `ada@sub.${acme.domain}`,
      `ada@x${acme.domain}`,
      `ada@${acme.domain}.evil.example`,
      `ada@evil.example@${acme.domain}x`,
    ])
      expect(await signIn(someone({ email }))).toMatchObject({
        error: expect.stringMatching(/^(DOMAIN_NOT_SERVED|EMAIL_MISSING)$/),
      });
  });
  it('is nobody by a domain that the organization has not verified, or has lost while they were away', async () => {
    const id = await service.oidcProvider(acme, elsewhere, { domains: ['unproved.example', 'lost.example'] });
    expect(await signIn(someone({ email: 'ada@unproved.example' }), id)).toMatchObject({
      error: 'DOMAIN_NOT_VERIFIED',
    });
    await service.verify(acme, 'lost.example');
    const ada = someone({ email: 'ada@lost.example' });
    const sent = await returned(ada, id);
    const [lost] = await service.sql<{ domain_id: number }>(
      "select domain_id from sso.verified_domains where domain = 'lost.example'",
    );
    await publishEvent(service, 'organization', domainUnverified, {
      subject: lost!.domain_id,
      data: {
        domain_id: lost!.domain_id,
        organization_id: acme.id,
        domain: 'lost.example',
        reason: 'record_missing',
      },
    });
    await eventually(
      async () =>
        (await service.sql("select from sso.verified_domains where domain = 'lost.example' and is_verified"))
          .length === 0,
      'the loss',
    );
    expect(told(await finish(sent, id))).toMatchObject({ error: 'DOMAIN_NOT_VERIFIED' });
  });
  it('is nobody by a domain that another organization has verified', async () => {
    const other = await service.tenant();
    const id = await service.oidcProvider(other, elsewhere, { domains: [acme.domain, other.domain] });
    expect(await signIn(someone(), id)).toMatchObject({ error: 'DOMAIN_NOT_VERIFIED' });
    // The same subject at the same provider is somebody else there.
    const person = someone();
    const here = loginOf(await signIn(person));
    const there = loginOf(await signIn({ ...person, email: `x@${other.domain}` }, id));
    expect([here.organization_id, there.organization_id]).toEqual([acme.id, other.id]);
    expect(there.user_id).not.toBe(here.user_id);
  });
  it('is nobody of whom the provider says itself that it has not verified the address, and who says nothing is', async () => {
    for (const email_verified of [false, 'false'])
      expect(await signIn(someone({ email_verified }))).toMatchObject({ error: 'EMAIL_NOT_VERIFIED' });
    expect(await signIn(someone({ email_verified: true }))).toHaveProperty('code');
    expect(await signIn(someone({ email: undefined }))).toMatchObject({ error: 'EMAIL_MISSING' });
  });
  it('is nobody whose membership is suspended or has ended', async () => {
    const person = someone();
    const { user_id } = loginOf(await signIn(person));
    service.fleet.setMember(acme.id, user_id, 'suspended');
    expect(await signIn(person)).toMatchObject({ error: 'MEMBERSHIP_SUSPENDED' });
    service.fleet.setMember(acme.id, user_id, 'removed');
    expect(await signIn(person)).toMatchObject({ error: 'FORMER_MEMBER' });
  });
  it('is one user, also where ten sign in for the first time at once', async () => {
    const person = someone();
    const sent = [];
    for (let flow = 0; flow < 10; flow++) sent.push(await returned(person));
    const said = (await Promise.all(sent.map(one => finish(one)))).map(told);
    const users = new Set(said.filter(({ code }) => code).map(one => loginOf(one).user_id));
    expect(users.size).toBe(1);
    expect(await service.sql('select logins from sso.connections where subject = ?', [person.sub])).toEqual([
      { logins: said.filter(({ code }) => code).length },
    ]);
    expect(said.every(({ code }) => code)).toBe(true);
  });
  it('takes the roles of the groups that the provider names now', async () => {
    const group_mappings = [
      { group: 'Analysts', role_id: 5, workspace_id: 7 },
      { group: 'Admins', role_id: 6 },
      { group: 'Admins', role_id: 6 },
    ];
    const id = await service.oidcProvider(acme, elsewhere, {
      attribute_mapping: { email: 'email', groups: 'groups' },
      group_mappings,
    });
    const person = someone({ groups: ['Admins', 'Analysts', 'Others'] });
    const { user_id } = loginOf(await signIn(person, id));
    expect(service.fleet.roles.get(user_id)).toEqual([
      { role_id: 5, workspace_id: 7 },
      { role_id: 6, workspace_id: null },
    ]);
    await signIn({ ...person, groups: 'Analysts' }, id);
    expect(service.fleet.roles.get(user_id)).toEqual([{ role_id: 5, workspace_id: 7 }]);
    await signIn({ ...person, groups: undefined }, id);
    expect(service.fleet.roles.get(user_id)).toEqual([]);
    service.fleet.lastAdministrators.add(user_id);
    expect(await signIn(person, id)).toHaveProperty('code');
    expect((await lastAttempt(id)).steps).toContainEqual(expect.objectContaining({ step: 'roles_kept' }));
  });
});

describe('an account that somebody has made themselves', () => {
  const arriveAt = async () => {
    const person = someone();
    const mine = browser();
    const account = service.fleet.account(person.email);
    return { person, mine, account, sent: await signIn(person, provider, mine) };
  };
  const connect = (ticket: string | undefined, code_verifier: string, userId: number, more = {}) =>
    service
      .as(signedIn({ userId, organizationId: 5_000 + userId, ...more }))
      .post('/api/v1/sso/tickets/connect', { ticket, code_verifier });

  it('is not taken over by its address: its user proves it first, and comes in by the provider from then on', async () => {
    const { person, mine, account, sent } = await arriveAt();
    expect(sent).toEqual({ state: mine.state, ticket: expect.any(String) });
    const described = await service.anonymous.post('/api/v1/sso/tickets/describe', { ticket: sent.ticket });
    expect(described.body.data).toEqual({
      purpose: 'connect',
      email: person.email,
      display_name: person.name,
      provider_name: 'Corporate',
    });
    await connect(sent.ticket, mine.verifier, account.user_id).expect(200);
    expect(await connectedBy(account.user_id)).toBe('proof');
    expect(loginOf(await signIn(person)).user_id).toBe(account.user_id);
  });
  it('is connected by nobody else: another account, another browser, an old authentication, a second time', async () => {
    const { mine, account, sent } = await arriveAt();
    const stranger = service.fleet.account('mallory@evil.example');
    const codeOf = async (answer: ReturnType<typeof connect>) => (await answer).body.error?.code;
    expect(await codeOf(connect(sent.ticket, mine.verifier, stranger.user_id))).toBe('NOT_THIS_ACCOUNT');
    expect(await codeOf(connect(sent.ticket, browser().verifier, account.user_id))).toBe('INVALID_TICKET');
    expect(await codeOf(connect(sent.ticket, mine.verifier, account.user_id, { authTime: 1 }))).toBe(
      'STEP_UP_REQUIRED',
    );
    expect(await codeOf(connect('x', mine.verifier, account.user_id))).toBe('INVALID_TICKET');
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => connect(sent.ticket, mine.verifier, account.user_id)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400, 400, 400, 400]);
  });
  it('is connected by nobody where the provider has been made inactive meanwhile', async () => {
    const { mine, account, sent } = await arriveAt();
    await update(provider, { status: 'inactive' });
    await connect(sent.ticket, mine.verifier, account.user_id).expect(400);
    await update(provider, { status: 'active' });
    await connect(sent.ticket, mine.verifier, account.user_id).expect(200);
  });
  it('is connected by nobody after ten minutes', async () => {
    const { mine, account, sent } = await arriveAt();
    await service.sql("update sso.tickets set expires_at = now() - interval '1 second'");
    await connect(sent.ticket, mine.verifier, account.user_id).expect(400);
    await service.anonymous.post('/api/v1/sso/tickets/describe', { ticket: sent.ticket }).expect(400);
  });
  it('stays with the person at the provider who has it: an address that is given to another person is not enough', async () => {
    const first = someone();
    const { user_id } = loginOf(await signIn(first));
    const second = someone({ email: first.email });
    expect(await signIn(second)).toHaveProperty('ticket');
    expect((await lastAttempt()).reason).toBe('OTHER_SUBJECT');
    expect(loginOf(await signIn(first)).user_id).toBe(user_id);
  });
});

describe('the log of sign-ins', () => {
  it('says each step, and what the provider sent, without what is secret', async () => {
    const person = someone({ groups: ['Staff'] });
    const sent = await returned(person);
    const { code } = told(await finish(sent));
    const attempt = await lastAttempt();
    expect(attempt).toMatchObject({
      begun_by: 'platform',
      outcome: 'succeeded',
      reason: null,
      email: person.email,
      user_id: loginOf({ code: code! }).user_id,
      received: { sub: person.sub, email: person.email, groups: ['Staff'], iss: elsewhere.issuer },
    });
    expect(attempt.steps.map(({ step }: { step: string }) => step)).toEqual([
      'begun',
      'sent_to_provider',
      'came_back',
      'claims_received',
      'address_accepted',
      'member_found',
      'signed_in',
    ]);
    const kept = JSON.stringify([attempt, await service.sql('select * from sso.attempts')]);
    for (const secret of [sent.code, sent.state, code, 'nonce']) expect(kept).not.toContain(secret);
    // A token; the three letters alone are in what is sealed now and then.
    expect(kept).not.toMatch(/eyJ[\w-]+\.eyJ/);
  });
  it('says why somebody was refused, and what to do', async () => {
    await signIn(someone({ email: 'ada@elsewhere.example' }));
    expect(await lastAttempt()).toMatchObject({
      outcome: 'failed',
      reason: 'DOMAIN_NOT_SERVED',
      explanation: expect.stringContaining('domains of the provider'),
      received: { email: 'ada@elsewhere.example' },
    });
  });
  it('counts in the statistics of the provider', async () => {
    const id = await service.oidcProvider(acme, elsewhere);
    const person = someone();
    await signIn(person, id);
    await signIn(person, id);
    await signIn(someone({ email: 'ada@elsewhere.example' }), id);
    await begin(id);
    const { body } = await acme.administrator.get(`/api/v1/sso/providers/${id}`).expect(200);
    expect(body.data.provider.statistics).toEqual({
      logins_total: 2,
      logins_30d: 2,
      failures_30d: 1,
      last_login_at: expect.stringMatching(/Z$/),
    });
  });
  it('is for administrators of the organization alone, and pages', async () => {
    const other = await service.tenant();
    await other.administrator.get(`/api/v1/sso/providers/${provider}/attempts`).expect(404);
    await service
      .as(signedIn({ userId: 1, organizationId: acme.id }))
      .get(`/api/v1/sso/providers/${provider}/attempts`)
      .expect(403);
    const first = (
      await acme.administrator.get(`/api/v1/sso/providers/${provider}/attempts?limit=2&outcome=succeeded`)
    ).body.data;
    const next = (
      await acme.administrator.get(
        `/api/v1/sso/providers/${provider}/attempts?limit=2&cursor=${first.next_cursor}`,
      )
    ).body.data;
    expect(next.attempts[0].id).toBeLessThan(first.attempts[1].id);
  });
});
