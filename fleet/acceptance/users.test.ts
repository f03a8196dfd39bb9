import { type NameServer, startNameServer } from '@rivergate/outbound/testing/name-server';
import { eventually } from '@rivergate/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import {
  data,
  foundOrganization,
  join,
  logIn,
  mailTo,
  PASSWORD,
  type Person,
  signUp,
  uniqueEmail,
} from './person.ts';

let fleet: AcceptanceFleet;
let names: NameServer;
let owner: Person;
let organization: Awaited<ReturnType<typeof foundOrganization>>;
beforeAll(async () => {
  names = await startNameServer();
  fleet = await startFleet({ env: { OUTBOUND_DNS: names.address } });
  owner = await signUp(fleet, 'owner');
  organization = await foundOrganization(owner);
  owner = owner.with(data(await owner.post(`${organization.path}/switch`, {})));
});
afterAll(async () => {
  await fleet?.stop();
  await names?.stop();
});

describe('a user whom an administrator suspends', () => {
  it('is out within a second, tokens included, which work again when that ends', async () => {
    const member = await signUp(fleet, 'member');
    await join(owner, member, organization, 'Viewer');
    // The next login begins where the last one was.
    const elsewhere = await logIn(fleet, member);
    const here = member.with(data(await member.post(`${organization.path}/switch`, {})));
    const made = await here.post(`${organization.path}/tokens`, { name: 'mine', scopes: ['read'] });
    const byToken = fleet.caller(data(made, 201).token);
    for (const caller of [here, byToken]) data(await caller.get(organization.path));
    const suspend = (status: string) => owner.put(`/api/v1/users/${member.id}/status`, { status });

    data(await suspend('suspended'));
    expect((await here.get(organization.path)).status).toBe(401);
    expect((await byToken.get(organization.path)).status).toBe(401);
    // The other organizations of the user are left alone; this one does not exist there.
    expect((await elsewhere.get(organization.path)).status).toBe(404);
    data(await elsewhere.get('/api/v1/auth/me'));

    data(await suspend('active'));
    data(await byToken.get(organization.path));
    data(await elsewhere.get(organization.path));
  });
});

describe('a user whom an administrator creates', () => {
  it('sets a password by the mailed link, and begins in that organization', async () => {
    const email = uniqueEmail('created');
    const { user } = data(await owner.post('/api/v1/users', { email, display_name: 'Created' }), 201);
    const token = /token=([\w-]+)/.exec((await mailTo(fleet, email, 'token=')).text)![1];
    const body = { token, new_password: 'Correct1horse' };
    const verified = data(await fleet.caller().post('/api/v1/auth/verify-email', body));
    expect(verified.user_id).toBe(user.id);
    const created = fleet.caller(verified.access_token);
    data(await created.get(organization.path));
    const me = data(await created.get('/api/v1/auth/me'));
    // Beside the personal one.
    expect(me.organizations.map(({ id }: { id: number }) => id)).toContain(organization.id);
    expect(me.organizations).toHaveLength(2);
  });
});

describe('a person who leaves', () => {
  it('takes along what every service holds, and leaves nothing in any but ids', async () => {
    const member = await signUp(fleet, 'leaver', 'Leah Unmistakable');
    await join(owner, member, organization, 'Viewer');
    const exported = data(await owner.get(`/api/v1/users/${member.id}/export`));
    expect(exported.organization_id).toBe(organization.id);
    expect(exported.services.organization.people[0].email).toBe(member.email);
    expect(exported.services.identity).not.toHaveProperty('users');
    // Memberships of others are no part of it, and neither is what is the person's own.
    const again = await logIn(fleet, member);
    const own = data(await again.get('/api/v1/auth/me/export'));
    expect(own.services.identity.users[0].display_name).toBe('Leah Unmistakable');
    expect(own.services.organization.memberships).toHaveLength(2);

    const query = `confirm_email=${encodeURIComponent(member.email)}`;
    const { erasure } = data(await again.delete(`/api/v1/auth/me?${query}`), 202);
    await eventually(async () => {
      const { erasure: state } = data(await fleet.caller().get(`/api/v1/erasures/${erasure.receipt}`));
      return state.status === 'finished';
    }, 'the erasure');
    expect((await again.get('/api/v1/auth/me')).status).toBe(401);
    const login = { email: member.email, password: PASSWORD };
    expect((await fleet.caller().post('/api/v1/auth/login', login)).status).toBe(401);
    // What waits in an outbox or a mail is on its way.
    await eventually(
      async () => (await tablesWith(member.email, 'Leah Unmistakable')).length === 0,
      'the last trace of the person',
    );
  });
});

/** Tables of any service in which one of the texts stands. Events are kept for as long as the operator says. */
async function tablesWith(...texts: string[]): Promise<string[]> {
  const database = new pg.Client({ connectionString: fleet.environment.databaseAdminUrl });
  await database.connect();
  try {
    const { rows } = await database.query<{ name: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p') and not c.relispartition
         and n.nspname not in ('pg_catalog', 'information_schema', 'event_log')`,
    );
    const found: string[] = [];
    for (const { name } of rows) {
      const { rowCount } = await database.query(
        `select from ${name} t where exists (select from unnest($1::text[]) s where strpos(t::text, s) > 0) limit 1`,
        [texts],
      );
      if (rowCount) found.push(name);
    }
    return found;
  } finally {
    await database.end();
  }
}

describe('a user whose address is at a domain that the organization has verified', () => {
  it('joins, is let in with the next request, and is not let in by the domain again once removed', async () => {
    const { domain } = data(
      await owner.post(`${organization.path}/domains`, { domain: 'company.test' }),
      201,
    );
    const verify = () => owner.post(`${organization.path}/domains/${domain.id}/verify`);
    expect((await verify()).body.error.code).toBe('DOMAIN_RECORD_MISSING');
    names.setText(domain.record.name, domain.record.value);
    expect(data(await verify()).domain.status).toBe('verified');
    data(await owner.patch(`${organization.path}/settings`, { domains: { join: 'automatic' } }));

    const colleague = await signUp(fleet, 'colleague', 'colleague', 'company.test');
    const joinable = async (person: Person) =>
      data(await person.get('/api/v1/organizations/joinable')).organizations.map(
        ({ id }: { id: number }) => id,
      );
    expect(await joinable(colleague)).toEqual([organization.id]);
    expect((await colleague.get(organization.path)).status).toBe(404);
    data(await colleague.post(`${organization.path}/join`));
    data(await colleague.get(organization.path));

    data(await owner.delete(`${organization.path}/members/${colleague.id}`));
    const again = await logIn(fleet, colleague);
    expect(await joinable(again)).toEqual([]);
    expect((await again.post(`${organization.path}/join`)).status).toBe(404);
  });
});
