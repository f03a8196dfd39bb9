import { fellowService } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type InvitationFixture, invitationFixture, outcome } from '../testing/invitation-fixture.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let fixture: InvitationFixture;
let acme: Founded;
/** The founder; both administer, and by default Ada alone is let in without the identity provider. */
let ada: Person;
let eve: Person;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  fixture = await invitationFixture(service);
  ada = fixture.administrator;
});
beforeEach(async () => {
  acme = await fixture.found();
  eve = await service.person('Eve');
  await service.join(acme, eve, acme.roles.Admin);
  await enforce([ada]);
});
afterAll(async () => await service?.stop());

const enforce = async (breakGlass: Person[]) => {
  const requirement = {
    break_glass_user_ids: breakGlass.map(({ userId }) => userId),
    exempt_user_ids: [eve.userId],
    login_url: 'https://rivergate.test/sign-in',
  };
  const session = { userId: ada.userId, sessionId: ada.userId, organizationId: acme.id };
  const sso = service.as(fellowService('sso', { ...session, isMember: true, isAdmin: true }));
  const answer = await sso.put(`/internal/organizations/${acme.id}/sso-requirement`, {
    requirement: breakGlass.length === 0 ? null : requirement,
  });
  expect(answer.status).toBe(200);
};
const by = (person: Person) => service.member(person, acme.id);
const sso = () => service.as(fellowService('sso'));
const provisioned = () => `/internal/organizations/${acme.id}/provisioned-members/${ada.userId}`;
const assignmentOf = async ({ userId }: Person) => {
  const [row] = await service.sql<{ id: number }>(
    'select id from organization.role_assignments where organization_id = ? and user_id = ? and role_id = ? and workspace_id is null',
    [acme.id, userId, acme.roles.Admin!],
  );
  return row!.id;
};
const eraseMe = (person: Person) =>
  service.stranger(person).delete(`/api/v1/auth/me?confirm_email=${encodeURIComponent(person.email)}`);
const REFUSED = [409, 'LAST_ADMINISTRATOR'];

/** Every way in which an administrator may stop being one, tried on Ada while Eve administers beside her. */
const WAYS: Record<string, () => Promise<unknown[]>> = {
  leaving: async () => outcome(await (await by(ada)).post(`/api/v1/organizations/${acme.id}/leave`)),
  'being removed': async () =>
    outcome(await (await by(eve)).delete(`/api/v1/organizations/${acme.id}/members/${ada.userId}`)),
  'being deleted as a user': async () => outcome(await (await by(eve)).delete(`/api/v1/users/${ada.userId}`)),
  'being erased by an administrator': async () =>
    outcome(await (await by(eve)).delete(`/api/v1/users/${ada.userId}?erase=true`)),
  'being demoted': async () =>
    outcome(
      await (await by(eve)).patch(`/api/v1/organizations/${acme.id}/members/${ada.userId}`, {
        is_admin: false,
      }),
    ),
  'being suspended': async () =>
    outcome(await (await by(eve)).put(`/api/v1/users/${ada.userId}/status`, { status: 'suspended' })),
  'losing the role': async () =>
    outcome(
      await (await by(eve)).delete(
        `/api/v1/roles/${acme.roles.Admin}/assignments/${await assignmentOf(ada)}`,
      ),
    ),
  'getting the role for a time only': async () =>
    outcome(
      await (await by(eve)).post(`/api/v1/roles/${acme.roles.Admin}/assignments`, {
        user_id: ada.userId,
        expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      }),
    ),
  'handing the organization over': async () => {
    const offer = `/api/v1/organizations/${acme.id}/transfer-ownership`;
    expect((await (await by(ada)).post(offer, { user_id: eve.userId })).status).toBe(201);
    return outcome(await (await by(eve)).post(`${offer}/accept`));
  },
  'being deprovisioned': async () => {
    const { status, body } = await sso().delete(provisioned());
    return [status, body?.error?.code];
  },
  'being suspended by SCIM': async () => outcome(await sso().patch(provisioned(), { active: false })),
};

describe('the last administrator who gets in without the identity provider stays, whatever the way', () => {
  it.each(Object.keys(WAYS))('%s', async way => {
    expect(await WAYS[way]!()).toEqual(REFUSED);
    // It was for that reason: nobody minds once the other one is named as well.
    await enforce([ada, eve]);
    if (way === 'handing the organization over')
      await (await by(ada)).delete(`/api/v1/organizations/${acme.id}/transfer-ownership`);
    expect((await WAYS[way]!())[0]).toBeLessThan(300);
  });

  it('being merged into another account', async () => {
    const own = await service.person('Own');
    await service.join(acme, own);
    await enforce([eve]);
    const code = (await (await by(eve)).post('/api/v1/users/merge-codes').expect(201)).body.data.code;
    await (await by(own)).post('/api/v1/users/merge-codes/redeem', { code }).expect(200);
    const merge = async () =>
      outcome(
        await (await by(ada)).post(`/api/v1/users/${own.userId}/merge`, { duplicate_user_id: eve.userId }),
      );
    expect(await merge()).toEqual(REFUSED);
    await enforce([eve, ada]);
    expect((await merge())[0]).toBe(200);
  });

  it('being erased at their own request, which names the organization; what else they are in stays too', async () => {
    const other = await service.found(await service.person('Olga'), 'Elsewhere');
    await service.join(other, eve);
    await enforce([eve]);
    const refused = await eraseMe(eve);
    expect(outcome(refused)).toEqual(REFUSED);
    const [{ name } = { name: '' }] = await service.sql<{ name: string }>(
      'select name from organization.organizations where id = ?',
      [acme.id],
    );
    expect(refused.body.error.message).toContain(name);
    expect(refused.body.error.message).toContain('without the identity provider');
    const members = await service.sql(
      "select organization_id from organization.memberships where user_id = ? and status = 'active'",
      [eve.userId],
    );
    expect(members).toHaveLength(3);
    await enforce([eve, ada]);
    expect((await eraseMe(eve)).status).toBe(202);
  });

  it('of two who are erased, removed or leave at once, one stays', async () => {
    for (const second of [
      () => eraseMe(eve),
      async () => (await by(eve)).post(`/api/v1/organizations/${acme.id}/leave`),
      async () => (await by(ada)).delete(`/api/v1/users/${eve.userId}?erase=true`),
    ]) {
      acme = await fixture.found();
      eve = await service.person('Eve');
      const max = await service.person('Max');
      for (const person of [eve, max]) await service.join(acme, person, acme.roles.Admin);
      // Ada administers on, but comes by the provider: nobody is refused as the last administrator.
      await enforce([eve, max]);
      const statuses = (await Promise.all([eraseMe(max), second()])).map(({ status }) => status);
      expect(statuses.filter(status => status === 409)).toHaveLength(1);
      expect(statuses.filter(status => status < 300)).toHaveLength(1);
    }
  });

  it('not one who is alone there', async () => {
    const solo = await service.person('Solo');
    acme = await service.found(solo, 'Alone');
    const session = { userId: solo.userId, sessionId: solo.userId, organizationId: acme.id };
    const asSolo = service.as(fellowService('sso', { ...session, isMember: true, isAdmin: true }));
    const requirement = {
      break_glass_user_ids: [solo.userId],
      exempt_user_ids: [],
      login_url: 'https://rivergate.test/sign-in',
    };
    await asSolo.put(`/internal/organizations/${acme.id}/sso-requirement`, { requirement }).expect(200);
    expect((await eraseMe(solo)).status).toBe(202);
  });
});
