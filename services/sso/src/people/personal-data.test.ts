import { organizationDeleted, userErasureRequested } from '@rivergate/events';
import { eventually, fellowService, publishEvent } from '@rivergate/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LyingProvider, startLyingProvider } from '../testing/lying-provider.ts';
import {
  browser,
  CLIENT,
  leadsTo,
  type SsoUnderTest,
  startSsoUnderTest,
  type Tenant,
  told,
} from '../testing/sso-under-test.ts';

let elsewhere: LyingProvider;
let service: SsoUnderTest;
beforeAll(async () => {
  [elsewhere, service] = await Promise.all([startLyingProvider(), startSsoUnderTest()]);
});
afterAll(async () => {
  await service?.stop();
  await elsewhere?.stop();
});

/** Signs somebody in at a provider of the organization. @returns who they are */
async function signIn(tenant: Tenant, name: string): Promise<{ userId: number; email: string }> {
  const { client_id, client_secret } = CLIENT;
  const body = {
    provider_type: 'oidc',
    name: 'Corporate',
    issuer: elsewhere.issuer,
    client_id,
    client_secret,
  };
  const { provider } = (await tenant.administrator.post('/api/v1/sso/providers', body)).body.data;
  const email = `${name}@${tenant.domain}`;
  elsewhere.claims = { sub: name, email, name };
  const path = `/api/v1/sso/providers/${provider.id}`;
  const request = leadsTo(await service.anonymous.get(`${path}/login?${browser().query}`));
  const sent = new URLSearchParams(elsewhere.back(request));
  const { code } = told(await service.anonymous.get(`${path}/callback?${sent}`));
  return { userId: service.fleet.logins.find(login => login.code === code)!.user_id, email };
}
const exported = async (userId: number): Promise<string> => {
  const path = `/internal/users/${userId}/personal-data?in_full=true`;
  return (await service.as(fellowService('organization')).get(path).expect(200)).text;
};
const audited = async (action: string) =>
  (await service.sql('select from sso.audit_log where action = ?', [action])).length;

it('what providers have said of somebody is exported without what is secret, and erased', async () => {
  const tenant = await service.tenant();
  const [ada, grace] = [await signIn(tenant, 'ada'), await signIn(tenant, 'grace')];
  const text = await exported(ada.userId);
  const sections = text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line).section);
  expect(new Set(sections)).toEqual(new Set(['connections', 'logins', 'attempts', 'audit_log']));
  expect(text).toContain(ada.email);
  for (const secret of [grace.email, 'sealed', 'hash', 'login_id']) expect(text).not.toContain(secret);

  const data = { erasure_id: 1, user_id: ada.userId, organization_id: null };
  await publishEvent(service, 'organization', userErasureRequested, {
    subject: ada.userId,
    data: data as never,
  });
  await eventually(async () => (await audited('user.erased')) > 0, 'the erasure');
  for (const table of ['connections', 'attempts', 'logins']) {
    const rows = JSON.stringify(await service.sql(`select * from sso.${table}`));
    expect(rows).not.toContain(ada.email);
    expect(rows).not.toContain(`"user_id":${ada.userId},`);
    if (table !== 'logins') expect(rows).toContain(grace.email);
  }
});

it('what an organization has set up goes with it, and nothing of another one', async () => {
  const [gone, other] = [await service.tenant(), await service.tenant()];
  await signIn(gone, 'joan');
  await signIn(other, 'mary');
  await publishEvent(service, 'organization', organizationDeleted, {
    subject: gone.id,
    data: { organization_id: gone.id, name: 'Gone', reason: 'grace_period_over' },
  });
  await eventually(async () => (await audited('organization.erased')) > 0, 'the erasure');
  for (const table of ['providers', 'verified_domains', 'connections', 'attempts', 'logins']) {
    const rows = await service.sql<{ organization_id: number }>(`select organization_id from sso.${table}`);
    const ids = rows.map(({ organization_id }) => organization_id);
    expect([table, ids.includes(gone.id), ids.includes(other.id)]).toEqual([table, false, true]);
  }
});
