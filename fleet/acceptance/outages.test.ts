import { eventually } from '@rivergate/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { type OwnRedis, ownRedis } from './own-redis.ts';
import { data, foundOrganization, join, logIn, type Person, signUp, uniqueEmail } from './person.ts';

describe('while the organization service is down', () => {
  let fleet: AcceptanceFleet;
  beforeAll(async () => {
    fleet = await startFleet({ without: ['organization'] });
  });
  afterAll(() => fleet?.stop());

  it('people sign up, and get their organization when it is back', async () => {
    const person = await signUp(fleet, 'early');
    expect((await fleet.caller().get('/ready')).status).toBe(503);
    expect(data(await person.get('/api/v1/sessions')).active_count).toBe(1);

    await fleet.startService('organization');
    const me = await eventually(async () => {
      const answer = await person.get('/api/v1/auth/me');
      return answer.status === 200 && answer.body.data.organizations.length > 0 && answer.body.data;
    }, 'the personal organization');
    expect(me.organizations).toEqual([expect.objectContaining({ plan: 'individual', is_admin: true })]);
    const renewed = data(
      await fleet.caller().post('/api/v1/auth/refresh', { refresh_token: person.tokens.refresh_token }),
    );
    const claims = JSON.parse(Buffer.from(renewed.access_token.split('.')[1], 'base64url').toString());
    expect(claims.org_id).toBe(me.organizations[0].id);
    await eventually(async () => (await fleet.caller().get('/ready')).status === 200, 'a ready fleet');
  });

  it('its addresses answer 503 again when it is gone, not 404', async () => {
    const person = await signUp(fleet, 'late');
    await fleet.stopService('organization');
    const { status, body } = await person.get('/api/v1/organizations');
    expect([status, body.error.code]).toEqual([503, 'UPSTREAM_UNAVAILABLE']);
    await fleet.startService('organization');
  });
});

describe('while Redis is down', () => {
  let redis: OwnRedis;
  let fleet: AcceptanceFleet;
  let owner: Person;
  beforeAll(async () => {
    redis = await ownRedis();
    await redis.start();
    fleet = await startFleet({ env: { REDIS_URL: redis.url } });
    owner = await signUp(fleet, 'owner');
  });
  afterAll(async () => {
    await fleet?.stop();
    await redis?.remove();
  });

  it('the owners of the facts are asked: nobody is locked out, and no revoked session gets in', async () => {
    const organization = await foundOrganization(owner);
    const guest = await signUp(fleet, 'guest');
    await join(owner, guest, organization, 'Viewer');
    const gone = await logIn(fleet, owner);
    expect((await gone.post('/api/v1/auth/logout')).status).toBe(204);

    await redis.kill();
    expect((await owner.get(organization.path)).status).toBe(200);
    expect((await gone.get('/api/v1/auth/me')).status).toBe(401);
    expect((await guest.post(`${organization.path}/workspaces`, { name: 'No' })).status).toBe(403);
    expect((await owner.delete(`${organization.path}/members/${guest.id}`)).status).toBeLessThan(300);
    expect((await guest.get(organization.path)).status).toBeGreaterThanOrEqual(401);

    await redis.start();
    expect((await gone.get('/api/v1/auth/me')).status, 'an empty Redis revives no session').toBe(401);
    await eventually(
      async () => (await guest.get('/api/v1/auth/me')).status === 401,
      'the removed member to be signed out',
    );
    expect((await owner.get(organization.path)).status).toBe(200);
  });

  it('a job is taken in, and carried out when Redis is back and empty', async () => {
    const organization = await foundOrganization(owner);
    await redis.kill();
    const started = await owner.post(`${organization.path}/members/bulk-invite`, {
      workspace_id: organization.workspaceId,
      role_id: organization.roleId('Viewer'),
      invitations: [1, 2, 3].map(() => ({ email: uniqueEmail('meanwhile') })),
    });
    expect(data(started, 202).status).toBe('queued');
    await redis.start();
    const job = await eventually(async () => {
      const found = data(await owner.get(started.headers.get('location')!));
      return found.finished_at !== null && found;
    }, 'the job to end');
    expect(job).toMatchObject({ status: 'completed', progress: { done: 3 } });
  });

  it('and the owner too, the answer is 503 and never "allowed"', async () => {
    await redis.kill();
    await fleet.stopService('organization');
    const { status, body } = await owner.get('/api/v1/sessions');
    expect([status, body.error.code]).toEqual([503, 'UPSTREAM_UNAVAILABLE']);
    await redis.start();
    await fleet.startService('organization');
    await eventually(
      async () => (await owner.get('/api/v1/sessions')).status === 200,
      'the fleet to recover',
    );
  });
});

describe('while the event log is down', () => {
  it('no request fails, sessions are revoked all the same, and events come late but all', async () => {
    const fleet = await startFleet();
    const admin = new pg.Client({ connectionString: fleet.environment.databaseAdminUrl });
    try {
      await admin.connect();
      const [owner, guest] = await Promise.all([signUp(fleet, 'owner'), signUp(fleet, 'guest')]);
      const database = pg.escapeIdentifier(new URL(fleet.environment.databaseAdminUrl).pathname.slice(1));
      await admin.query(`revoke connect on database ${database} from rivergate_events`);
      await admin.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'rivergate_events' and datname = current_database()",
      );

      const organization = await foundOrganization(owner);
      await join(owner, guest, organization, 'Viewer');
      const session = await logIn(fleet, owner);
      expect((await session.post('/api/v1/auth/logout')).status).toBe(204);
      expect((await session.get('/api/v1/auth/me')).status).toBe(401);
      expect((await owner.delete(`${organization.path}/members/${guest.id}`)).status).toBeLessThan(300);
      expect((await guest.get(organization.path)).status, 'the organization is closed without the log').toBe(
        404,
      );
      expect((await guest.get('/api/v1/auth/me')).status, 'the rest waits for the event').toBe(200);

      await admin.query(`grant connect on database ${database} to rivergate_events`);
      await eventually(
        async () => (await guest.get('/api/v1/auth/me')).status === 401,
        'the late event',
        30_000,
      );
    } finally {
      await admin.end();
      await fleet.stop();
    }
  });
});
