import { createHash } from 'node:crypto';
import { sessionRevoked } from '@rivergate/events';
import { fellowService } from '@rivergate/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';

const ACME = 42;
const VERIFIER = 'v'.repeat(43);

let identity: IdentityUnderTest;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
});
afterAll(() => identity.stop());

const sso = () => identity.as(fellowService('sso'));
const forSessionOf = ({ userId, sessionId }: Pick<Person, 'userId' | 'sessionId'>) =>
  identity.as(fellowService('sso', { userId, sessionId }));

async function codeFor({ userId }: Person, login_id: string): Promise<string> {
  const { body } = await sso().post('/internal/sso-logins', {
    user_id: userId,
    organization_id: ACME,
    provider_id: 7,
    login_id,
    methods: [],
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    expires_at: null,
  });
  return body.data.code;
}
const trade = (code: string) =>
  identity.anonymous().post('/api/v1/auth/sso/login', { code, code_verifier: VERIFIER });

/** Signed in by a provider. */
async function signedInBy(person: Person, login_id: string): Promise<Person> {
  identity.organization.startsAt.set(person.userId, { organization_id: ACME, workspace_id: 1 });
  return identity.personOf(await trade(await codeFor(person, login_id)).expect(200), person.email);
}
/** The state by which the gateway lets requests through, which it looks up again only now and then. */
const access = ({ sessionId }: Person) => identity.resources.redis.get(`access:{session:${sessionId}}`);
const revocations = async ({ userId, sessionId }: Person) =>
  (await identity.audited(userId)).filter(
    ({ action, metadata }) => action === sessionRevoked.audit && metadata.session_id === sessionId,
  );
const LOGIN = '/internal/session/sso-login';
const LOGOUT = '/internal/session/logout';
const END = '/internal/sso-logins/end';

it('says which sign-in opened the session of the caller, and of no other', async () => {
  const person = await identity.person();
  const session = await signedInBy(person, 'which');
  const login = { organization_id: ACME, provider_id: 7, login_id: 'which' };
  expect((await forSessionOf(session).get(LOGIN).expect(200)).body.data).toEqual({ login });
  expect((await forSessionOf(person).get(LOGIN).expect(200)).body.data).toEqual({ login: null });
  const stranger = { userId: (await identity.person()).userId, sessionId: session.sessionId };
  expect((await forSessionOf(stranger).get(LOGIN).expect(200)).body.data).toEqual({ login: null });
});

it('ends the session of the caller at once, and once where ten ask', async () => {
  const session = await signedInBy(await identity.person(), 'ten');
  const stranger = { userId: (await identity.person()).userId, sessionId: session.sessionId };
  expect((await forSessionOf(stranger).post(LOGOUT).expect(200)).body.data).toEqual({ ended: false });
  const answers = await Promise.all(Array.from({ length: 10 }, () => forSessionOf(session).post(LOGOUT)));
  expect(answers.filter(({ body }) => body.data.ended)).toHaveLength(1);
  expect(await access(session)).toBe('revoked');
  expect(await revocations(session)).toMatchObject([{ metadata: { reason: 'logout' } }]);
});

it('ends what sign-ins at a provider have opened before it answers, and codes of theirs', async () => {
  const person = await identity.person();
  const [ending, staying] = [await signedInBy(person, 'over'), await signedInBy(person, 'on')];
  const pending = await codeFor(person, 'over');
  const logins = [{ user_id: person.userId, login_id: 'over' }];
  // Of another organization with the same words.
  await sso().post(END, { organization_id: 43, logins }).expect(200);
  expect(await access(ending)).not.toBe('revoked');
  const ten = Array.from({ length: 10 }, () =>
    sso().post(END, { organization_id: ACME, logins }).expect(200),
  );
  await Promise.all(ten);
  expect(await access(ending)).toBe('revoked');
  expect(await access(staying)).not.toBe('revoked');
  expect(await revocations(ending)).toMatchObject([{ metadata: { reason: 'sso_login_ended' } }]);
  await trade(pending).expect(400);
  const refreshed = { refresh_token: ending.refreshToken };
  await identity.anonymous().post('/api/v1/auth/refresh', refreshed).expect(401);
});

it('answers sso alone, and for a session only on behalf of its user', async () => {
  const session = await signedInBy(await identity.person(), 'mine');
  const { userId, sessionId } = session;
  for (const name of ['organization', 'gateway', 'storage']) {
    const other = identity.as(fellowService(name, { userId, sessionId }));
    for (const answer of [other.get(LOGIN), other.post(LOGOUT), other.post(END, {})])
      expect((await answer).status).toBe(403);
  }
  for (const answer of [sso().get(LOGIN), sso().post(LOGOUT)]) expect((await answer).status).toBe(403);
  expect(await access(session)).not.toBe('revoked');
});
