import { forgetMemberships } from '@rivergate/caller';
import { holdBack } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RunningGateway, startGateway } from '../gateway.ts';
import { type Handler, json, testRoute } from '../testing/stand-in.ts';
import { type SignedIn, startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

const [INSIDE, OUTSIDE] = ['198.51.100.7', '203.0.113.9'];
const ONLY_INSIDE = `${INSIDE}/32`;

let fleet: TestFleet;
let other: RunningGateway;
let echo: Handler;
beforeAll(async () => {
  fleet = await startTestFleet(
    [
      testRoute('GET', '/api/v1/things'),
      testRoute('POST', '/api/v1/things'),
      testRoute('GET', '/api/v1/organizations/{org_id}/things'),
      testRoute('POST', '/api/v1/leave', { anyNetwork: true }),
      testRoute('GET', '/api/v1/open', { caller: 'public' }),
    ],
    { env: { TRUST_PROXY: 'loopback' } },
  );
  other = await startGateway({ ...fleet.env, TRUST_PROXY: 'false' });
  echo = fleet.storage.handle;
});
beforeEach(() => {
  fleet.storage.handle = echo;
});
afterAll(async () => {
  await other?.stop();
  await fleet?.stop();
});

/** What organization does when settings change. */
async function set(
  { organizationId }: SignedIn,
  policy: NonNullable<ReturnType<TestFleet['policies']['get']>>,
) {
  fleet.policies.set(organizationId!, policy);
  await forgetMemberships(fleet.redis, organizationId!);
}
const only = (user: SignedIn, ...ip_allow_list: string[]) => set(user, { ip_allow_list });

type Asking = { from?: string; path?: string; method?: string; url?: string };
async function ask(headers: { authorization?: string }, asking: Asking = {}) {
  const { from = INSIDE, path = '/api/v1/things', method = 'GET', url = fleet.url } = asking;
  const answer = await fetch(url + path, { method, headers: { ...headers, 'x-forwarded-for': from } });
  const { error } = (await answer.json()) as { error?: { code: string } };
  return error ? `${answer.status} ${error.code}` : `${answer.status}`;
}
const REFUSED = '403 IP_NOT_ALLOWED';

describe('the networks that an organization admits', () => {
  it('count from the next request on, each time they change, and for who was remembered', async () => {
    const user = await fleet.signIn();
    for (let time = 0; time < 3; time++) expect(await ask(user.headers, { from: OUTSIDE })).toBe('200');
    for (let time = 0; time < 20; time++) {
      await only(user, '198.51.100.0/24', '2001:db8::/32');
      expect(await ask(user.headers, { from: OUTSIDE })).toBe(REFUSED);
      expect(await ask(user.headers)).toBe('200');
      await only(user);
      expect(await ask(user.headers, { from: OUTSIDE })).toBe('200');
    }
  });

  it('know an address by whatever spelling, and take none from who may not name one', async () => {
    const user = await fleet.signIn();
    await only(user, '198.51.100.0/24', '2001:db8::/32');
    for (const from of ['::ffff:198.51.100.7', '::ffff:c633:6407', '2001:DB8:0:0::1'])
      expect([from, await ask(user.headers, { from })]).toEqual([from, '200']);
    // The last one is what the proxy saw; what stands before it, its client wrote.
    for (const from of [`${INSIDE}, ${OUTSIDE}`, '198.051.100.7', 'fe80::1%198.51.100.7', '', 'x'])
      expect([from, await ask(user.headers, { from })]).toEqual([from, REFUSED]);
    expect(await ask(user.headers, { url: other.url })).toBe(REFUSED);
    await only(user, '127.0.0.0/8');
    expect(await ask(user.headers, { url: other.url, from: OUTSIDE })).toBe('200');
  });

  it('count for every kind of token, and for clients without a user', async () => {
    const user = await fleet.signIn();
    const { userId: user_id, organizationId: organization_id } = user;
    const tokens = [
      fleet.issueToken({ user_id, organization_id }),
      fleet.issueToken({ user_id, organization_id, bound: true }),
      fleet.issueToken({ user_id: null, organization_id, bound: true, client_id: 'app' }),
      fleet.issueToken(
        { user_id, organization_id, bound: true, client_id: 'app' },
        await fleet.token({ sub: 'app', client_id: 'app' }),
      ),
    ];
    await only(user, ONLY_INSIDE);
    for (const token of tokens) {
      const headers = { authorization: `Bearer ${token}` };
      expect(await ask(headers)).toBe('200');
      expect(await ask(headers, { from: OUTSIDE })).toBe(REFUSED);
      expect(await ask(headers)).toBe('200');
    }
  });

  it('are those of the organization that the request acts on, and nobody else is kept out', async () => {
    const [user, stranger] = [await fleet.signIn(), await fleet.signIn()];
    await only(user, ONLY_INSIDE);
    const path = `/api/v1/organizations/${user.organizationId}/things`;
    const at = { from: OUTSIDE };
    expect(await ask(stranger.headers, at)).toBe('200');
    // That it is no member, the service answers.
    expect(await ask(stranger.headers, { ...at, path })).toBe('200');
    expect(fleet.storage.received.at(-1)?.principal).toMatchObject({ isMember: false });
    fleet.members.set(`${user.organizationId}:${stranger.userId}`, {
      member: true,
      is_admin: true,
      permissions: [],
      plan: null,
    });
    await forgetMemberships(fleet.redis, user.organizationId!);
    expect(await ask(stranger.headers, { ...at, path })).toBe(REFUSED);
    expect(await ask(stranger.headers, at)).toBe('200');
    const own = `/api/v1/organizations/${stranger.organizationId}/things`;
    expect(await ask(user.headers, { ...at, path: own })).toBe('200');
    expect(await ask(user.headers, { ...at, path: '/api/v1/open' })).toBe('200');
  });

  it('leave the way out open, and the way in to who administers the platform', async () => {
    const user = await fleet.signIn();
    const operator = await fleet.signIn({ organizationId: user.organizationId, isSystemAdmin: true });
    await only(user, ONLY_INSIDE);
    expect(await ask(user.headers, { from: OUTSIDE, path: '/api/v1/leave', method: 'POST' })).toBe('200');
    expect(await ask(user.headers, { from: OUTSIDE })).toBe(REFUSED);
    expect(await ask(operator.headers, { from: OUTSIDE })).toBe('200');
  });

  it('count in whose name ever somebody acts', async () => {
    const [member, admin] = [await fleet.signIn(), await fleet.signIn({ organizationId: null })];
    const { organizationId, userId, sessionId } = member;
    fleet.members.set(`${organizationId}:${admin.userId}`, {
      member: true,
      is_admin: true,
      permissions: ['*'],
      plan: null,
    });
    const token = await fleet.token({
      sub: String(userId),
      sid: sessionId,
      org_id: organizationId,
      act: { sub: String(admin.userId) },
    });
    await only(member, ONLY_INSIDE);
    const headers = { authorization: `Bearer ${token}` };
    expect(await ask(headers)).toBe('200');
    expect(await ask(headers, { from: OUTSIDE })).toBe(REFUSED);
  });

  it('are compared again when a body is held back until they have changed', async () => {
    const user = await fleet.signIn();
    const before = fleet.storage.received.length;
    const headers = { ...user.headers, 'x-forwarded-for': OUTSIDE };
    const request = holdBack(fleet.url, { path: '/api/v1/things', body: '{"a":1}', headers });
    await request.accepted;
    const held = new Promise(passed => setTimeout(passed, 1_000));
    await only(user, ONLY_INSIDE);
    await held;
    request.release();
    expect(await request.answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(fleet.storage.received).toHaveLength(before);
  });

  it('end the streams that come from elsewhere, and no others', async () => {
    const user = await fleet.signIn();
    let open = 0;
    fleet.storage.handle = (_, response) => {
      open += 1;
      response.once('close', () => {
        open -= 1;
      });
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('begun\n');
    };
    const streamed = (from: string) =>
      fleet.get('/api/v1/things', { ...user.headers, 'x-forwarded-for': from });
    const [stays, ends] = [await streamed(INSIDE), await streamed(OUTSIDE)];
    expect(open).toBe(2);
    await only(user, ONLY_INSIDE);
    await expect(ends.text()).rejects.toThrow();
    await vi.waitFor(() => expect(open).toBe(1));
    const next = await stays.body!.getReader().read();
    expect(Buffer.from(next.value!).toString()).toBe('begun\n');
    expect(open).toBe(1);
  });

  it('503 where they cannot be known, never allowed', async () => {
    const user = await fleet.signIn();
    const answer = fleet.organization.handle;
    fleet.organization.handle = (request, response, received) =>
      received.url.endsWith('/access-policy') ? json(response, 500, {}) : answer(request, response, received);
    expect(await ask(user.headers)).toMatch(/^503 /);
    fleet.organization.handle = answer;
    expect(await ask(user.headers)).toBe('200');
  });
});

describe('the tokens that an organization admits', () => {
  const REFUSED_TOKEN = '403 TOKEN_NOT_ALLOWED';

  it('count from the next request on, for those that are out already', async () => {
    const user = await fleet.signIn();
    const { userId: user_id, organizationId: organization_id } = user;
    const yesterday = new Date(Date.now() - 90_000_000).toISOString();
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const personal = bearer(fleet.issueToken({ user_id, organization_id, created_at: yesterday }));
    const bound = bearer(fleet.issueToken({ user_id, organization_id, bound: true, created_at: yesterday }));
    const app = { user_id, organization_id, bound: true, client_id: 'app' };
    const oauth = bearer(fleet.issueToken(app, await fleet.token({ sub: 'app', client_id: 'app' })));
    const all = [user.headers, personal, bound, oauth];
    const answers = async () => Promise.all(all.map(headers => ask(headers)));
    expect(await answers()).toEqual(['200', '200', '200', '200']);
    await set(user, { personal_tokens: false });
    expect(await answers()).toEqual(['200', REFUSED_TOKEN, '200', '200']);
    await set(user, { personal_token_max_days: 1 });
    expect(await answers()).toEqual(['200', REFUSED_TOKEN, '200', '200']);
    await set(user, { personal_token_max_days: 2 });
    expect(await answers()).toEqual(['200', '200', '200', '200']);
    await set(user, { organization_tokens: false });
    expect(await answers()).toEqual(['200', '200', REFUSED_TOKEN, '200']);
    await set(user, { oauth_applications: false });
    expect(await answers()).toEqual(['200', '200', '200', REFUSED_TOKEN]);
  });

  it('are those of the organization that is acted on', async () => {
    const user = await fleet.signIn();
    const elsewhere = await fleet.signIn();
    const token = fleet.issueToken({ user_id: user.userId, organization_id: elsewhere.organizationId });
    const headers = { authorization: `Bearer ${token}` };
    await set(user, { personal_tokens: false });
    expect(await ask(headers)).toBe('200');
    expect(await ask(headers, { path: `/api/v1/organizations/${user.organizationId}/things` })).toBe(
      REFUSED_TOKEN,
    );
  });
});

describe('an organization that is entered by its identity provider only', () => {
  const REFUSED_SESSION = '403 SSO_REQUIRED';
  const required = (...except_user_ids: number[]) => ({
    sso: { except_user_ids, login_url: 'https://rivergate.example/sign-in' },
  });
  const bound = async ({ userId, sessionId, organizationId }: SignedIn) => ({
    authorization: `Bearer ${await fleet.token({ sub: String(userId), sid: sessionId, org_id: organizationId, org_bound: true })}`,
  });

  it('refuses other sessions, from the next request on, and leaves the way out open', async () => {
    const user = await fleet.signIn();
    const byProvider = await bound(user);
    const answers = async () => [
      await ask(user.headers),
      await ask(byProvider),
      await ask(user.headers, { path: '/api/v1/leave', method: 'POST' }),
    ];
    expect(await answers()).toEqual(['200', '200', '200']);
    await set(user, required());
    expect(await answers()).toEqual([REFUSED_SESSION, '200', '200']);
    await set(user, required(user.userId));
    expect(await answers()).toEqual(['200', '200', '200']);
    await set(user, { sso: null });
    expect(await answers()).toEqual(['200', '200', '200']);
  });

  it('takes tokens by the session in which they were made, and those of programs', async () => {
    const user = await fleet.signIn();
    const { userId: user_id, organizationId: organization_id } = user;
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const made = (sso_organization_id: number | null) =>
      bearer(fleet.issueToken({ user_id, organization_id, sso_organization_id }));
    const app = { user_id: null, organization_id, bound: true, client_id: 'app' };
    const program = bearer(fleet.issueToken(app, await fleet.token({ sub: 'app', client_id: 'app' })));
    const all = [made(null), made(organization_id! + 1), made(organization_id), program];
    await set(user, required());
    const answers = await Promise.all(all.map(headers => ask(headers)));
    expect(answers).toEqual([REFUSED_SESSION, REFUSED_SESSION, '200', '200']);
  });

  it('ends the streams of who may not enter any more, and no others', async () => {
    const user = await fleet.signIn();
    let open = 0;
    fleet.storage.handle = (_, response) => {
      open += 1;
      response.once('close', () => {
        open -= 1;
      });
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('begun\n');
    };
    const [stays, ends] = [
      await fleet.get('/api/v1/things', await bound(user)),
      await fleet.get('/api/v1/things', user.headers),
    ];
    expect(open).toBe(2);
    await set(user, required());
    await expect(ends.text()).rejects.toThrow();
    await vi.waitFor(() => expect(open).toBe(1));
    await stays.body!.cancel();
  });

  it('is asked again when a body was held back until it was required', async () => {
    const user = await fleet.signIn();
    const before = fleet.storage.received.length;
    const request = holdBack(fleet.url, { path: '/api/v1/things', body: '{"a":1}', headers: user.headers });
    await request.accepted;
    const held = new Promise(passed => setTimeout(passed, 1_000));
    await set(user, required());
    await held;
    request.release();
    expect(await request.answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(fleet.storage.received).toHaveLength(before);
  });
});
