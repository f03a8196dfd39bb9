import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, join, type Person, signUp } from './person.ts';

let fleet: AcceptanceFleet;
let owner: Person;
let member: Person;
let organization: Awaited<ReturnType<typeof foundOrganization>>;
beforeAll(async () => {
  fleet = await startFleet();
  [owner, member] = await Promise.all([signUp(fleet, 'owner'), signUp(fleet, 'member')]);
  organization = await foundOrganization(owner);
  await join(owner, member, organization, 'Developer');
});
afterAll(() => fleet?.stop());

const all = ['read', 'write', 'admin'];
const issue = async (person: Person, more: object = {}): Promise<{ id: number; token: string }> =>
  data(await person.post('/api/v1/auth/tokens', { name: 'test', scopes: all, ...more }), 201);

describe('a personal access token', () => {
  it('reads with the scope read, writes with write, and administers with admin', async () => {
    const settings = `${organization.path}/settings`;
    for (const scope of all) {
      const by = fleet.caller((await issue(owner, { scopes: [scope] })).token);
      const statuses = [
        (await by.get(organization.path)).status,
        (await by.post(`${organization.path}/workspaces`, { name: `By ${scope}` })).status,
        (await by.get(settings)).status,
      ];
      expect([scope, statuses]).toEqual([
        scope,
        [scope === 'read' ? 200 : 403, scope === 'write' ? 201 : 403, scope === 'admin' ? 200 : 403],
      ]);
    }
  });

  it('can do no more than its owner, whose account and logins it does not touch', async () => {
    const by = fleet.caller((await issue(member)).token);
    expect((await by.get(organization.path)).status).toBe(200);
    expect((await by.get(`${organization.path}/settings`)).status).toBe(403);
    expect((await by.post('/api/v1/auth/tokens', { name: 'more', scopes: ['read'] })).status).toBe(403);
    expect((await by.post(`${organization.path}/switch`, {})).status).toBe(403);
    expect((await by.post('/api/v1/auth/logout-all')).status).toBe(403);
    const { sessions } = data(await by.get('/api/v1/sessions'));
    expect(sessions.map((session: { is_current: boolean }) => session.is_current)).not.toContain(true);
  });

  it('is refused with the next request of the one who revokes it, by itself too', async () => {
    const [one, other] = [await issue(owner), await issue(owner)];
    for (const { token } of [one, other]) data(await fleet.caller(token).get('/api/v1/auth/me'));
    data(await owner.delete(`/api/v1/auth/tokens/${one.id}`));
    expect((await fleet.caller(one.token).get('/api/v1/auth/me')).status).toBe(401);
    const by = fleet.caller(other.token);
    data(await by.delete(`/api/v1/auth/tokens/${other.id}`));
    expect((await by.get('/api/v1/auth/me')).status).toBe(401);
  });

  it('has its new scopes with the next request', async () => {
    const { id, token } = await issue(owner);
    const by = fleet.caller(token);
    data(await by.get(organization.path));
    data(await owner.patch(`/api/v1/auth/tokens/${id}`, { scopes: ['write'] }));
    expect((await by.get(organization.path)).status).toBe(403);
  });

  it('is known by its token in no list, log or answer but the first', async () => {
    const { token } = await issue(owner, { organization_id: organization.id });
    const { tokens } = data(await owner.get(`${organization.path}/tokens`));
    expect(tokens[0]).toMatchObject({ user: { id: owner.id, email: owner.email }, name: 'test' });
    const log = await eventually(async () => {
      const { text } = await owner.get(`${organization.path}/audit-logs?limit=5`);
      return text.includes('token.created') && text;
    }, 'the audit entry');
    expect(JSON.stringify(tokens) + log).not.toContain(token);
  });
});

describe('a token of an organization', () => {
  it('acts there and finds nothing elsewhere', async () => {
    const other = await foundOrganization(owner);
    const { token } = data(
      await owner.post(`${organization.path}/tokens`, { name: 'here', scopes: all }),
      201,
    );
    const by = fleet.caller(token);
    data(await by.get(organization.path));
    data(await by.get(`${organization.path}/settings`));
    for (const outside of [other.path, `${other.path}/settings`, '/api/v1/auth/me', '/api/v1/organizations'])
      expect([outside, (await by.get(outside)).status]).toEqual([outside, 404]);
    data(await fleet.caller((await issue(owner)).token).get(other.path));
  });

  it('lives as long as the organization lets it, from the next request on', async () => {
    const settings = `${organization.path}/settings`;
    data(await owner.patch(settings, { tokens: { access_token_expire_minutes: 60 } }));
    const created = await eventually(async () => {
      const made = data(
        await owner.post(`${organization.path}/tokens`, { name: 'x', scopes: ['read'] }),
        201,
      );
      return Date.parse(made.expires_at) - Date.parse(made.created_at) === 3_600_000 && made;
    }, 'the setting at identity');
    expect(created.organization_id).toBe(organization.id);
  });

  it('ends with the membership of its owner', async () => {
    const { token } = data(
      await member.post(`${organization.path}/tokens`, { name: 'mine', scopes: ['read'] }),
      201,
    );
    const by = fleet.caller(token);
    data(await by.get(organization.path));
    data(await owner.delete(`${organization.path}/members/${member.id}`));
    expect((await by.get(organization.path)).status).toBe(401);
  });
});
