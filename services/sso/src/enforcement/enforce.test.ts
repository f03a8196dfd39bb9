import { administrator, expectError, signedIn } from '@rivergate/testing';
import type { IdentityProviderUnderTest } from '@rivergate/testing/identity-provider';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type SsoUnderTest,
  startOpenidProvider,
  startSsoUnderTest,
  type Tenant,
} from '../testing/sso-under-test.ts';

let elsewhere: IdentityProviderUnderTest;
let service: SsoUnderTest;
let acme: Tenant;
let provider: number;
/** The administrator of the tenant. */
let userId: number;
beforeAll(async () => {
  [elsewhere, service] = await Promise.all([startOpenidProvider(), startSsoUnderTest()]);
});
beforeEach(async () => {
  acme = await service.tenant();
  userId = 9_000 + acme.id;
  provider = await service.oidcProvider(acme, elsewhere);
  service.fleet.proven.add(userId);
  service.fleet.requirements.length = 0;
});
afterAll(async () => {
  await service?.stop();
  await elsewhere?.stop();
});

const path = () => `/api/v1/sso/enforcement/enforce/${acme.id}`;
const enforce = (ids: number[] = [userId], by = acme.administrator) =>
  by.post(path(), { enforce: true, break_glass_user_ids: ids });
const lift = () => acme.administrator.post(path(), { enforce: false });
/** Somebody has signed in at the provider. */
const signInAt = (id: number) =>
  service.sql(
    `insert into sso.connections (organization_id, provider_id, subject, user_id, email, logins, last_login_at)
     values (?, ?, 'one', 77, 'one@acme.example', 1, now()) returning id`,
    [acme.id, id],
  );
const change = (body: object) => acme.administrator.put(`/api/v1/sso/providers/${provider}`, body);

describe('SSO is enforced', () => {
  it('only with an active provider at which somebody has signed in since it was changed', async () => {
    expectError(await enforce(), 409, 'NO_TESTED_PROVIDER');
    await signInAt(provider);
    await change({ name: 'Changed' });
    expectError(await enforce(), 409, 'NO_TESTED_PROVIDER');
    await service.sql('update sso.connections set last_login_at = now() where provider_id = ? returning id', [
      provider,
    ]);
    await change({ status: 'inactive' });
    expectError(await enforce(), 409, 'NO_TESTED_PROVIDER');
    expect(service.fleet.requirements).toEqual([]);
  });

  it('and says who is let in without, and where the others go', async () => {
    await signInAt(provider);
    const { status, body } = await enforce();
    expect([status, body.data]).toEqual([
      200,
      expect.objectContaining({ enforced: true, break_glass_user_ids: [userId] }),
    ]);
    expect(service.fleet.requirements).toEqual([
      {
        break_glass_user_ids: [userId],
        exempt_user_ids: [],
        login_url: 'http://rivergate.test/sign-in',
      },
    ]);
    expect((await lift()).body.data).toMatchObject({ enforced: false, break_glass_user_ids: [] });
    expect(service.fleet.requirements.at(-1)).toBeNull();
  });

  it('with administrators who have proved their sign-in only, and who are some', async () => {
    await signInAt(provider);
    const refusal = await enforce([userId, 4_711]);
    expectError(refusal, 409, 'BREAK_GLASS_UNPROVED');
    expect(refusal.body.error.details).toMatchObject([{ reason: '4711' }]);
    service.fleet.demoted.add(userId);
    expectError(await enforce(), 409, 'BREAK_GLASS_REQUIRED');
    service.fleet.demoted.delete(userId);
    expect((await lift()).status).toBe(200);
  });

  it('by nobody who would lock themselves out', async () => {
    await signInAt(provider);
    service.fleet.proven.add(5);
    expectError(await enforce([5]), 422, 'VALIDATION_ERROR');
    const there = service.as(administrator({ userId, organizationId: acme.id, sessionBoundTo: acme.id }));
    expect((await enforce([5], there)).status).toBe(200);
  });

  it.each([
    { enforce: true },
    { enforce: true, break_glass_user_ids: [] },
    { enforce: true, break_glass_user_ids: [5, 5] },
    { enforce: true, break_glass_user_ids: Array.from({ length: 11 }, (_, index) => index + 1) },
    { enforce: false, break_glass_user_ids: [5] },
    { break_glass_user_ids: [5] },
  ])('422 for %j', async body => {
    expectError(await acme.administrator.post(path(), body), 422, 'VALIDATION_ERROR');
  });

  it('by administrators of the organization at hand only', async () => {
    await signInAt(provider);
    const other = await service.tenant();
    expectError(await enforce([userId], other.administrator), 404, 'NOT_FOUND');
    const member = service.as(signedIn({ userId: 6, organizationId: acme.id, isMember: true }));
    expectError(await enforce([userId], member), 403, 'FORBIDDEN');
    expectError(await enforce([userId], service.anonymous), 401, 'UNAUTHORIZED');
    expect(service.fleet.requirements).toEqual([]);
  });
});

describe('an organization that enforces SSO', () => {
  beforeEach(async () => {
    await signInAt(provider);
    expect((await enforce()).status).toBe(200);
  });

  it('keeps an active provider', async () => {
    expectError(await change({ status: 'inactive' }), 409, 'CONFLICT');
    expectError(await acme.administrator.delete(`/api/v1/sso/providers/${provider}`), 409, 'CONFLICT');
    await service.oidcProvider(acme, elsewhere, { name: 'Second' });
    expect((await change({ status: 'inactive' })).status).toBe(200);
  });

  it('lets it go when it is lifted', async () => {
    expect((await lift()).status).toBe(200);
    expect((await change({ status: 'inactive' })).status).toBe(200);
  });

  it('never ends without a provider where both are asked for at the same time, ten times in a row', async () => {
    for (let time = 0; time < 10; time++) {
      expect((await lift()).status).toBe(200);
      const [enforced, changed] = await Promise.all([enforce(), change({ status: 'inactive' })]);
      expect([enforced.status, changed.status].toSorted()).toEqual([200, 409]);
      await lift();
      await change({ status: 'active' });
      await service.sql(
        'update sso.connections set last_login_at = now() where provider_id = ? returning id',
        [provider],
      );
    }
  });

  it('and organization agree where many enforce and lift at the same time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 ? lift() : enforce())),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const [kept] = await service.sql<{ enforced: boolean }>(
      'select enforced from sso.enforcements where organization_id = ?',
      [acme.id],
    );
    expect(kept!.enforced).toBe(service.fleet.requirements.at(-1) !== null);
  });
});
