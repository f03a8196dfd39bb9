import { organizationDeleted } from '@rivergate/events';
import { eventually, expectError, publishEvent } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import {
  ISSUER,
  oauthFixture,
  refusal,
  S256,
  type TestApplication,
  VERIFIER,
} from '../testing/oauth-fixture.ts';
import { setOpenRegistration } from '../testing/open-registration.ts';
import { registrationFixture } from '../testing/registration-fixture.ts';
import { forgetUnusedClients } from './client-store.ts';

let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
let registration: ReturnType<typeof registrationFixture>;
let organization: TestApplication;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest({ RATE_LIMIT_CLIENT_REGISTRATION: '30/3600' });
  oauth = oauthFixture(identity);
  registration = registrationFixture(identity);
  [organization, person] = [await oauth.application(), await identity.person()];
});
afterAll(() => identity?.stop());

const CALLBACK = 'http://localhost:7777/callback';
const register = (more: object = {}) => registration.register({ redirect_uris: [CALLBACK], ...more });
const setOpen = (open: boolean) => setOpenRegistration(identity, organization.organizationId, open);
const resourceOf = (organizationId = organization.organizationId) =>
  `${ISSUER}/api/v1/organizations/${organizationId}`;
const knex = () => identity.resources.knex;
const client = async () => {
  const { body } = await register();
  return { ...organization, client_id: body.client_id, client_secret: undefined as never };
};
const asked = (resource?: string) => ({
  redirect_uri: CALLBACK,
  code_challenge: S256,
  code_challenge_method: 'S256',
  resource,
});
const granted = async (one: TestApplication) => {
  const code = await oauth.code(one, person, asked(resourceOf()));
  return oauth.exchange(one, code, { redirect_uri: CALLBACK, code_verifier: VERIFIER });
};

describe('registration without a token', () => {
  it('is closed unless an organization opens it', async () => {
    expect(refusal(await register())).toEqual([401, 'invalid_token']);
    await setOpen(true);
    expect((await register()).status).toBe(201);
    await setOpen(false);
    expect(refusal(await register())).toEqual([401, 'invalid_token']);
    await setOpen(true);
  });

  it('gives a public client that may read and write, whatever it asks for', async () => {
    const { body } = await register({
      scope: 'read write admin',
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['authorization_code', 'client_credentials'],
      organization_id: organization.organizationId,
    });
    expect(body).toMatchObject({ scope: 'read write', token_endpoint_auth_method: 'none' });
    expect(body).not.toHaveProperty('client_secret');
    expect(body.grant_types).toEqual(['authorization_code', 'refresh_token']);
    const row = await knex()('oauth_applications').where({ client_id: body.client_id }).first();
    expect(row).toMatchObject({ organization_id: null, self_registered: true });
  });

  it('takes 30 an hour from one address', async () => {
    const flood = await Promise.all(Array.from({ length: 40 }, () => register()));
    const limited = flood.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThan(5);
    expect(refusal(limited[0]!)).toEqual([429, 'temporarily_unavailable']);
    await identity.resources.redis.flushdb();
  });

  it('takes no more from all together than it can keep, until those that nobody used are forgotten', async () => {
    await knex().raw(`
      insert into oauth_applications (secret_hash, name, name_key, grant_types, redirect_uris, scopes, access_level,
        token_endpoint_auth_method, registration_token_hash)
      select null, 'Flood', 'flood ' || n, '{authorization_code}', '{}', '{read}', 'organization', 'none', 'flood ' || n
      from generate_series(1, 10000) as n`);
    const answer = await register();
    expect(refusal(answer)).toEqual([503, 'temporarily_unavailable']);
    expect(answer.headers.get('retry-after')).toBe('3600');
    const { token } = await registration.issue(organization);
    expect((await registration.register({ redirect_uris: [CALLBACK] }, token)).status).toBe(201);
    const flood = () => knex()('oauth_applications').where({ name: 'Flood' });
    await forgetUnusedClients(knex());
    expect(Number((await flood().count('* as n').first())!.n)).toBe(10_000);
    await flood().update({ created_at: knex().raw("now() - interval '25 hours'") });
    await forgetUnusedClients(knex());
    expect(await flood().first()).toBeUndefined();
    expect((await register()).status).toBe(201);
  });
});

describe('a client of no organization', () => {
  it('acts in the one that it names, for a member who lets it', async () => {
    const one = await client();
    const { body } = await granted(one);
    expect(await oauth.state(body.access_token)).toMatchObject({
      organization_id: organization.organizationId,
      bound: true,
      scopes: ['read', 'write'],
      state: 'active',
    });
    const next = (await oauth.refresh(one, body.refresh_token)).body;
    expect((await oauth.state(next.access_token)).state).toBe('active');
    const where = oauth.form({
      client_id: one.client_id,
      redirect_uri: CALLBACK,
      resource: resourceOf(),
      scope: 'read',
    });
    const info = await identity.anonymous().get(`/api/v1/oauth/app-info?${where}`).expect(200);
    expect(info.body.data).toMatchObject({
      verified: false,
      branding: null,
      organization_name: `Organization ${organization.organizationId}`,
    });
  });

  it('gets nowhere without an organization, and in none that does not let it in', async () => {
    const one = await client();
    const closed = (await oauth.application()).organizationId;
    for (const resource of [undefined, ISSUER, resourceOf(closed), resourceOf(999_999_999)]) {
      const url = await oauth.authorize(one, person, asked(resource));
      expect(url.searchParams.get('error')).toBe('invalid_target');
      const where = oauth.form({ client_id: one.client_id, redirect_uri: CALLBACK, resource });
      expectError(await identity.anonymous().get(`/api/v1/oauth/app-info?${where}`), 400, 'INVALID_TARGET');
      const json = { client_id: one.client_id, ...asked(resource), approve: true };
      expectError(await person.caller.post('/api/v1/oauth/authorize', json), 400, 'INVALID_TARGET');
      const pushed = oauth.form({ client_id: one.client_id, response_type: 'code', ...asked(resource) });
      expect(refusal(await oauth.send('/oauth/par', pushed))).toEqual([400, 'invalid_target']);
    }
  });

  it('cannot take its grant to another organization', async () => {
    const one = await client();
    const other = (await oauth.application()).organizationId;
    await setOpenRegistration(identity, other, true);
    const code = await oauth.code(one, person, asked(resourceOf()));
    const fields = { redirect_uri: CALLBACK, code_verifier: VERIFIER };
    const elsewhere = { ...fields, resource: resourceOf(other) };
    expect(refusal(await oauth.exchange(one, code, elsewhere))).toEqual([400, 'invalid_target']);
    const { refresh_token } = (await oauth.exchange(one, code, fields)).body;
    for (const resource of [resourceOf(other), ISSUER])
      expect(refusal(await oauth.refresh(one, refresh_token, { resource }))).toEqual([400, 'invalid_target']);
  });

  it('loses all it had in an organization that does not let such clients in any more', async () => {
    const one = await client();
    const kept = await oauth.granted(organization, person);
    const { body } = await granted(one);
    const code = await oauth.code(one, person, asked(resourceOf()));
    await setOpen(false);
    expect(await oauth.known(body.access_token)).toBe('revoked');
    expect(refusal(await oauth.refresh(one, body.refresh_token))).toEqual([400, 'invalid_grant']);
    const fields = { redirect_uri: CALLBACK, code_verifier: VERIFIER };
    expect(refusal(await oauth.exchange(one, code, fields))).toEqual([400, 'invalid_grant']);
    expect((await oauth.state(kept.access_token)).state).toBe('active');
    await setOpen(true);
    expect((await oauth.state(body.access_token)).state).toBe('revoked');
  });

  it('ends with the organization, which lets no other in', async () => {
    const one = await client();
    const { organizationId } = await oauth.application();
    await setOpenRegistration(identity, organizationId, true);
    const code = await oauth.code(one, person, asked(resourceOf(organizationId)));
    const fields = { redirect_uri: CALLBACK, code_verifier: VERIFIER };
    const { access_token } = (await oauth.exchange(one, code, fields)).body;
    await publishEvent(identity, 'organization', organizationDeleted, {
      subject: organizationId,
      data: { organization_id: organizationId, name: 'Ended', reason: 'requested' },
    } as never);
    await eventually(async () => (await oauth.known(access_token)) === 'revoked', 'the end of the token');
    const url = await oauth.authorize(one, person, asked(resourceOf(organizationId)));
    expect(url.searchParams.get('error')).toBe('invalid_target');
  });

  it('is forgotten a day after it registered unless it is used, and 90 days after its last use', async () => {
    const [used, unused] = [await client(), await client()];
    await granted(used);
    const row = ({ client_id }: TestApplication) => knex()('oauth_applications').where({ client_id });
    const age = (days: number) =>
      knex()('oauth_applications')
        .whereNull('organization_id')
        .update({
          created_at: knex().raw(`created_at - interval '${days} days'`),
          last_used_at: knex().raw(`last_used_at - interval '${days} days'`),
        });
    await age(2);
    await forgetUnusedClients(knex());
    expect([await row(used).first('id'), await row(unused).first('id')]).toEqual([
      { id: expect.anything() },
      undefined,
    ]);
    await age(89);
    await forgetUnusedClients(knex());
    expect(await row(used).first('id')).toBeUndefined();
    expect(refusal(await oauth.refresh(used, 'x'))).toEqual([401, 'invalid_client']);
  });
});
