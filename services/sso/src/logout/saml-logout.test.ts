import { createSign } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LoggedIn } from '../saml/logout.ts';
import { byPost, byRedirect, message, newMessageId, type Sending } from '../saml/send.ts';
import { element } from '../saml/xml-text.ts';
import {
  type SamlIdentityProviderUnderTest,
  startSamlIdentityProvider,
} from '../testing/saml-identity-provider.ts';
import { signingKey } from '../testing/saml-keys.ts';
import type { SigningKey } from '../testing/saml-messages.ts';
import {
  browser,
  leadsTo,
  type SsoUnderTest,
  startSsoUnderTest,
  type Tenant,
  told,
} from '../testing/sso-under-test.ts';

const PATH = '/api/v1/sso/providers';
const BINDINGS = ['redirect', 'post'] as const;
type Binding = (typeof BINDINGS)[number];

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
beforeEach(async () => {
  people++;
  elsewhere.behaviour = { sign: 'assertion', encrypt: false, says: {} };
  elsewhere.person = { nameId: `person${people}@${acme.domain}` };
  await register(provider);
});

async function register(id: number): Promise<void> {
  elsewhere.register((await service.anonymous.get(`${PATH}/${id}/metadata`).expect(200)).text);
}
async function create(more: object = {}, by = acme): Promise<number> {
  const body = { provider_type: 'saml', name: 'Corporate', metadata_url: elsewhere.metadataUrl, ...more };
  return (await by.administrator.post(PATH, body).expect(201)).body.data.provider.id;
}
const form = (id: number, end: 'acs' | 'slo', fields: Record<string, string>) =>
  service.anonymous.post(`${PATH}/${id}/${end}`, undefined, {
    raw: `${new URLSearchParams(fields)}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://idp.example' },
  });

/** Signs in, in a session of that name. @returns the login, and who it is here */
async function signIn(sessionIndex = 'session-1', id = provider) {
  elsewhere.behaviour.says = { sessionIndex };
  const begun = await service.anonymous.get(`${PATH}/${id}/login?${browser().query}`);
  const { fields } = await elsewhere.signIn(leadsTo(begun).href);
  const { code } = told(await form(id, 'acs', fields));
  return service.fleet.logins.find(login => login.code === code)!;
}
let sessions = 0;
/** The caller in the session that a login has opened. */
function sessionOf({ login_id, user_id, organization_id }: Awaited<ReturnType<typeof signIn>>) {
  const sessionId = ++sessions;
  service.fleet.sessions.set(sessionId, login_id);
  const facts = { userId: user_id, organizationId: organization_id, sessionBoundTo: organization_id };
  return service.as(signedIn({ ...facts, sessionId }));
}
const receive = (sending: Sending, id = provider) =>
  sending.binding === 'redirect'
    ? service.anonymous.get(`${PATH}/${id}/slo${new URL(sending.url).search}`)
    : form(id, 'slo', sending.fields);
const eventsOf = async (login_id: string) =>
  (
    await service.sql(
      "select 1 from sso.audit_log where action = 'sso.login.ended' and metadata->>'login_id' = ?",
      [login_id],
    )
  ).length;
const attempts = async (id = provider) =>
  (await acme.administrator.get(`${PATH}/${id}/attempts?kind=logout`).expect(200)).body.data.attempts;
const logoutUrl = (id = provider) => `http://rivergate.test${PATH}/${id}/slo`;

/** A request whose text the test writes, signed by the provider. */
function written(
  binding: Binding,
  attributes: Record<string, string | undefined> = {},
  { key = elsewhere.key() as SigningKey | null, entityId = elsewhere.entityId } = {},
): Sending {
  const id = newMessageId();
  const facts = { Destination: logoutUrl(), ...attributes };
  const name = element('saml:NameID', {}, elsewhere.person.nameId);
  const xml = message('LogoutRequest', id, { entityId } as never, facts, name);
  return (binding === 'post' ? byPost : byRedirect)(
    logoutUrl(),
    { field: 'SAMLRequest', id, xml },
    key ?? undefined,
  );
}
const at = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();

describe.each(BINDINGS)('a logout that a SAML provider begins, by %s', binding => {
  it('ends the session that it names, and answers where the provider takes answers', async () => {
    const [first, second] = [await signIn('one'), await signIn('two')];
    const answer = await receive(elsewhere.logout(binding, { sessionIndex: 'one' }));
    // Its answers go by the binding that is set up for it.
    const { origin, pathname, searchParams } = leadsTo(answer);
    expect(`${origin}${pathname}`).toBe(elsewhere.ssoUrl.replace('/sso', '/slo'));
    expect([...searchParams.keys()]).toEqual(['SAMLResponse', 'SigAlg', 'Signature']);
    expect([await eventsOf(first.login_id), await eventsOf(second.login_id)]).toEqual([1, 0]);
    // Identity was asked before the answer went out.
    expect(service.fleet.ended).toContain(first.login_id);
    expect(service.fleet.ended).not.toContain(second.login_id);
    expect((await attempts())[0]).toMatchObject({
      kind: 'logout',
      begun_by: 'provider',
      outcome: 'succeeded',
      user_id: first.user_id,
      received: { NameID: elsewhere.person.nameId, SessionIndex: ['one'] },
      steps: [{ step: 'request_checked' }, { step: 'sessions_ended', detail: '1' }],
    });
  });

  it('ends all sessions of the person where it names none, and nobody else’s', async () => {
    const mine = [await signIn('one'), await signIn('two')];
    const { nameId } = elsewhere.person;
    elsewhere.person = { nameId: `other${people}@${acme.domain}` };
    const other = await signIn('three');
    leadsTo(await receive(elsewhere.logout(binding, { nameId, sessionIndex: null } as Partial<LoggedIn>)));
    for (const { login_id } of mine) expect(await eventsOf(login_id)).toBe(1);
    expect(await eventsOf(other.login_id)).toBe(0);
  });

  it('is answered alike for a name that nobody has here', async () => {
    const known = await signIn();
    const say = async (nameId: string) => {
      const { searchParams } = leadsTo(await receive(elsewhere.logout(binding, { nameId })));
      const answered = Buffer.from(searchParams.get('SAMLResponse')!, 'base64');
      return inflateRawSync(answered)
        .toString()
        .replaceAll(/(ID|InResponseTo|IssueInstant)="[^"]*"/g, '$1');
    };
    expect(await say(`nobody@${acme.domain}`)).toBe(await say(elsewhere.person.nameId));
    const [, ofNobody] = await attempts();
    expect(ofNobody).toMatchObject({ outcome: 'succeeded', user_id: null, received: null });
    expect(await eventsOf(known.login_id)).toBe(1);
  });

  it('has one effect where ten come at once, and an event for each session', async () => {
    const logins = [await signIn('one'), await signIn('two')];
    const same = elsewhere.logout(binding, { sessionIndex: null });
    const others = Array.from({ length: 5 }, () => elsewhere.logout(binding, { sessionIndex: null }));
    const answers = await Promise.all([same, same, same, same, same, ...others].map(one => receive(one)));
    const refused = answers.filter(answer => answer.headers.get('location')!.includes('signed_out=refused'));
    expect([answers.length, refused.length]).toEqual([10, 4]);
    for (const { login_id } of logins) expect(await eventsOf(login_id)).toBe(1);
  });

  it('is refused, with a reason for administrators, where it is not in order', async () => {
    const { login_id } = await signIn();
    const bad: [string, Sending][] = [
      ['SAML_UNSIGNED', written(binding, {}, { key: null })],
      ['SAML_INVALID_SIGNATURE', written(binding, {}, { key: await signingKey() })],
      ['SAML_EXPIRED', written(binding, { NotOnOrAfter: at(-300) })],
      ['SAML_EXPIRED', written(binding, { IssueInstant: at(-4_000) })],
      ['SAML_WRONG_DESTINATION', written(binding, { Destination: logoutUrl(9_999) })],
      ['SAML_WRONG_DESTINATION', written(binding, { Destination: undefined })],
      ['SAML_WRONG_ISSUER', written(binding, {}, { entityId: 'https://other.example' })],
    ];
    for (const [reason, sending] of bad) {
      expect(told(await receive(sending))).toEqual({ signed_out: 'refused' });
      expect((await attempts())[0]).toMatchObject({ kind: 'logout', outcome: 'failed', reason });
    }
    const good = written(binding);
    leadsTo(await receive(good));
    expect(told(await receive(good))).toEqual({ signed_out: 'refused' });
    expect((await attempts())[0]).toMatchObject({ reason: 'SAML_REPLAYED' });
    expect(await eventsOf(login_id)).toBe(1);
  });

  it('ends nothing of another provider, though that names the same people', async () => {
    const other = await create();
    const { login_id } = await signIn();
    await register(other);
    await receive(elsewhere.logout(binding), other);
    expect(await eventsOf(login_id)).toBe(0);
    // A message for one of the two is none for the other.
    expect(told(await receive(elsewhere.logout(binding), provider))).toEqual({ signed_out: 'refused' });
    expect(await eventsOf(login_id)).toBe(0);
  });

  it('404 at a provider that is not there, or of another kind', async () => {
    const sending = elsewhere.logout(binding);
    expect((await receive(sending, 999_999)).status).toBe(404);
  });
});

describe('the query of a logout by redirect', () => {
  /** Signed over this text, to the letter. */
  function query(parameters: string, algorithm: string, hash: string): string {
    const signed = `${parameters}&SigAlg=${encodeURIComponent(algorithm)}`;
    const signature = createSign(hash).update(signed).sign(elsewhere.key().privateKey, 'base64');
    return `${signed}&Signature=${encodeURIComponent(signature)}`;
  }
  const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
  const asked = () => {
    const { url } = written('redirect') as Extract<Sending, { binding: 'redirect' }>;
    return new URL(url).searchParams.get('SAMLRequest')!;
  };
  const send = (search: string) => service.anonymous.get(`${PATH}/${provider}/slo?${search}`);

  it('is verified as it was written, whatever else it could have been written like', async () => {
    // In lower case, as some providers write it, and not as this side would.
    const lower = encodeURIComponent(asked()).replaceAll(/%[0-9A-F]{2}/g, code => code.toLowerCase());
    leadsTo(await send(query(`SAMLRequest=${lower}&RelayState=a%20b`, RSA_SHA256, 'sha256')));
    leadsTo(
      await send(query(`SAMLRequest=${encodeURIComponent(asked())}&RelayState=a+b`, RSA_SHA256, 'sha256')),
    );
    expect((await attempts()).slice(0, 2).map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'succeeded',
      'succeeded',
    ]);
  });

  it.each([
    ['http://www.w3.org/2000/09/xmldsig#rsa-sha1', 'sha1'],
    ['http://www.w3.org/2001/04/xmldsig-more#rsa-md5', 'md5'],
  ])('is refused where it is signed by %s', async (algorithm, hash) => {
    const search = query(`SAMLRequest=${encodeURIComponent(asked())}`, algorithm, hash);
    expect(told(await send(search))).toEqual({ signed_out: 'refused' });
    expect((await attempts())[0]).toMatchObject({ reason: 'SAML_WEAK_ALGORITHM' });
  });

  it('is refused where a parameter stands in it twice, or one was changed or added after the signature', async () => {
    const { login_id } = await signIn();
    const good = query(`SAMLRequest=${encodeURIComponent(asked())}`, RSA_SHA256, 'sha256');
    const mallory = encodeURIComponent(asked());
    // Twice, also under a name that is written otherwise.
    for (const twice of [
      `SAMLRequest=${mallory}`,
      `SigAlg=${mallory}`,
      `Signature=${mallory}`,
      `%53AMLRequest=${mallory}`,
    ])
      for (const search of [`${good}&${twice}`, `${twice}&${good}`])
        expect((await send(search)).status).toBe(422);
    for (const search of [
      `${good}&RelayState=x`,
      good.replace('SAMLRequest=', '%53AMLRequest='),
      good.replace(/SAMLRequest=[^&]*/, `SAMLRequest=${mallory}`),
    ])
      expect(told(await send(search))).toEqual({ signed_out: 'refused' });
    // Of a request and an answer neither could be told to be meant.
    for (const search of [`${good}&SAMLResponse=${mallory}`, 'RelayState=x'])
      expect((await send(search)).status).toBe(422);
    expect(await eventsOf(login_id)).toBe(0);
    leadsTo(await send(good));
    expect(await eventsOf(login_id)).toBe(1);
  });

  it('is refused where it blows up', async () => {
    const bomb = deflateRawSync(Buffer.alloc(5_000_000, 'a')).toString('base64');
    const search = query(`SAMLRequest=${encodeURIComponent(bomb)}`, RSA_SHA256, 'sha256');
    const id = await create();
    const answer = await service.anonymous.get(`${PATH}/${id}/slo?${search}`);
    expect(told(answer)).toEqual({ signed_out: 'refused' });
    expect((await attempts(id))[0]).toMatchObject({ reason: 'SAML_TOO_LARGE' });
  });
});

describe('a logout that is begun here', () => {
  const begin = async (caller: ReturnType<typeof sessionOf>) =>
    (await caller.post('/api/v1/sso/logout').expect(200)).body.data.redirect_url as string | null;
  /** What the provider sends the browser back with. */
  const goes = async (url: string) => {
    const answered = await fetch(url, { redirect: 'manual' });
    return new URL(answered.headers.get('location')!);
  };
  const comesBack = (to: URL) => service.anonymous.get(`${to.pathname}${to.search}`);

  it('ends the session, and signs out at the provider by name and session', async () => {
    elsewhere.behaviour.says = {};
    const login = await signIn('here');
    const url = await begin(sessionOf(login));
    expect(new URL(url!).origin).toBe(new URL(elsewhere.entityId).origin);
    const back = await goes(url!);
    const asked = elsewhere.asked.at(-1)!;
    expect(asked.name).toBe('LogoutRequest');
    const [, name, index] = asked.children;
    expect([name!.text, name!.attributes.get('Format'), index!.text]).toEqual([
      elsewhere.person.nameId,
      'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
      'here',
    ]);
    expect(told(await comesBack(back))).toEqual({ signed_out: 'everywhere' });
    expect((await attempts())[0]).toMatchObject({
      kind: 'logout',
      begun_by: 'platform',
      outcome: 'succeeded',
      user_id: login.user_id,
      steps: [
        { step: 'session_ended' },
        { step: 'sent_to_provider' },
        { step: 'came_back' },
        { step: 'signed_out' },
      ],
    });
    // An answer counts once.
    expect(told(await comesBack(back))).toEqual({ signed_out: 'unconfirmed' });
    expect(service.fleet.sessions.size).toBe(0);
    expect(await service.sql('select 1 from sso.logins where login_id = ?', [login.login_id])).toEqual([]);
  });

  it('says where the provider could not sign somebody out everywhere, or refused', async () => {
    for (const [loggedOut, reason] of [
      ['partly', 'LOGOUT_PARTIAL'],
      ['refused', 'LOGOUT_REFUSED'],
    ] as const) {
      elsewhere.behaviour.loggedOut = loggedOut;
      const back = await goes((await begin(sessionOf(await signIn())))!);
      expect(told(await comesBack(back))).toEqual({ signed_out: 'partly' });
      expect((await attempts())[0]).toMatchObject({ outcome: 'failed', reason });
    }
  });

  it('leads on once where ten ask at once', async () => {
    const caller = sessionOf(await signIn());
    const urls = await Promise.all(Array.from({ length: 10 }, () => begin(caller)));
    expect(urls.filter(url => url !== null)).toHaveLength(1);
  });

  it('is posted by a page of its own, once, to a provider that takes only that', async () => {
    await acme.administrator.put(`${PATH}/${provider}`, { slo_binding: 'post' }).expect(200);
    const url = new URL((await begin(sessionOf(await signIn())))!);
    expect(`${url.origin}`).toBe('http://rivergate.test');
    const page = await service.anonymous.get(url.pathname).expect(200);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    const slo = elsewhere.ssoUrl.replace('/sso', '/slo');
    expect(page.text).toContain(`action="${slo}"`);
    const request = /name="SAMLRequest" value="([^"]*)"/.exec(page.text)![1]!;
    const posted = await fetch(slo, { method: 'POST', body: new URLSearchParams({ SAMLRequest: request }) });
    const answer = /name="SAMLResponse" value="([^"]*)"/.exec(await posted.text())![1]!;
    const SAMLResponse = answer.replaceAll(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
    expect(told(await form(provider, 'slo', { SAMLResponse }))).toEqual({ signed_out: 'everywhere' });
    expect(told(await service.anonymous.get(url.pathname))).toEqual({ signed_out: 'unconfirmed' });
    // And what it asks itself is answered in the same way.
    const answered = await receive(elsewhere.logout('post')).expect(200);
    expect(answered.text).toContain('name="SAMLResponse"');
    await acme.administrator.put(`${PATH}/${provider}`, { slo_binding: 'redirect' }).expect(200);
  });

  it('takes no answer that another provider signed, that was changed, or that nobody asked for', async () => {
    const back = await goes((await begin(sessionOf(await signIn())))!);
    const changed = new URL(back);
    changed.searchParams.set('RelayState', 'https://evil.example');
    const unsigned = new URL(back);
    for (const name of ['SigAlg', 'Signature']) unsigned.searchParams.delete(name);
    for (const bad of [changed, unsigned])
      expect(told(await comesBack(bad))).toEqual({ signed_out: 'unconfirmed' });
    const other = await create();
    expect(told(await service.anonymous.get(`${PATH}/${other}/slo${back.search}`))).toEqual({
      signed_out: 'unconfirmed',
    });
    expect(told(await comesBack(back))).toEqual({ signed_out: 'everywhere' });
  });

  it('ends here alone where the provider takes no logouts, and leads nowhere', async () => {
    const id = await create({ slo_url: null });
    await register(id);
    const login = await signIn('here', id);
    expect(await begin(sessionOf(login))).toBeNull();
    expect((await attempts(id))[0]).toMatchObject({ outcome: 'failed', reason: 'LOGOUT_UNAVAILABLE' });
  });

  it('leads nowhere from a session that no provider opened, and takes no token in place of a session', async () => {
    const own = service.as(signedIn({ userId: 7, sessionId: 999 }));
    expect(await begin(own)).toBeNull();
    expect((await service.anonymous.post('/api/v1/sso/logout')).status).toBe(401);
    expect(
      (await service.as(signedIn({ userId: 7, sessionId: null })).post('/api/v1/sso/logout')).status,
    ).toBe(403);
  });
});

describe('what is set up of logouts', () => {
  it('comes from the metadata of the provider, and goes to it with ours', async () => {
    const { body } = await acme.administrator.get(`${PATH}/${provider}`).expect(200);
    const slo = elsewhere.ssoUrl.replace('/sso', '/slo');
    expect(body.data.provider).toMatchObject({
      slo_url: slo,
      slo_response_url: null,
      slo_binding: 'redirect',
    });
    const { text } = await service.anonymous.get(`${PATH}/${provider}/metadata`);
    expect(text.match(/<md:SingleLogoutService [^>]*Location="([^"]*)"/g)).toHaveLength(2);
    expect(text).toContain(`Location="${logoutUrl()}"`);
  });

  it('goes to a place of its own for answers', async () => {
    const slo_response_url = `${new URL(elsewhere.entityId).origin}/answers?tenant=1`;
    const id = await create({ slo_response_url });
    await register(id);
    await signIn('here', id);
    const { pathname, searchParams } = leadsTo(await receive(elsewhere.logout('redirect'), id));
    expect([pathname, searchParams.get('tenant'), searchParams.has('SAMLResponse')]).toEqual([
      '/answers',
      '1',
      true,
    ]);
  });

  it('422 for a place inside, or without TLS', async () => {
    for (const field of ['slo_url', 'slo_response_url'])
      for (const url of [
        'https://10.0.0.1/slo',
        'http://idp.example.com/slo',
        'javascript:alert(1)',
        'https://a:b@idp.example.com',
      ]) {
        const answer = await acme.administrator.put(`${PATH}/${provider}`, { [field]: url });
        expect([url, answer.status, answer.body.error.details[0].field]).toEqual([url, 422, `body.${field}`]);
      }
  });
});
