import { signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';

const ORGANIZATION = 4_000;
let identity: IdentityUnderTest;
let member: Person;
let elsewhere: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  [member, elsewhere] = [await identity.person(), await identity.person()];
  await place(member, ORGANIZATION);
  await place(elsewhere, ORGANIZATION + 1);
});
afterAll(() => identity.stop());

const place = ({ sessionId: id }: Person, organization_id: number) =>
  identity.resources.knex('sessions').where({ id }).update({ organization_id });
const inside = { organizationId: ORGANIZATION, isMember: true };
const administrator = (facts = {}) =>
  identity.as(signedIn({ userId: member.userId, isAdmin: true, ...inside, ...facts }));
const path = `/api/v1/organizations/${ORGANIZATION}/sessions`;

describe('sessions of members', () => {
  it('are told to an administrator, with whose they are, and those of other organizations are not', async () => {
    const { status, body } = await administrator().get(path);
    expect(status).toBe(200);
    expect(body.data).toEqual({
      sessions: [
        {
          id: member.sessionId,
          ip_address: '192.0.2.7',
          user_agent: expect.any(String),
          authentication_methods: ['otp'],
          impersonator: null,
          created_at: expect.stringMatching(/Z$/),
          last_activity_at: expect.stringMatching(/Z$/),
          expires_at: expect.stringMatching(/Z$/),
          user: { id: member.userId, email: member.email, display_name: expect.any(String) },
        },
      ],
      total_count: 1,
    });
    expect((await administrator().get(`${path}?user_id=${elsewhere.userId}`)).body.data.total_count).toBe(0);
  });

  it('are ended by an administrator at once, which the audit log of the organization tells', async () => {
    const victim = await identity.person();
    await place(victim, ORGANIZATION);
    const { status } = await administrator().delete(`${path}/${victim.sessionId}`);
    expect(status).toBe(200);
    expect(await identity.resources.redis.get(`access:{session:${victim.sessionId}}`)).toBe('revoked');
    const refreshed = await identity
      .anonymous()
      .post('/api/v1/auth/refresh', { refresh_token: victim.refreshToken });
    expect(refreshed.status).toBe(401);
    const audited = (await identity.audited(victim.userId)).at(-1);
    expect(audited).toMatchObject({
      action: 'auth.session.revoked',
      organization_id: ORGANIZATION,
      metadata: { reason: 'revoked_by_administrator' },
    });
    expect((await administrator().delete(`${path}/${victim.sessionId}`)).status).toBe(404);
  });

  it('are left alone by administrators of other organizations', async () => {
    const { status, body } = await administrator().delete(`${path}/${elsewhere.sessionId}`);
    expect([status, body.error.code]).toEqual([404, 'SESSION_NOT_FOUND']);
    expect((await elsewhere.caller.get('/api/v1/sessions')).body.data.total_count).toBe(1);
  });

  it('are nothing for other members, strangers and nobody', async () => {
    const calls = (caller: ReturnType<typeof administrator>) =>
      Promise.all([caller.get(path), caller.delete(`${path}/${member.sessionId}`)]);
    const statuses = async (caller: ReturnType<typeof administrator>) =>
      (await calls(caller)).map(({ status }) => status);
    expect(await statuses(administrator({ isAdmin: false }))).toEqual([403, 403]);
    expect(await statuses(administrator({ isMember: false, isAdmin: false }))).toEqual([404, 404]);
    expect(await statuses(identity.anonymous())).toEqual([401, 401]);
    expect((await administrator().get(path)).body.data.total_count).toBe(1);
  });

  it.each([`${path}?limit=101`, `${path}?user_id=x`, `${path}?all=1`])('422 for %s', async bad => {
    expect((await administrator().get(bad)).status).toBe(422);
  });
});
