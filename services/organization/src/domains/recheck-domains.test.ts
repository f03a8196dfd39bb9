import { acrossOrganizations } from '@rivergate/endpoint';
import { wakeAfterCommit } from '@rivergate/service';
import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OrganizationTools } from '../endpoint.ts';
import { type Claimed, type DomainFixture, domainFixture, domainsPath } from '../testing/domain-fixture.ts';
import type { Founded, OrganizationUnderTest, Person } from '../testing/organization-under-test.ts';
import { organizationTools } from '../tools.ts';
import type { DomainRow } from './domain-store.ts';
import { recheckDomains } from './recheck-domains.ts';

let fixture: DomainFixture;
let service: OrganizationUnderTest;
let tools: OrganizationTools;
let ada: Person;
let acme: Founded;
let claim: Claimed;
let founded = 0;
beforeAll(async () => {
  fixture = await domainFixture();
  service = fixture.service;
  tools = await organizationTools(service.resources);
});
afterAll(() => fixture?.stop());
beforeEach(async () => {
  ada = await service.person('Ada');
  acme = await service.found(ada, `Acme ${++founded}`);
  claim = await fixture.verified(acme);
});

/** Lets these hours pass for the domain, and then has what is due be done. */
const pass = async (hours: number) => {
  const moved = ['next_check_at', 'missing_since', 'warned_at'].map(
    column => `${column} = ${column} - ? * interval '1 hour'`,
  );
  const set = [...moved, 'last_checked_at = null'].join(', ');
  const { knex } = service.resources;
  const isDue = await knex.transaction(async db => {
    await acrossOrganizations(db);
    const { rows } = await db.raw(
      `update domains set ${set} where id = ? returning next_check_at <= now() as is_due`,
      [...moved.map(() => hours), claim.id],
    );
    wakeAfterCommit(db, recheckDomains);
    return rows[0].is_due;
  });
  if (isDue) await eventually(isChecked, 'the check');
};
const isChecked = async () =>
  (await service.sql('select last_checked_at from organization.domains where id = ?', [claim.id]))[0]!
    .last_checked_at;
const shown = async () =>
  (await (await service.member(ada, acme.id)).get(domainsPath(acme, `/${claim.id}`))).body.data.domain;
const mails = () => service.mail.to(ada.email).filter(({ subject }) => subject.includes(claim.domain));

describe('a verified domain', () => {
  it('is looked for again once a day, and not before', async () => {
    const asked = () =>
      fixture.names.questions.filter(question => question === `TXT ${claim.record.name}`).length;
    await pass(21);
    expect(asked()).toBe(1);
    await pass(6);
    expect(asked()).toBe(2);
    await pass(1);
    expect(asked()).toBe(2);
    expect(await shown()).toMatchObject({ status: 'verified', last_check: 'found', missing_since: null });
  });

  it('is lost when its record is gone: administrators are told six days before, and then it is free', async () => {
    fixture.names.forget(claim.record.name);
    await pass(27);
    for (let time = 0; time < 2; time++) await pass(6);
    expect(await shown()).toMatchObject({
      status: 'verified',
      last_check: 'missing',
      missing_since: expect.any(String),
    });
    expect(mails()).toEqual([]);
    await pass(6);
    const warning = await service.mail.nth(ada.email, 1);
    expect(warning.subject).toBe(`The record of ${claim.domain} is missing in DNS`);
    for (const part of [claim.record.name, claim.record.value]) expect(warning.text).toContain(part);

    await pass(143);
    expect(await shown()).toMatchObject({ status: 'verified' });
    await pass(6);
    expect(await shown()).toMatchObject({ status: 'pending', verified_at: null, missing_since: null });
    expect((await service.mail.nth(ada.email, 2)).subject).toBe(`${claim.domain} is not verified any more`);
    await pass(24);
    expect(mails()).toHaveLength(2);
    expect((await service.audited(acme.id)).filter(action => action === 'domain.unverified')).toHaveLength(1);
    const other = await service.found(ada, `Other ${founded}`);
    await fixture.verified(other, claim.domain);
  });

  it('is kept where the record comes back, from which all counts anew', async () => {
    fixture.names.set(claim.record.name, 'elsewhere.test');
    await pass(27);
    for (let time = 0; time < 4; time++) await pass(6);
    expect(await shown()).toMatchObject({ status: 'verified', last_check: 'alias' });
    await service.mail.nth(ada.email, 1);
    fixture.names.setText(claim.record.name, claim.record.value);
    await pass(144);
    expect(await shown()).toMatchObject({ status: 'verified', last_check: 'found', missing_since: null });
    fixture.names.forget(claim.record.name);
    await pass(27);
    expect(await shown()).toMatchObject({ status: 'verified', last_check: 'missing' });
    expect(mails()).toHaveLength(1);
  });

  it('is not lost by a name server that fails, however long, nor by checks by hand', async () => {
    fixture.names.fail(claim.record.name);
    await pass(27);
    for (let time = 0; time < 10; time++) await pass(100);
    expect(await shown()).toMatchObject({
      status: 'verified',
      last_check: 'unreachable',
      missing_since: null,
    });
    fixture.names.speak(claim.record.name);
    fixture.names.forget(claim.record.name);
    for (let time = 0; time < 10; time++) expect((await fixture.verify(acme, claim)).status).toBe(409);
    await pass(1);
    expect(mails()).toEqual([]);
    expect(await shown()).toMatchObject({ status: 'verified', last_check: 'missing' });
  });

  it('given up while DNS is asked stays given up', async () => {
    fixture.names.forget(claim.record.name);
    const admin = await service.member(ada, acme.id);
    const { outbound } = tools;
    const slow = {
      ...outbound,
      async textRecords(name: string) {
        await admin.delete(domainsPath(acme, `/${claim.id}`));
        return await outbound.textRecords(name);
      },
    };
    const [row] = await service.sql('select * from organization.domains where id = ?', [claim.id]);
    await recheckDomains.work({ ...tools, outbound: slow }, row as unknown as DomainRow);
    expect(await service.sql('select id from organization.domains where id = ?', [claim.id])).toEqual([]);
  });
});

it('checks by hand count for the organization, whoever asks', async () => {
  const limited = await domainFixture({ RATE_LIMIT_DOMAIN_CHECK: '2/600' });
  try {
    const founder = await limited.service.person('Ada');
    const organization = await limited.service.found(founder, 'Limited');
    const [one, two] = [limited.newDomain(), limited.newDomain()];
    const claims = [await limited.verified(organization, one), await limited.verified(organization, two)];
    expect((await limited.verify(organization, claims[0]!)).status).toBe(429);
    await limited.verified(await limited.service.found(founder, 'Another'));
  } finally {
    await limited.stop();
  }
});
