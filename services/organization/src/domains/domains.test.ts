import { administrator, eventually } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DomainFixture, domainFixture, domainsPath } from '../testing/domain-fixture.ts';
import { outcome } from '../testing/invitation-fixture.ts';
import type { Founded, OrganizationUnderTest, Person } from '../testing/organization-under-test.ts';

let fixture: DomainFixture;
let service: OrganizationUnderTest;
let [ada, eve] = [] as unknown as [Person, Person];
let acme: Founded;
let other: Founded;
let founded = 0;
beforeAll(async () => {
  fixture = await domainFixture();
  service = fixture.service;
  [ada, eve] = [await service.person('Ada'), await service.person('Eve')];
});
afterAll(() => fixture?.stop());
beforeEach(async () => {
  acme = await service.found(ada, `Acme ${++founded}`);
  other = await service.found(eve, `Other ${founded}`);
});

const admin = () => service.member(ada, acme.id);
const statusOf = async (organization: Founded, id: number) =>
  (
    await (
      await service.member(organization.administrator, organization.id)
    ).get(domainsPath(organization, `/${id}`))
  ).body.data?.domain;

describe('claiming a domain', () => {
  it('says which record to set, in words that can be passed on', async () => {
    const domain = fixture.newDomain();
    const { status, body } = await fixture.claim(acme, domain.toUpperCase());
    expect(status).toBe(201);
    const claim = body.data.domain;
    expect(claim).toMatchObject({
      domain,
      status: 'pending',
      verified_at: null,
      last_check: null,
      record: {
        type: 'TXT',
        name: `_rivergate-challenge.${domain}`,
        value: expect.stringMatching(/^rivergate-verification=[\w-]{43}$/),
      },
    });
    for (const part of Object.values(claim.record)) expect(claim.instructions).toContain(part);
    const list = (await (await admin()).get(domainsPath(acme))).body.data;
    expect(list).toEqual({ domains: [claim], total_count: 1 });
    expect(await statusOf(acme, claim.id)).toEqual(claim);
    expect(await service.audited(acme.id)).toContain('domain.claimed');
  });

  it.each([
    'gmail.com',
    'GMAIL.com',
    'web.de',
    'co.uk',
    'github.io',
    'com',
    'localhost',
    '*.acme.test',
    'acme.test.',
    '192.0.2.1',
    '[::1]',
    '0x7f.1',
    'acme..test',
    '-acme.test',
    'acme.test/path',
    'ada@acme.test',
    'acme .test',
    '_acme.test',
    [60, 60, 60, 50, 4].map(length => 'a'.repeat(length)).join('.'),
    '',
  ])('is refused of %j', async domain => {
    expect(outcome(await fixture.claim(acme, domain))).toEqual([422, 'VALIDATION_ERROR']);
  });

  it('shows an international name as what it is in DNS, so that no other looks like it', async () => {
    const claim = await fixture.claim(acme, 'BÜCHER.test');
    expect(claim.body.data.domain.domain).toBe('xn--bcher-kva.test');
    expect(outcome(await fixture.claim(acme, 'xn--bcher-kva.test'))).toEqual([409, 'DOMAIN_ALREADY_CLAIMED']);
    const lookAlike = await fixture.claim(acme, 'аcme.test');
    expect(lookAlike.body.data.domain.domain).toBe('xn--cme-5cd.test');
  });

  it('is bounded to a hundred, and of ten at once with one name there is one', async () => {
    const domain = fixture.newDomain();
    const answers = await Promise.all(Array.from({ length: 10 }, () => fixture.claim(acme, domain)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(9).fill(409)]);
    await service.sql(
      `insert into organization.domains (organization_id, domain, challenge)
       select ?, n || '.test', 'x' from generate_series(1, 99) n`,
      [acme.id],
    );
    expect(outcome(await fixture.claim(acme, fixture.newDomain()))).toEqual([409, 'TOO_MANY_DOMAINS']);
  });

  it('is for administrators of the organization alone, whose domains nobody else sees', async () => {
    const claim = await fixture.claimed(acme, fixture.newDomain());
    const bob = await service.person('Bob');
    await service.join(acme, bob, acme.roles.Developer);
    const paths = (organization: Founded) =>
      [
        ['get', domainsPath(organization)],
        ['post', domainsPath(organization), { domain: fixture.newDomain() }],
        ['get', domainsPath(organization, `/${claim.id}`)],
        ['post', domainsPath(organization, `/${claim.id}/verify`)],
        ['delete', domainsPath(organization, `/${claim.id}`)],
      ] as const;
    const tried = async (person: Person, organization: Founded) => {
      const by = await service.member(person, organization.id);
      const statuses = [];
      for (const [method, path, body] of paths(organization))
        statuses.push((await by[method](path, body as never)).status);
      return statuses;
    };
    expect(await tried(bob, acme)).toEqual(Array(5).fill(403));
    expect(await tried(eve, acme)).toEqual(Array(5).fill(404));
    expect((await tried(eve, other)).slice(2)).toEqual([404, 404, 404]);
    expect(await statusOf(acme, claim.id)).toMatchObject({ status: 'pending', last_check: null });
  });
});

describe('verifying a domain', () => {
  it('takes the record of this very claim at this very name', async () => {
    const domain = fixture.newDomain();
    const claim = (await fixture.claim(acme, domain)).body.data.domain;
    const theirs = (await fixture.claim(other, domain)).body.data.domain;
    const { name, value } = claim.record;
    expect(theirs.record.name).toBe(name);
    const wrong = async () => outcome(await fixture.verify(acme, claim));
    const MISSING = [409, 'DOMAIN_RECORD_MISSING'];
    expect(await wrong()).toEqual(MISSING);
    expect(await statusOf(acme, claim.id)).toMatchObject({ status: 'pending', last_check: 'missing' });
    fixture.names.setText(
      name,
      theirs.record.value,
      value.slice(0, -1),
      `${value}x`,
      `"${value}"`,
      value.toUpperCase(),
    );
    expect(await wrong()).toEqual(MISSING);
    fixture.names.forget(name);
    for (const place of [domain, `www.${domain}`, `_rivergate-challenge.www.${domain}`])
      fixture.names.setText(place, value);
    expect(await wrong()).toEqual(MISSING);

    fixture.names.setText(name, 'v=spf1 -all', ...Array.from({ length: 40 }, () => 'x'.repeat(900)), value);
    const { status, body } = await fixture.verify(acme, claim);
    expect(status).toBe(200);
    expect(body.data.domain).toMatchObject({ status: 'verified', last_check: 'found', missing_since: null });
    expect((await fixture.verify(acme, claim)).status).toBe(200);
    expect((await service.audited(acme.id)).filter(action => action === 'domain.verified')).toHaveLength(1);
  });

  it('is not done by an alias, also where it leads in circles or to the right value', async () => {
    const claim = (await fixture.claim(acme, fixture.newDomain())).body.data.domain;
    const { name, value } = claim.record;
    for (const [index, target] of ['elsewhere.test', name].entries()) {
      fixture.names.setText('elsewhere.test', value);
      fixture.names.set(name, target);
      const answer = await fixture.verify(acme, claim);
      expect(outcome(answer), String(index)).toEqual([409, 'DOMAIN_RECORD_MISSING']);
      expect(answer.body.error.message).toContain('CNAME');
    }
    expect(await statusOf(acme, claim.id)).toMatchObject({ last_check: 'alias' });
  });

  it('waits for no name server for long, and takes no failure of one for an answer', async () => {
    const claim = await fixture.verified(acme);
    const waiting = (await fixture.claim(acme, fixture.newDomain())).body.data.domain;
    fixture.names.fail(claim.record.name);
    fixture.names.silence(waiting.record.name);
    const began = performance.now();
    for (const one of [claim, waiting])
      expect(outcome(await fixture.verify(acme, one))).toEqual([503, 'UPSTREAM_UNAVAILABLE']);
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(await statusOf(acme, claim.id)).toMatchObject({ status: 'verified', last_check: 'unreachable' });
  });

  it('of ten of two organizations at once makes one owner, and frees the domain when that gives it up', async () => {
    const domain = fixture.newDomain();
    const [mine, theirs] = [await fixture.claimed(acme, domain), await fixture.claimed(other, domain)];
    fixture.names.setText(mine.record.name, mine.record.value, theirs.record.value);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        index % 2 === 0 ? fixture.verify(acme, mine) : fixture.verify(other, theirs),
      ),
    );
    const won = answers.filter(({ status }) => status === 200).length;
    expect([answers.map(outcome).filter(([, code]) => code === 'DOMAIN_TAKEN').length, won]).toEqual([5, 5]);
    const [owner, loser, claim, next] =
      (await statusOf(acme, mine.id)).status === 'verified'
        ? [acme, other, mine, theirs]
        : [other, acme, theirs, mine];
    expect(await statusOf(loser, next.id)).toMatchObject({ status: 'pending' });
    const owning = await service.member(owner.administrator, owner.id);
    expect((await owning.delete(domainsPath(owner, `/${claim.id}`))).body.data).toEqual({
      domain: { id: claim.id },
    });
    expect((await owning.delete(domainsPath(owner, `/${claim.id}`))).status).toBe(404);
    expect((await fixture.verify(loser, next)).status).toBe(200);
    const again = await fixture.claimed(owner, domain);
    expect(again.record.value).not.toBe(claim.record.value);
    expect(outcome(await fixture.verify(owner, again))).toEqual([409, 'DOMAIN_TAKEN']);
  });

  it('of a domain below a verified one is for whoever has that name in DNS', async () => {
    const { domain } = await fixture.verified(acme);
    const below = await fixture.verified(other, `laboratory.${domain}`);
    expect(await statusOf(other, below.id)).toMatchObject({ status: 'verified' });
  });

  it('ends with the organization, which has to verify again when it is restored', async () => {
    const claim = await fixture.verified(acme);
    const name = `Acme ${founded}`;
    const path = `/api/v1/organizations/${acme.id}`;
    const before = await admin();
    await before.delete(`${path}?confirm_name=${encodeURIComponent(name)}`);
    expect(outcome(await before.post(domainsPath(acme, `/${claim.id}/verify`)))).toEqual([
      404,
      'ORGANIZATION_NOT_FOUND',
    ]);
    const theirs = await fixture.verified(other, claim.domain);
    expect((await service.stranger(ada).post(`${path}/restore`)).status).toBe(200);
    fixture.names.setText(claim.record.name, claim.record.value);
    expect(await statusOf(acme, claim.id)).toMatchObject({ status: 'pending' });
    expect(outcome(await fixture.verify(acme, claim))).toEqual([409, 'DOMAIN_TAKEN']);
    expect(await statusOf(other, theirs.id)).toMatchObject({ status: 'verified' });
    expect(await service.audited(acme.id)).toContain('domain.unverified');
  });

  it('is not for an administrator who was removed while DNS was asked', async () => {
    const claim = (await fixture.claim(acme, fixture.newDomain())).body.data.domain;
    const mallory = await service.person('Mallory');
    await service.join(acme, mallory, acme.roles.Admin);
    fixture.names.silence(claim.record.name);
    // The rights that the gateway knew just now.
    const { userId } = mallory;
    const before = administrator({ userId, sessionId: userId, organizationId: acme.id });
    const asked = service.as(before, 0).post(domainsPath(acme, `/${claim.id}/verify`));
    await eventually(() => fixture.names.questions.includes(`TXT ${claim.record.name}`));
    await (await admin()).delete(`/api/v1/organizations/${acme.id}/members/${mallory.userId}`);
    fixture.names.setText(claim.record.name, claim.record.value);
    fixture.names.speak(claim.record.name);
    expect((await asked).status).toBe(404);
    expect(await statusOf(acme, claim.id)).toMatchObject({ last_check: null });
  });
});
