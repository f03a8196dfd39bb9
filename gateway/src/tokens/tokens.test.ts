import { forgetMemberships, forgetToken, type Principal, revokeToken } from '@rivergate/caller';
import { startPrivateRedis } from '@rivergate/caller/test-redis';
import { prefixedToken, tokenHash } from '@rivergate/secrets';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { sendRaw } from '../testing/raw.ts';
import { json, testRoute } from '../testing/stand-in.ts';
import { someId, startTestFleet, type TestFleet, type TestToken } from '../testing/test-fleet.ts';

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await startTestFleet(
    [
      testRoute('GET', '/api/v1/things'),
      testRoute('GET', '/api/v1/open', { caller: 'public' }),
      testRoute('GET', '/api/v1/organizations/{org_id}/things'),
      testRoute('GET', '/api/v1/live', { upgrade: 'websocket' }),
    ],
    { redis: await startPrivateRedis(), env: { TRUST_PROXY: 'loopback', RATE_LIMIT_STANDARD: '200/60' } },
  );
});
afterAll(() => fleet.stop());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const get = (token: string, path = '/api/v1/things') => fleet.get(path, bearer(token));
const status = async (token: string, path?: string) => (await get(token, path)).status;
const principalOf = async (token: string, path?: string) =>
  ((await (await get(token, path)).json()) as { data: { principal: Principal } }).data.principal;
const asked = () => fleet.identity.received.filter(({ url }) => url === '/internal/tokens/state').length;

/** A member with a token; administrator where that is said. */
async function holder(more: Partial<TestToken> = {}, member: { is_admin?: boolean } = {}) {
  const user = await fleet.signIn(member);
  const facts = { user_id: user.userId, organization_id: user.organizationId, ...more };
  const token = fleet.issueToken(facts);
  return { ...user, token, facts: fleet.tokens.get(tokenHash(token))! };
}

describe('a personal access token', () => {
  it('is asked for once, and tells the service whose it is, of what kind and what for', async () => {
    const { token, userId, organizationId, facts } = await holder({ scopes: ['read'] });
    const before = asked();
    const principal = await principalOf(token);
    expect(principal).toMatchObject({
      kind: 'user',
      userId,
      sessionId: null,
      organizationId,
      isMember: true,
      scope: ['read'],
      token: { kind: 'pat', id: facts.token_id, hash: tokenHash(token), boundTo: null },
    });
    for (let time = 0; time < 3; time++) expect(await status(token)).toBe(200);
    expect(asked() - before).toBe(1);
  });

  it('is asked for once by those who use it at the same time', async () => {
    const { token } = await holder();
    const before = asked();
    const answers = await Promise.all(Array.from({ length: 10 }, () => status(token)));
    expect(answers).toEqual(Array(10).fill(200));
    // One that read Redis before the answer was kept may ask after it has come.
    expect(asked() - before).toBeLessThanOrEqual(2);
  });

  it('acts as administrator with the scope admin only, and never for the platform', async () => {
    const [admin, writer] = [
      await holder({ scopes: ['admin'] }, { is_admin: true }),
      await holder({ scopes: ['read', 'write'] }, { is_admin: true }),
    ];
    expect(await principalOf(admin.token)).toMatchObject({ isAdmin: true, isSystemAdmin: false });
    expect(await principalOf(writer.token)).toMatchObject({ isAdmin: false, isMember: true });
  });

  it('is refused in the query, by another scheme and with a second one beside it', async () => {
    const { token } = await holder();
    expect((await fleet.get(`/api/v1/things?access_token=${token}`)).status).toBe(401);
    expect((await fleet.get('/api/v1/things', { authorization: `Basic ${token}` })).status).toBe(401);
    const lines = [`Authorization: Bearer ${token}`, `Authorization: Bearer ${token}`];
    const raw = `GET /api/v1/things HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines.join('\r\n')}\r\n\r\n`;
    expect(await sendRaw(fleet.url, raw)).toMatch(/^HTTP\/1.1 400/);
  });
});

describe('a token of an organization', () => {
  it('acts there, and is no member of any other', async () => {
    const { token, organizationId, userId } = await holder({ bound: true });
    const elsewhere = someId();
    fleet.members.set(`${elsewhere}:${userId}`, fleet.members.get(`${organizationId}:${userId}`)!);
    expect(await principalOf(token, `/api/v1/organizations/${organizationId}/things`)).toMatchObject({
      isMember: true,
      token: { boundTo: organizationId },
    });
    expect(await principalOf(token, `/api/v1/organizations/${elsewhere}/things`)).toMatchObject({
      isMember: false,
      organizationId: null,
      permissions: [],
    });
  });

  it('ends with the membership, at once; one that is not bound goes on elsewhere', async () => {
    const [bound, free] = [await holder({ bound: true }), await holder()];
    for (const { token } of [bound, free]) expect(await status(token)).toBe(200);
    for (const { organizationId, userId } of [bound, free]) {
      fleet.members.delete(`${organizationId}:${userId}`);
      await forgetMemberships(fleet.redis, organizationId!);
    }
    expect(await status(bound.token)).toBe(401);
    expect(await principalOf(free.token)).toMatchObject({ isMember: false, organizationId: null });
  });
});

describe('a token that is revoked', () => {
  it('is refused with the next request, though an answer that it is active was on its way', async () => {
    const { token, facts } = await holder();
    const release = Promise.withResolvers<void>();
    const answer = fleet.identity.handle;
    fleet.identity.handle = async (_, response) => {
      const said = { ...facts };
      await release.promise;
      json(response, 200, { success: true, data: said });
    };
    const early = status(token);
    await vi.waitFor(() => expect(fleet.identity.received.at(-1)?.body).toContain(tokenHash(token)));
    facts.state = 'revoked';
    await revokeToken(fleet.redis, tokenHash(token));
    release.resolve();
    await early;
    fleet.identity.handle = answer;
    expect(await status(token)).toBe(401);
    expect(await fleet.redis.get(`access:{token:${tokenHash(token)}}`)).toBe('revoked');
  });

  it('is refused in all of ten requests that follow, without asking anybody', async () => {
    const { token } = await holder();
    expect(await status(token)).toBe(200);
    await revokeToken(fleet.redis, tokenHash(token));
    const before = asked();
    const answers = await Promise.all(Array.from({ length: 10 }, () => status(token)));
    expect(answers).toEqual(Array(10).fill(401));
    expect(asked()).toBe(before);
  });

  it('closes the WebSockets that it has opened', async () => {
    const { token } = await holder();
    fleet.storage.upgrade = (_, socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    };
    const lines = ['Host: a', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    lines.push('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', `Authorization: Bearer ${token}`);
    fleet.storage.received.length = 0;
    const closed = sendRaw(fleet.url, `GET /api/v1/live HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    await vi.waitFor(() => expect(fleet.storage.received).toHaveLength(1));
    await revokeToken(fleet.redis, tokenHash(token));
    expect(await closed).toMatch(/^HTTP\/1.1 101/);
  });
});

describe('a token that changes', () => {
  it('counts with its new scopes from the next request, whatever was said of the old ones meanwhile', async () => {
    const { token, facts } = await holder({ scopes: ['read', 'write'] });
    const release = Promise.withResolvers<void>();
    const answer = fleet.identity.handle;
    fleet.identity.handle = async (_, response) => {
      const said = structuredClone(facts);
      await release.promise;
      json(response, 200, { success: true, data: said });
    };
    const early = status(token);
    await vi.waitFor(() => expect(fleet.identity.received.at(-1)?.body).toContain(tokenHash(token)));
    facts.scopes = ['read'];
    await forgetToken(fleet.redis, tokenHash(token));
    release.resolve();
    await early;
    fleet.identity.handle = answer;
    for (let time = 0; time < 2; time++) expect((await principalOf(token)).scope).toEqual(['read']);
  });

  it('is refused from the moment of its expiry, also where it is known to be good', async () => {
    const { token } = await holder({ expires_at: new Date(Date.now() + 2_000).toISOString() });
    expect(await status(token)).toBe(200);
    const before = asked();
    await vi.waitFor(async () => expect(await status(token)).toBe(401), { timeout: 5_000 });
    expect(asked()).toBe(before);
  });

  it('is refused while its owner is suspended, and works again after', async () => {
    const { token, facts } = await holder();
    facts.state = 'suspended';
    expect(await status(token)).toBe(401);
    facts.state = 'active';
    expect(await status(token)).toBe(200);
  });
});

describe('what nobody has issued', () => {
  it('is refused without a question where form or checksum are wrong', async () => {
    const before = asked();
    const real = prefixedToken('pat');
    const last = real.at(-1)!;
    const wrong = [...'ABCD'].map(end => `${real.slice(0, -1)}${end}`).filter(token => !token.endsWith(last));
    const foreign = [
      'pat_',
      `pat_${'x'.repeat(42)}`,
      `${real}A`,
      prefixedToken('key'),
      real.replace('pat', 'PAT'),
    ];
    let checksums = 0;
    for (const token of [...wrong, ...foreign]) {
      expect(await status(token), token).toBe(401);
      checksums++;
    }
    // One of four last characters is right.
    expect([asked() - before <= 1, checksums > 6]).toEqual([true, true]);
  });

  it('leaves nothing behind in Redis', async () => {
    const before = (await fleet.redis.keys('access:{token:*')).sort();
    for (let time = 0; time < 5; time++) expect(await status(prefixedToken('pat'))).toBe(401);
    expect((await fleet.redis.keys('access:{token:*')).sort()).toEqual(before);
  });

  it('counts at the address, which then makes the owner answer nothing more; others go on', async () => {
    const from = (address: string, token: string) =>
      fleet.get('/api/v1/things', { 'x-forwarded-for': address, ...bearer(token) });
    const { token: known } = await holder();
    expect((await from('203.0.113.5', known)).status).toBe(200);
    const statuses: number[] = [];
    for (let time = 0; time < 202; time++)
      statuses.push((await from('203.0.113.5', prefixedToken('pat'))).status);
    expect([statuses[0], statuses.at(-1)]).toEqual([401, 429]);
    const before = asked();
    const { token: fresh } = await holder();
    expect((await from('203.0.113.5', prefixedToken('pat'))).status).toBe(429);
    expect((await from('203.0.113.5', fresh)).status).toBe(429);
    expect(asked()).toBe(before);
    expect((await from('203.0.113.5', known)).status).toBe(200);
    expect((await from('203.0.113.6', fresh)).status).toBe(200);
  });
});

describe('an access token of an OAuth client', () => {
  it('belongs to no session: its owner says what it may, and that it was revoked', async () => {
    const user = await fleet.signIn();
    const token = await fleet.token({
      sub: String(user.userId),
      client_id: 'app',
      scope: 'read write admin',
    });
    expect(await status(token)).toBe(401);
    const facts = {
      user_id: user.userId,
      client_id: 'app',
      organization_id: user.organizationId,
      bound: true,
    };
    fleet.issueToken({ ...facts, scopes: ['read'] }, token);
    expect(await principalOf(token)).toMatchObject({
      kind: 'user',
      sessionId: null,
      scope: ['read'],
      clientId: 'app',
      token: { kind: 'oauth', boundTo: user.organizationId },
    });
    await revokeToken(fleet.redis, tokenHash(token));
    expect(await status(token)).toBe(401);
  });

  it('that stands for no user is the client of its organization, and nobody elsewhere', async () => {
    const organizationId = someId();
    const token = await fleet.token({ sub: 'app', client_id: 'app' });
    fleet.issueToken(
      { user_id: null, client_id: 'app', organization_id: organizationId, bound: true },
      token,
    );
    expect(await principalOf(token)).toMatchObject({
      kind: 'client',
      userId: null,
      organizationId,
      isMember: false,
      isAdmin: false,
      permissions: expect.arrayContaining(['workspace.read', 'policy.read']),
      clientId: 'app',
    });
    expect(await principalOf(token, `/api/v1/organizations/${someId()}/things`)).toMatchObject({
      organizationId: null,
      permissions: [],
    });
  });
});

describe('while Redis is away', () => {
  it('the owner is asked; where both are away it is 503', async () => {
    const { token, facts } = await holder();
    expect(await status(token)).toBe(200);
    await fleet.redis.replicaof('127.0.0.1', 1);
    try {
      expect(await status(token)).toBe(200);
      facts.state = 'revoked';
      expect(await status(token)).toBe(401);
      const answer = fleet.identity.handle;
      fleet.identity.handle = (_, response) => json(response, 500, {});
      expect(await status(token)).toBe(503);
      fleet.identity.handle = answer;
    } finally {
      await fleet.redis.replicaof('NO', 'ONE');
    }
  });
});
