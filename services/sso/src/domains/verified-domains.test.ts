import { domainRemoved, domainUnverified, domainVerified } from '@rivergate/events';
import { eventually, publishEvent } from '@rivergate/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SsoUnderTest, startSsoUnderTest } from '../testing/sso-under-test.ts';

let service: SsoUnderTest;
beforeAll(async () => {
  service = await startSsoUnderTest();
});
afterAll(async () => await service?.stop());

const state = async () => {
  const rows = await service.sql<{ organization_id: number; domain: string }>(
    'select organization_id, domain from sso.verified_domains where is_verified order by domain, organization_id',
  );
  return rows.map(({ organization_id, domain }) => `${organization_id} ${domain}`);
};
const said = (
  declaration: typeof domainVerified | typeof domainUnverified | typeof domainRemoved,
  [domain_id, organization_id, domain]: [number, number, string],
  time = new Date(),
) =>
  publishEvent(service, 'organization', declaration, {
    subject: domain_id,
    data: { domain_id, organization_id, domain, reason: 'record_missing', was_verified: true },
    time,
  });

it('a domain is its organization’s until that loses it or gives it up, whatever order it is heard in', async () => {
  await said(domainVerified, [1, 1, 'one.example']);
  await said(domainVerified, [2, 1, 'two.example']);
  await eventually(async () => (await state()).length === 2, 'the domains');
  await said(domainUnverified, [1, 1, 'one.example']);
  await said(domainRemoved, [2, 1, 'two.example']);
  await said(domainVerified, [3, 2, 'one.example']);
  // Of before, and late.
  await said(domainVerified, [1, 1, 'one.example'], new Date(Date.now() - 60_000));
  await said(domainVerified, [4, 2, 'three.example']);
  await eventually(async () => (await state()).includes('2 three.example'), 'the last one');
  await eventually(async () => !(await state()).includes('1 one.example'), 'the loss');
  expect(await state()).toEqual(['2 one.example', '2 three.example']);
});
