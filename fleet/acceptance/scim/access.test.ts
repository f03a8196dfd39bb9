import { eventually, type TestCaller } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { data, logIn } from '../person.ts';
import { type Provisioned, type ProvisionedFleet, scim, startProvisionedFleet } from './provisioned.ts';

let started: ProvisionedFleet;
let acme: Provisioned;
beforeAll(async () => {
  started = await startProvisionedFleet();
  acme = await started.provisioned();
});
afterAll(async () => await started?.stop());

const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
const CONFIG = '/scim/v2/ServiceProviderConfig';

/** Milliseconds within which what is withdrawn has no effect any more. */
const AT_ONCE = 1_000;

const issue = async ({ administrator }: Provisioned, body: object = {}): Promise<TestCaller> =>
  started.fleet.caller(data(await administrator.post('/api/v1/sso/scim/token', body), 201).token);

describe('a token of SCIM', () => {
  it('is needed everywhere, and refused as SCIM refuses where it is missing, invented or of another kind', async () => {
    const invented = `${acme.token.slice(0, -6)}AAAAAA`;
    const callers = [
      started.fleet.caller(),
      started.fleet.caller(invented),
      started.fleet.caller('nonsense'),
      started.fleet.caller(acme.administrator.tokens.access_token),
    ];
    for (const path of [CONFIG, '/scim/v2/Schemas', '/scim/v2/Users', '/scim/v2/Users/1', '/scim/v2/Groups'])
      for (const by of callers) {
        const answer = await by.get(path);
        expect(scim(answer, 401)).toMatchObject({ schemas: [ERROR], status: '401' });
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
        expect(answer.headers.get('content-type')).toContain('application/scim+json');
      }
  });

  it('opens nothing but SCIM', async () => {
    for (const path of ['/api/v1/auth/me', '/api/v1/users', '/api/v1/sso/scim', acme.organization.path])
      expect((await acme.client.get(path)).status, path).toBe(401);
  });

  it('is refused within a second of being revoked, and is known again by no other gateway', async () => {
    const beta = await started.provisioned();
    scim(await beta.client.get(CONFIG));
    const { revoked_token_ids } = data(await beta.administrator.delete('/api/v1/sso/scim/token'));
    expect(revoked_token_ids).toHaveLength(1);
    expect((await beta.client.get(CONFIG)).status).toBe(401);
    expect(data(await beta.administrator.delete('/api/v1/sso/scim/token')).revoked_token_ids).toEqual([]);
  });

  it('that is replaced goes on for the overlap, or ends with it at once', async () => {
    const beta = await started.provisioned();
    const second = await issue(beta, { overlap_hours: 1 });
    for (const by of [beta.client, second]) scim(await by.get(CONFIG));
    const third = await issue(beta, { overlap_hours: 0 });
    await eventually(
      async () => (await second.get(CONFIG)).status === 401,
      'the end of the overlap',
      AT_ONCE,
    );
    expect((await beta.client.get(CONFIG)).status).toBe(401);
    scim(await third.get(CONFIG));
    const { tokens } = data(await beta.administrator.get('/api/v1/sso/scim')).scim;
    expect(tokens).toHaveLength(1);
    expect(tokens[0].last_used_at).not.toBeNull();
    expect(JSON.stringify(tokens)).not.toContain('scim_');
  });

  it('is taken from its networks alone', async () => {
    const elsewhere = await issue(acme, { allowed_networks: ['192.0.2.0/24', '2001:db8::/32'] });
    expect(scim(await elsewhere.get(CONFIG), 403)).toMatchObject({ schemas: [ERROR], status: '403' });
    const here = await issue(acme, { allowed_networks: ['10.0.0.0/8'] });
    scim(await here.get(CONFIG));
    const bad = await acme.administrator.post('/api/v1/sso/scim/token', {
      allowed_networks: ['10.0.0.0/33'],
    });
    expect(bad.status).toBe(422);
  });

  it('is issued by administrators alone, in no personal organization', async () => {
    const person = acme.administrator;
    const { organizations } = data(await person.get('/api/v1/organizations?limit=100'));
    const own = organizations.find((one: { id: number }) => one.id !== acme.organization.id);
    const there = person.with(data(await person.post(`/api/v1/organizations/${own.id}/switch`, {})));
    await eventually(
      async () => (await there.get('/api/v1/sso/scim')).status === 403,
      'that it is known to be personal',
    );
    expect((await there.post('/api/v1/sso/scim/token', {})).status).toBe(403);
    expect((await there.put('/api/v1/sso/scim', { enabled: true })).status).toBe(403);
    person.with(data(await person.post(`${acme.organization.path}/switch`, {})));
  });

  it('opens nothing while its organization is deleted, and again when that is restored', async () => {
    const beta = await started.provisioned();
    scim(await beta.client.get(CONFIG));
    const { path, name, id } = beta.organization;
    data(await beta.administrator.delete(`${path}?confirm_name=${encodeURIComponent(name)}`));
    await eventually(async () => (await beta.client.get(CONFIG)).status === 401, 'the end of the token');
    const administrator = await logIn(started.fleet, beta.administrator);
    data(await administrator.post(`/api/v1/organizations/${id}/restore`));
    await eventually(async () => (await beta.client.get(CONFIG)).status === 200, 'the return of the token');
  });
});

describe('SCIM', () => {
  it('that is off answers 403, but for what describes it', async () => {
    const beta = await started.provisioned();
    data(await beta.administrator.put('/api/v1/sso/scim', { enabled: false }));
    for (const path of ['/scim/v2/Users', '/scim/v2/Groups', '/scim/v2/Users/1'])
      expect(scim(await beta.client.get(path), 403)).toMatchObject({ schemas: [ERROR], status: '403' });
    expect((await beta.client.post('/scim/v2/Users', { schemas: [] })).status).toBeGreaterThanOrEqual(400);
    scim(await beta.client.get(CONFIG));
    data(await beta.administrator.put('/api/v1/sso/scim', { enabled: true }));
    scim(await beta.client.get('/scim/v2/Users'));
  });

  it('refuses in its own words what leads nowhere, another method, media type and too large a body', async () => {
    const { client } = acme;
    const refused = async (answer: Promise<Awaited<ReturnType<typeof client.get>>>, status: number) =>
      expect(scim(await answer, status)).toMatchObject({ schemas: [ERROR], status: String(status) });
    await refused(client.get('/scim/v2/nosuch'), 404);
    await refused(client.delete('/scim/v2/Users'), 405);
    await refused(client.get('/scim/v2/Me'), 501);
    const headers = { 'content-type': 'text/plain' };
    await refused(client.post('/scim/v2/Users', undefined, { raw: '{}', headers }), 415);
    await refused(client.post('/scim/v2/Users', { schemas: [], a: 'x'.repeat(1_100_000) }), 413);
    await refused(client.post('/scim/v2/Users', undefined, { raw: '{', headers: {} }), 400);
  });

  it('is limited in its own class, and says when there is room again', async () => {
    const limited = await startProvisionedFleet({ RATE_LIMIT_SCIM: '3/60' });
    try {
      const beta = await limited.provisioned();
      for (let index = 0; index < 3; index++) scim(await beta.client.get(CONFIG));
      const answer = await beta.client.get(CONFIG);
      expect(scim(answer, 429)).toMatchObject({ schemas: [ERROR], status: '429' });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.headers.get('ratelimit-policy')).toContain('scim');
    } finally {
      await limited.stop();
    }
  });
});
