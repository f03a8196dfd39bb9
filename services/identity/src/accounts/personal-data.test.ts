import { memberAdded, memberRemoved, userErasureRequested } from '@rivergate/events';
import { tokenHash } from '@rivergate/secrets';
import { connectDatabase } from '@rivergate/service';
import { eventually, fellowService, publishEvent, signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { joinOrganization } from '../testing/join-organization.ts';
import { oauthFixture, S256 } from '../testing/oauth-fixture.ts';

let identity: IdentityUnderTest;
let superuser: ReturnType<typeof connectDatabase>;
let oauth: ReturnType<typeof oauthFixture>;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  superuser = connectDatabase(identity.environment.databaseAdminUrl, 'test', 2);
  oauth = oauthFixture(identity);
});
afterAll(async () => {
  await superuser?.destroy();
  await identity?.stop();
});

type Sections = Record<string, Record<string, unknown>[]>;
const exported = async (userId: number, query = ''): Promise<{ text: string; sections: Sections }> => {
  const path = `/internal/users/${userId}/personal-data?in_full=true${query}`;
  const { text } = await identity.as(fellowService('organization')).get(path).expect(200);
  const sections: Sections = {};
  for (const line of text.split('\n').filter(Boolean)) {
    const { section, row } = JSON.parse(line);
    sections[section] = [...(sections[section] ?? []), row];
  }
  return { text, sections };
};
let erasures = 0;
const erase = async (userId: number, organizationId: number | null) => {
  const erasure_id = ++erasures;
  await publishEvent(identity, 'organization', userErasureRequested, {
    subject: userId,
    data: { erasure_id, user_id: userId, organization_id: organizationId } as never,
  });
  await eventually(async () => {
    const { rows } = await superuser.raw(
      `select 1 from identity.audit_log where action = 'user.erased' and (metadata->>'erasure_id')::int = ?`,
      [erasure_id],
    );
    return rows.length > 0;
  }, 'the confirmation');
};
const columnsLike = async (pattern: string): Promise<{ table: string; column: string }[]> =>
  (
    await superuser.raw(
      `select c.relname as table, a.attname as column from pg_attribute a join pg_class c on c.oid = a.attrelid
         join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'identity' and c.relkind in ('r', 'p') and a.attnum > 0 and a.attname ~ ?`,
      [pattern],
    )
  ).rows;

/** Somebody with something of most kinds that an account can have. */
async function busyPerson(): Promise<Person & { organizationId: number; tokens: string[] }> {
  const person = await identity.person();
  const { caller, email } = person;
  await identity.login(email);
  await identity.login(email, { password: 'Wrong1horse' });
  const organizationId = await joinOrganization(identity, person, {});
  identity.organization.everybodyIn.add(organizationId);
  const inside = identity.as(
    signedIn({ userId: person.userId, sessionId: person.sessionId, organizationId, isMember: true }),
  );
  const wanted = { name: 'Laptop script', scopes: ['read'] };
  const own = await caller.post('/api/v1/auth/tokens', wanted).expect(201);
  const bound = await inside.post(`/api/v1/organizations/${organizationId}/tokens`, wanted).expect(201);
  await caller.post('/api/v1/mfa/totp/setup', { device_name: 'Phone of mine' }).expect(200);
  await caller.post('/api/v1/auth/me/email/request', { new_email: `new-${email}` });
  await caller.put('/api/v1/auth/me/profile', { profile: { hobby: `fishing with ${email}` } }).expect(200);
  await identity.anonymous().post('/api/v1/auth/forgot-password', { email });
  await identity.anonymous().post('/api/v1/webauthn/login/start', { email });
  const application = await oauth.application({}, organizationId);
  await oauth.code(application, person, {
    scope: 'read',
    code_challenge: S256,
    code_challenge_method: 'S256',
  });
  return {
    ...person,
    organizationId,
    tokens: [own.body.data.token, bound.body.data.token, person.accessToken],
  };
}

describe('what identity holds on somebody', () => {
  it('is given out without a secret, or the hash of one', async () => {
    const person = await busyPerson();
    const { text, sections } = await exported(person.userId);
    expect(sections.users).toMatchObject([{ id: person.userId, profile: { hobby: expect.anything() } }]);
    expect(sections.email_addresses).toMatchObject([{ email: person.email, is_primary: true }]);
    expect(sections.sessions!.length).toBeGreaterThan(1);
    expect(sections.personal_tokens).toHaveLength(2);
    expect(sections.oauth_grants).toHaveLength(1);
    expect(sections.memberships).toMatchObject([{ organization_id: person.organizationId }]);
    expect(sections.audit_log!.some(({ ip_address }) => ip_address)).toBe(true);

    let compared = 0;
    for (const { table, column } of await columnsLike('(hash|secret|sealed|challenge|token|public_key)')) {
      const { rows } = await superuser.raw(
        `select ${column}::text as value from identity.${table} where length(${column}::text) > 8`,
      );
      for (const { value } of rows) {
        compared++;
        expect(text, `${table}.${column}`).not.toContain(value);
      }
    }
    expect(compared).toBeGreaterThan(10);
    for (const token of person.tokens) {
      expect(text).not.toContain(token);
      expect(text).not.toContain(tokenHash(token));
    }
  });

  it('is to an organization what belongs to it alone', async () => {
    const person = await busyPerson();
    const own = await exported(person.userId, `&organization_id=${person.organizationId}`);
    expect(Object.keys(own.sections).sort()).toEqual(
      expect.arrayContaining(['memberships', 'oauth_grants', 'personal_tokens']),
    );
    expect(own.sections.personal_tokens).toHaveLength(1);
    for (const section of ['users', 'email_addresses', 'social_accounts', 'trusted_devices', 'passkeys'])
      expect(own.sections).not.toHaveProperty(section);
    expect(own.text).not.toContain(person.email);
    const foreign = await exported(person.userId, '&organization_id=987654');
    expect(foreign.text).toBe('');
  });

  it('is given to the service that gathers exports, and to nobody else', async () => {
    const { userId, caller } = await identity.person();
    const path = `/internal/users/${userId}/personal-data?in_full=true`;
    expect((await caller.get(path)).status).toBe(401);
    expect((await identity.anonymous().get(path)).status).toBe(401);
    expect((await identity.as(fellowService('storage')).get(path)).status).toBe(403);
  });
});

describe('a person who is erased', () => {
  it('leaves nothing in any table but ids in the audit log, and no session or token that works', async () => {
    const person = await busyPerson();
    const other = await identity.person();
    await erase(person.userId, null);
    for (const { table, column } of await columnsLike('^user_id$')) {
      const { rows } = await superuser.raw(`select 1 from identity.${table} where ${column} = ?`, [
        person.userId,
      ]);
      expect(rows, table).toEqual([]);
    }
    const { rows: tables } = await superuser.raw(
      `select c.relname as table from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'identity' and c.relkind in ('r', 'p')`,
    );
    await eventually(async () => {
      const holding: string[] = [];
      for (const { table } of tables) {
        const { rows } = await superuser.raw(
          `select 1 from identity.${table} t where strpos(t::text, ?) > 0 or strpos(t::text, 'Phone of mine') > 0
             and strpos(t::text, ?) > 0 limit 1`,
          [person.email, `"user_id": ${person.userId}`],
        );
        if (rows.length > 0) holding.push(table);
      }
      return holding.length === 0 || Promise.reject(new Error(`Held in ${holding}`));
    });
    const { rows: log } = await superuser.raw(
      'select ip_address, user_agent from identity.audit_log where actor_user_id = ?',
      [person.userId],
    );
    expect(log.length).toBeGreaterThan(3);
    expect(log.filter((entry: { ip_address: string }) => entry.ip_address)).toEqual([]);

    expect(await identity.resources.redis.get(`access:{session:${person.sessionId}}`)).toBe('revoked');
    for (const token of person.tokens.slice(0, 2)) {
      const state = await identity
        .as(fellowService('gateway'))
        .post('/internal/tokens/state', { token_hash: tokenHash(token) });
      expect(state.status).toBe(404);
    }
    const refreshed = { refresh_token: person.refreshToken };
    expect((await identity.anonymous().post('/api/v1/auth/refresh', refreshed)).status).toBe(401);
    expect((await identity.login(person.email)).status).toBe(401);
    expect((await identity.login(other.email)).status).toBe(200);
    // The address is anybody's again.
    expect((await identity.signUp(person.email)).status).toBe(201);
  });

  it('in one organization keeps the account, and loses what acts there', async () => {
    const person = await busyPerson();
    await erase(person.userId, person.organizationId);
    const { sections } = await exported(person.userId);
    expect(sections.users).toHaveLength(1);
    expect(sections.personal_tokens).toHaveLength(1);
    expect(sections.oauth_grants).toBeUndefined();
    expect(sections.memberships).toBeUndefined();
    expect((await identity.login(person.email)).status).toBe(200);
  });

  it('in an organization that made the account goes with it, as long as nobody has proved to own it', async () => {
    const made = async (email: string, ...organizations: number[]) => {
      const body = { email, password: null, display_name: null, ip: null, member_of: organizations[0]! };
      const { body: answer } = await identity
        .as(fellowService('organization'))
        .post('/internal/users', body)
        .expect(201);
      const userId: number = answer.data.user_id;
      for (const organization_id of organizations) {
        const data = { organization_id, user_id: userId, role_id: null, is_admin: false, source: 'admin' };
        await publishEvent(identity, 'organization', memberAdded, { subject: userId, data });
        await eventually(() =>
          identity.resources.knex('memberships').where({ user_id: userId, organization_id }).first(),
        );
      }
      return userId;
    };
    const isThere = async (id: number) =>
      (await identity.resources.knex('users').where({ id }).first()) !== undefined;
    const [alone, shared, foreign] = [
      await made('made@example.com', 7001),
      await made('shared@example.com', 7001, 7002),
      await made('foreign@example.com', 7001),
    ];
    const verified = await identity.person();
    const data = {
      organization_id: 7001,
      user_id: verified.userId,
      role_id: null,
      is_admin: false,
      source: 'x',
    };
    await publishEvent(identity, 'organization', memberAdded, { subject: verified.userId, data });
    await publishEvent(identity, 'organization', memberRemoved, {
      subject: alone,
      data: { ...data, user_id: alone },
    });
    for (const userId of [alone, shared, verified.userId]) await erase(userId, 7001);
    await erase(foreign, 7003);
    expect(await Promise.all([alone, shared, foreign, verified.userId].map(isThere))).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  it('is erased again without harm', async () => {
    const person = await identity.person();
    await erase(person.userId, null);
    await erase(person.userId, null);
    await erase(2_000_000_000, null);
  });
});
