import { organizationDeletionScheduled } from '@rivergate/events';
import { tokenHash } from '@rivergate/secrets';
import { eventually, publishEvent } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../testing/identity-under-test.ts';
import { oauthFixture, refusal, type TestApplication } from '../testing/oauth-fixture.ts';
import { clientMemory } from './client-memory.ts';
import type { Client } from './client-store.ts';

let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
let application: TestApplication;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  oauth = oauthFixture(identity);
});
afterAll(() => identity?.stop());
beforeEach(async () => {
  application = await oauth.application();
  await remembered();
});

const knex = () => identity.resources.knex;
const row = () => knex()('oauth_applications').where({ id: application.id });
const own = (more: Record<string, string> = {}, by = application) =>
  oauth.token(by, { grant_type: 'client_credentials', ...more });
const invalidClient = [401, 'invalid_client'];

/** The first grant notes the use, the second one reads the client that the others remember. */
async function remembered(by = application): Promise<void> {
  for (let time = 0; time < 3; time++) expect((await own({}, by)).status).toBe(200);
}

/** Statements that read the client, while something is done. */
async function reads(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const listen = ({ sql }: { sql: string }) => {
    if (/select .*"secret_hash".* from "oauth_applications"/.test(sql)) count += 1;
  };
  knex().on('query', listen);
  await work();
  knex().removeListener('query', listen);
  return count;
}

describe('what is remembered', () => {
  const client = (client_id: string, is_touched = true) => ({ client_id, is_touched }) as Client;

  it('is forgotten after a minute', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const clients = clientMemory();
      clients.keep(client('one'));
      vi.advanceTimersByTime(59_999);
      expect(clients.recall('one')).toBeDefined();
      vi.advanceTimersByTime(1);
      expect(clients.recall('one')).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });

  it('is no client whose use is still to be noted, and bounded in number, the oldest first', () => {
    const clients = clientMemory();
    clients.keep(client('unnoted', false));
    expect(clients.recall('unnoted')).toBeUndefined();
    for (let index = 0; index <= 10_000; index++) clients.keep(client(String(index)));
    expect(['0', '1', '10000'].map(name => clients.recall(name) !== undefined)).toEqual([false, true, true]);
  });
});

describe('a client that was seen of late', () => {
  it('is not read again for a grant of its own, which is issued, counted and told as any other', async () => {
    const before = await knex()('oauth_tokens').where({ application_id: application.id });
    let token = '';
    expect(
      await reads(async () => {
        token = (await own({ scope: 'read' })).body.access_token;
      }),
    ).toBe(0);
    expect(await oauth.state(token)).toMatchObject({
      client_id: application.client_id,
      scopes: ['read'],
      state: 'active',
    });
    expect(await knex()('oauth_tokens').where({ application_id: application.id })).toHaveLength(
      before.length + 1,
    );
    const entries = await knex().transaction(async db => {
      await db.raw("select set_config('rivergate.scope', 'platform', true)");
      return db('audit_log').where({ action: 'oauth.token.issued', subject: String(application.id) });
    });
    expect(entries).toHaveLength(before.length + 1);
  });

  it('is read for a secret that is not its own, and refused', async () => {
    const wrong = () =>
      oauth.token(
        { ...application, client_secret: 'secret_wrong' },
        {
          grant_type: 'client_credentials',
        },
      );
    expect(await reads(async () => expect(refusal(await wrong())).toEqual(invalidClient))).toBe(1);
    // Nor is it forgotten for that.
    expect(await reads(async () => expect((await own()).status).toBe(200))).toBe(0);
  });

  it('does not speak for another one, nor in its own name without a secret', async () => {
    const other = await oauth.application();
    const { client_id } = application;
    expect(refusal(await oauth.token({ ...other, client_id }, { grant_type: 'client_credentials' }))).toEqual(
      invalidClient,
    );
    const bare = oauth.form({ grant_type: 'client_credentials', client_id });
    expect(refusal(await oauth.send('/oauth/token', bare))).toEqual([400, 'invalid_request']);
  });

  it('may at once do what it was given since', async () => {
    expect(refusal(await own({ scope: 'admin' }))).toEqual([400, 'invalid_scope']);
    await application.admin.patch(application.path, { scopes: ['read', 'admin'] }).expect(200);
    expect((await own({ scope: 'admin' })).body.scope).toBe('admin');
    expect((await own()).body.scope).toBe('read admin');
  });

  it.each([
    ['a scope', { scopes: ['read'] }, { scope: 'write' }, [400, 'invalid_scope']],
    ['the grant', { grant_types: ['authorization_code'] }, {}, [401, 'unauthorized_client']],
    ['everything', { status: 'revoked' }, {}, invalidClient],
  ] as const)('loses %s with the next request', async (_, change, more, refused) => {
    await application.admin.patch(application.path, change).expect(200);
    const [status, code] = refusal(await own(more));
    expect([status, code]).toEqual([expect.any(Number), refused[1]]);
    expect(status).not.toBe(200);
  });

  it('is refused with its old secret when that was replaced, and good with the new one', async () => {
    const { body } = await application.admin.post(`${application.path}/regenerate-secret`).expect(200);
    expect(refusal(await own())).toEqual(invalidClient);
    application = { ...application, client_secret: body.data.client_secret };
    expect((await own()).status).toBe(200);
  });

  it('is refused when it was deleted, or its organization was', async () => {
    await publishEvent(identity, 'organization', organizationDeletionScheduled, {
      subject: application.organizationId,
      data: {
        organization_id: application.organizationId,
        name: 'Acme',
        erase_at: new Date(Date.now() + 86_400_000).toISOString(),
        revoked_invitations: 0,
      },
    });
    await eventually(async () => (await row().first()).organization_deleted, 'the end of the organization');
    expect(refusal(await own())).toEqual(invalidClient);
    application = await oauth.application();
    await remembered();
    await application.admin.delete(application.path).expect(200);
    expect(refusal(await own())).toEqual(invalidClient);
  });

  it('gets tokens that live as long as its organization lets them, as soon as that is known', async () => {
    await knex()('organization_policies').insert({
      organization_id: application.organizationId,
      revision: 1,
      session_seconds: 3_600,
      remembered_session_seconds: 3_600,
      access_token_seconds: 300,
      refresh_token_seconds: 3_600,
      personal_token_seconds: 3_600,
      password_min_length: 8,
      password_special_character: false,
    });
    const { body } = await own();
    expect(body.expires_in).toBe(300);
    const { exp, iat } = decodeJwt(body.access_token);
    expect(exp! - iat!).toBe(300);
  });
});

type Withdraw = (from: TestApplication) => PromiseLike<unknown>;

/** As many grants as come through while something is withdrawn, and one that is asked for when that was answered. */
async function whileWithdrawing(from: TestApplication, withdraw: Withdraw): Promise<string[]> {
  let isWithdrawn = false;
  const tokens: string[] = [];
  const load = Array.from({ length: 3 }, async () => {
    while (!isWithdrawn) {
      const { status, body } = await own({}, from);
      if (status === 200) tokens.push(body.access_token);
    }
  });
  await withdraw(from);
  const next = await own({}, from);
  isWithdrawn = true;
  await Promise.all(load);
  expect(refusal(next)).toEqual(invalidClient);
  return tokens;
}

const WITHDRAWALS: Withdraw[] = [
  ({ admin, path }) => admin.post(`${path}/revoke`).expect(200),
  ({ admin, path }) => admin.post(`${path}/regenerate-secret`).expect(200),
  ({ admin, path }) => admin.delete(path).expect(200),
];

describe('while grants come in', () => {
  it('what was withdrawn is refused with the next request, and no token outlives it', async () => {
    const organizations = Array.from({ length: 5 }, async (_, first) => {
      for (let time = first; time < 30; time += 5) {
        const withdrawn = await oauth.application();
        await remembered(withdrawn);
        const tokens = await whileWithdrawing(withdrawn, WITHDRAWALS[time % WITHDRAWALS.length]!);
        const alive = await knex()('oauth_tokens')
          .whereIn('token_hash', tokens.map(tokenHash))
          .whereNull('revoked_at');
        expect(alive).toEqual([]);
      }
    });
    await Promise.all(organizations);
  });

  it('a client is refused without a trace where its row changes between memory and token', async () => {
    for (let time = 0; time < 10; time++) {
      const before = await knex()('oauth_tokens').where({ application_id: application.id });
      const held = Promise.withResolvers<void>();
      const letGo = Promise.withResolvers<void>();
      // Holds the row as a revocation does, so that grants wait for it in the statement that inserts their token.
      const change = knex().transaction(async db => {
        await db('oauth_applications').where({ id: application.id }).forUpdate().first('id');
        held.resolve();
        await letGo.promise;
        await db('oauth_applications').where({ id: application.id }).update({ status: 'revoked' });
      });
      await held.promise;
      const waiting = Promise.all([own(), own(), own()]);
      await eventually(async () => {
        const { rows } = await knex().raw(
          `select count(*)::int as n from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock' and query like '%oauth_tokens%'`,
        );
        return rows[0].n === 3;
      }, 'grants that wait');
      letGo.resolve();
      await change;
      expect((await waiting).map(refusal)).toEqual(Array(3).fill(invalidClient));
      expect(await knex()('oauth_tokens').where({ application_id: application.id })).toHaveLength(
        before.length,
      );
      await row().update({ status: 'active' });
      await remembered();
    }
  });
});
