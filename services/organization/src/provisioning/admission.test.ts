import { fellowService } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { domainFixture } from '../testing/domain-fixture.ts';
import {
  type ProvisioningFixture,
  provisionedMembersPath,
  provisioningFixture,
  refusal,
} from '../testing/provisioning-fixture.ts';

let fixture: ProvisioningFixture;
beforeAll(async () => {
  fixture = await provisioningFixture();
});
afterAll(async () => await fixture?.stop());

describe('an address in a domain that the organization has verified', () => {
  it('gets an account that the organization manages, and vouches for, with the answer', async () => {
    const email = fixture.newAddress();
    const { status, body } = await fixture.bring(email, { source: 'sso' });
    const { user_id } = body.data;
    expect([status, body.data]).toEqual([
      200,
      { user_id, email, display_name: 'Some One', active: true, managed: true, made: 'account' },
    ]);
    expect(fixture.service.identity.verified.has(user_id)).toBe(true);
    expect(fixture.service.identity.managedBy.get(user_id)).toBe(fixture.acme.id);
    expect(await fixture.member(user_id)).toMatchObject({ source: 'sso', status: 'active', is_admin: false });
    expect(await fixture.service.audited(fixture.acme.id)).toContain('account.vouched');
  });
  it('brought again is nobody new', async () => {
    const email = fixture.newAddress();
    const userId = await fixture.managed(email);
    const again = await fixture.bring(email.toUpperCase(), {
      role_id: fixture.acme.roles.Admin,
      active: false,
    });
    expect(again.body.data).toMatchObject({ user_id: userId, made: 'nothing', active: true });
    expect(await fixture.member(userId)).toMatchObject({ is_admin: false });
  });
  it('brought by ten requests at once is one account and one member', async () => {
    const email = fixture.newAddress();
    const answers = await Promise.all(Array.from({ length: 10 }, () => fixture.bring(email)));
    expect(new Set(answers.map(({ body }) => body.data?.user_id)).size).toBe(1);
    expect(answers.filter(({ body }) => body.data.made === 'account').length).toBe(1);
    expect([...fixture.service.identity.accounts.values()].filter(one => one.email === email).length).toBe(1);
    const events = answers.map(({ body }) => body.data.made).filter(made => made !== 'nothing');
    expect(events).toEqual(['account']);
  });
  it('does not let the IdP have an account that somebody made before: its user has to prove it', async () => {
    const person = await fixture.domains.personAt(fixture.domain, 'Before');
    fixture.service.identity.elsewhere.set(person.userId, { email: person.email, display_name: 'Before' });
    expect(refusal(await fixture.bring(person.email, { source: 'sso' }))).toEqual([409, 'ACCOUNT_ELSEWHERE']);
    expect(await fixture.member(person.userId)).toBeUndefined();

    const proved = await fixture.bring(person.email, { source: 'sso', user_id: person.userId });
    expect(proved.body.data).toMatchObject({ user_id: person.userId, made: 'membership', managed: false });
  });
  it('lets SCIM make a member of an account that somebody made before, which stays that person’s own', async () => {
    const person = await fixture.domains.personAt(fixture.domain, 'Earlier');
    fixture.service.identity.elsewhere.set(person.userId, { email: person.email, display_name: 'Earlier' });
    const { body } = await fixture.bring(person.email);
    expect(body.data).toMatchObject({ user_id: person.userId, made: 'membership', managed: false });
    // What the directory calls them stands on the membership.
    expect(body.data.display_name).toBe('Some One');
    for (const given of [
      { password: 'Brand2new!' },
      { email: fixture.newAddress() },
      { display_name: 'Mine' },
    ])
      expect(refusal(await fixture.change(person.userId, given))).toEqual([409, 'ACCOUNT_NOT_MANAGED']);
  });
  it('takes on an account that an administrator made there and nobody has verified', async () => {
    const email = fixture.newAddress();
    const admin = await fixture.service.member(fixture.acme.administrator, fixture.acme.id);
    const made = await admin.post('/api/v1/users', { email, password: 'Correct1horse' });
    const userId = made.body.data.user.id;
    const { body } = await fixture.bring(email, { source: 'sso' });
    expect(body.data).toMatchObject({ user_id: userId, made: 'nothing', managed: true });
    expect(fixture.service.identity.verified.has(userId)).toBe(true);
  });
  it('is nobody whom a provider of another organization can bring', async () => {
    const foreign = await fixture.other();
    await fixture.domains.verified(foreign);
    const tried = await fixture.bring(fixture.newAddress(), { source: 'sso' }, foreign);
    expect(refusal(tried)).toEqual([403, 'EMAIL_DOMAIN_NOT_ALLOWED']);
    const userId = await fixture.managed();
    const email = fixture.service.identity.accounts.get(userId)!.email;
    expect(refusal(await fixture.bring(email, {}, foreign))).toEqual([409, 'ACCOUNT_ELSEWHERE']);
    expect(await fixture.member(userId, foreign)).toBeUndefined();
  });
});

describe('an address elsewhere', () => {
  it('is never signed in by the IdP, not even with the id of an account', async () => {
    const person = await fixture.service.person('Stranger');
    for (const user_id of [null, person.userId])
      expect(refusal(await fixture.bring(person.email, { source: 'sso', user_id }))).toEqual([
        403,
        'EMAIL_DOMAIN_NOT_ALLOWED',
      ]);
  });
  it('gets an account of its own mailbox by SCIM, which the organization does not manage', async () => {
    const { body } = await fixture.bring(fixture.newAddress('elsewhere.test'));
    expect(body.data).toMatchObject({ made: 'account', managed: false });
    expect(fixture.service.identity.verified.has(body.data.user_id)).toBe(false);
    expect(refusal(await fixture.change(body.data.user_id, { password: 'Brand2new!' }))).toEqual([
      409,
      'ACCOUNT_NOT_MANAGED',
    ]);
  });
  it('of somebody who has an account is refused, and comes back by SCIM only after SCIM had brought it', async () => {
    const person = await fixture.service.person('Contractor');
    expect(refusal(await fixture.bring(person.email))).toEqual([409, 'ACCOUNT_ELSEWHERE']);
    await fixture.service.join(fixture.acme, person);
    expect((await fixture.bring(person.email)).body.data.made).toBe('nothing');
    await fixture.remove(person.userId);
    expect(refusal(await fixture.bring(person.email))).toEqual([409, 'ACCOUNT_ELSEWHERE']);

    const proved = await fixture.bring(person.email, { user_id: person.userId });
    expect(proved.body.data.made).toBe('membership');
    await fixture.remove(person.userId);
    expect((await fixture.bring(person.email)).body.data).toMatchObject({
      user_id: person.userId,
      made: 'membership',
    });
  });
  it('is told to have an account as rarely as people are told so', async () => {
    const limited = await domainFixture();
    const organization = await limited.service.found(await limited.service.person('Lim'), 'Limited');
    const caller = limited.service.as(fellowService('sso'));
    const tried = async (email: string) =>
      (await caller.post(provisionedMembersPath(organization), { email, display_name: null, source: 'scim' }))
        .status;
    const taken = await Promise.all([1, 2, 3, 4].map(n => limited.service.person(`Taken ${n}`)));
    const statuses = [];
    for (const { email } of taken) statuses.push(await tried(email));
    expect(statuses).toEqual([409, 409, 409, 429]);
    expect(await tried('free@elsewhere.test')).toBe(429);
    await limited.stop();
  });
});
