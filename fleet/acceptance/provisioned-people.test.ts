import { createHash, randomBytes } from 'node:crypto';
import { type NameServer, startNameServer } from '@rivergate/outbound/testing/name-server';
import { serviceUrl } from '@rivergate/service';
import { credentialCaller, eventually, fellowService, type TestCaller } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import {
  data,
  foundOrganization,
  join,
  mailTo,
  type Person,
  personOf,
  proveDomain,
  signUp,
  uniqueEmail,
} from './person.ts';

const DOMAIN = 'provisioned.test';

let fleet: AcceptanceFleet;
let names: NameServer;
let owner: Person;
let acme: Awaited<ReturnType<typeof foundOrganization>>;
/** Calls a service as sso does. */
let sso: Record<'organization' | 'identity', TestCaller>;
beforeAll(async () => {
  names = await startNameServer();
  fleet = await startFleet({ env: { OUTBOUND_DNS: names.address, RATE_LIMIT_STANDARD: 'off' } });
  const asSso = (name: 'organization' | 'identity') => {
    const env = fleet.environment.of('sso');
    return credentialCaller(env, serviceUrl(env, name), name, fellowService('sso'));
  };
  sso = { organization: asSso('organization'), identity: asSso('identity') };
  owner = await signUp(fleet, 'owner');
  acme = await foundOrganization(owner);
  await proveDomain(owner, acme.path, DOMAIN, names);
});
afterAll(async () => {
  await fleet?.stop();
  await names?.stop();
});

const members = (more = '') => `/internal/organizations/${acme.id}/provisioned-members${more}`;

async function bring(email: string, source: 'sso' | 'scim', user_id: number | null = null) {
  const body = { email, display_name: 'Pat Provisioned', source, user_id };
  return await sso.organization.post(members(), body);
}

/** Signs in as somebody whom the identity provider of Acme has authenticated. */
async function signIn(userId: number, email: string): Promise<Person> {
  const code_verifier = randomBytes(32).toString('base64url');
  const login = data(
    await sso.identity.post('/internal/sso-logins', {
      user_id: userId,
      organization_id: acme.id,
      provider_id: 1,
      login_id: randomBytes(9).toString('base64url'),
      methods: ['pwd'],
      code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
      expires_at: null,
    }),
    201,
  );
  const traded = await fleet.caller().post('/api/v1/auth/sso/login', { code: login.code, code_verifier });
  return personOf(fleet, userId, email, data(traded));
}

describe('somebody whom an identity provider brings', () => {
  it('is signed in with the answer, and acts in that organization alone', async () => {
    const email = uniqueEmail('new', DOMAIN);
    const brought = data(await bring(email, 'sso'));
    expect(brought).toMatchObject({ made: 'account', managed: true, active: true });
    const person = await signIn(brought.user_id, email);
    data(await person.get(acme.path));
    const me = data(await person.get('/api/v1/auth/me'));
    expect(me.organizations.map(({ id }: { id: number }) => id)).toEqual([acme.id]);
  });

  it('is out within a second of the end of the membership, disabled, and in again by SCIM', async () => {
    const email = uniqueEmail('leaving', DOMAIN);
    const { user_id } = data(await bring(email, 'scim'));
    const path = members(`/${user_id}`);
    data(await sso.organization.patch(path, { password: 'Provisioned1word' }));
    const person = await signIn(user_id, email);
    data(await person.get(acme.path));

    expect((await sso.organization.delete(path)).status).toBe(204);
    expect((await person.get(acme.path)).status).toBe(401);
    const login = { email, password: 'Provisioned1word' };
    await eventually(
      async () => (await fleet.caller().post('/api/v1/auth/login', login)).status === 403,
      'an account that is disabled',
    );
    expect((await bring(email, 'sso')).body.error.code).toBe('FORMER_MEMBER');
    expect(data(await bring(email, 'scim'))).toMatchObject({ user_id, made: 'membership' });
    data(await (await signIn(user_id, email)).get(acme.path));
    data(await fleet.caller().post('/api/v1/auth/login', login));
  });
});

describe('somebody who had an account before', () => {
  it('is signed in once they have proved it, and the provider reaches nothing else of theirs', async () => {
    const person = await signUp(fleet, 'before', 'Before', DOMAIN);
    expect((await bring(person.email, 'sso')).body.error.code).toBe('ACCOUNT_ELSEWHERE');
    const theirs = await foundOrganization(person);
    data(await person.get(theirs.path));

    expect(data(await bring(person.email, 'sso', person.id))).toMatchObject({
      user_id: person.id,
      made: 'membership',
      managed: false,
    });
    const byProvider = await signIn(person.id, person.email);
    data(await byProvider.get(acme.path));
    expect((await byProvider.get(theirs.path)).status).toBe(404);
    expect((await byProvider.post(`${theirs.path}/switch`, {})).status).toBe(404);
    const own = data(await byProvider.get('/api/v1/organizations'));
    expect(own.organizations.map(({ id }: { id: number }) => id)).toEqual([acme.id]);
    expect((await byProvider.get('/api/v1/invitations')).status).toBe(403);
    // Nor a way around: what would work without the provider takes the person's own proof.
    const token = await byProvider.post('/api/v1/auth/tokens', { name: 'way around', scopes: ['read'] });
    expect([token.status, token.body.error.code]).toEqual([401, 'STEP_UP_REQUIRED']);
  });
});

describe('a managed account', () => {
  it('is its user’s own from when they join another organization', async () => {
    const email = uniqueEmail('joining', DOMAIN);
    const { user_id } = data(await bring(email, 'sso'));
    const path = members(`/${user_id}`);
    data(await sso.organization.patch(path, { password: 'Provisioned1word' }));
    const login = { email, password: 'Provisioned1word' };
    const person = personOf(
      fleet,
      user_id,
      email,
      data(await fleet.caller().post('/api/v1/auth/login', login)),
    );
    const founder = await signUp(fleet, 'founder');
    await join(founder, person, await foundOrganization(founder), 'Viewer');

    const late = await sso.organization.patch(path, { password: 'Takenover1word' });
    expect([late.status, late.body.error.code]).toEqual([409, 'ACCOUNT_NOT_MANAGED']);
    const session = await signIn(user_id, email);
    expect((await session.get('/api/v1/auth/me')).status).toBe(200);
    await mailTo(fleet, email, 'password of your account was changed');
  });
});
