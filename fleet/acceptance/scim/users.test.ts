import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Provisioned, type ProvisionedFleet, scim, startProvisionedFleet, USER } from './provisioned.ts';

let started: ProvisionedFleet;
let acme: Provisioned;
beforeAll(async () => {
  started = await startProvisionedFleet();
  acme = await started.provisioned();
});
afterAll(async () => await started?.stop());

describe('a user', () => {
  it('is made with an account that the organization manages, and found by the name in any case', async () => {
    const userName = acme.address('Grace');
    const made = await acme.client.post('/scim/v2/Users', {
      schemas: [USER],
      userName,
      externalId: 'x-1',
      name: { givenName: 'Grace', familyName: 'Hopper' },
      emails: [{ value: userName, type: 'work', primary: true }],
      meta: { resourceType: 'User' },
    });
    const user = scim(made, 201);
    expect(user).toMatchObject({
      userName,
      externalId: 'x-1',
      active: true,
      id: expect.stringMatching(/^\d+$/),
    });
    expect(made.headers.get('location')).toBe(user.meta.location);
    expect(made.headers.get('etag')).toBe(user.meta.version);
    expect(made.headers.get('content-type')).toContain('application/scim+json');
    const filter = encodeURIComponent(`userName eq "${userName.toUpperCase()}"`);
    const found = scim(await acme.client.get(`/scim/v2/Users?filter=${filter}`));
    expect(found).toMatchObject({ totalResults: 1, itemsPerPage: 1, startIndex: 1 });
    expect(found.Resources[0]).toEqual(user);
    expect(scim(await acme.client.get(`/scim/v2/Users/${user.id}`))).toEqual(user);
  });

  it('who was suspended is answered 401 at once, and let in again by active true', async () => {
    const user = await acme.user('password', { password: 'Correct1horse' });
    const signedIn = async () =>
      await started.fleet
        .caller()
        .post('/api/v1/auth/login', { email: user.userName, password: 'Correct1horse' });
    const { access_token } = (await signedIn()).body.data;
    const person = started.fleet.caller(access_token);
    expect((await person.get('/api/v1/auth/me')).status).toBe(200);
    scim(await acme.patch(`/scim/v2/Users/${user.id}`, { op: 'Replace', path: 'active', value: 'False' }));
    await eventually(
      async () => (await person.get('/api/v1/auth/me')).status === 401,
      'the end of the session',
      1_000,
    );
    expect(scim(await acme.client.get(`/scim/v2/Users/${user.id}`)).active).toBe(false);
  });
});
