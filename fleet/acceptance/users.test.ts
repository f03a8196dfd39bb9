import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, join, logIn, mailTo, type Person, signUp, uniqueEmail } from './person.ts';

let fleet: AcceptanceFleet;
let owner: Person;
let organization: Awaited<ReturnType<typeof foundOrganization>>;
beforeAll(async () => {
  fleet = await startFleet();
  owner = await signUp(fleet, 'owner');
  organization = await foundOrganization(owner);
  owner = owner.with(data(await owner.post(`${organization.path}/switch`, {})));
});
afterAll(() => fleet?.stop());

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
