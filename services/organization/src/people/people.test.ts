import { emailChanged, userProfileChanged, userRemoved, userStatusChanged } from '@rivergate/events';
import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  publishEvent,
  startOrganizationUnderTest,
  verify,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let ada: Person;
let acme: Founded;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  ada = await service.person('Ada');
  acme = await service.found(ada, 'Acme');
});
afterAll(async () => await service?.stop());

const member = async () =>
  (await (await service.member(ada, acme.id)).get(`/api/v1/organizations/${acme.id}/members/${ada.userId}`))
    .body.data.member;
const people = (userId: number) =>
  service.sql<{ email: string; verified_emails: string[]; status: string }>(
    'select email, verified_emails, status from organization.people where user_id = ?',
    [userId],
  );

describe('what is known of people', () => {
  it('follows their profiles', async () => {
    const picture = 'https://example.com/ada.png';
    const data = {
      user_id: ada.userId,
      fields: ['display_name', 'profile_image_url'],
      display_name: 'Ada L.',
    };
    await publishEvent(service, userProfileChanged, { ...data, profile_image_url: picture });
    await eventually(async () => (await member()).display_name === 'Ada L.');
    expect((await member()).profile_image_url).toBe(picture);
    await publishEvent(service, userProfileChanged, { ...data, display_name: 'Ada' });
    await eventually(async () => (await member()).display_name === 'Ada');
    expect((await member()).profile_image_url).toBe(picture);
    await publishEvent(service, userProfileChanged, { ...data, profile_image_url: null });
    await eventually(async () => (await member()).profile_image_url === null);
  });

  it('gains each address that is verified, and keeps the first as the one that is shown', async () => {
    const second = 'ada@second.example';
    await verify(service, { ...ada, email: second });
    await eventually(async () => (await people(ada.userId))[0]?.verified_emails.includes(second));
    expect((await people(ada.userId))[0]).toMatchObject({ email: ada.email });
    const invitation = (
      await (
        await service.member(ada, acme.id)
      ).post(`/api/v1/organizations/${acme.id}/members/invite`, {
        email: second,
        workspace_id: acme.workspaceId,
        role_id: acme.roles.Viewer,
      })
    ).body;
    expect(invitation.error.code).toBe('ALREADY_MEMBER');
  });

  it('shows the address that became the primary one, and keeps the others', async () => {
    const third = 'ada@third.example';
    const before = (await people(ada.userId))[0]!;
    const data = { user_id: ada.userId, old_email: before.email, new_email: third };
    await publishEvent(service, emailChanged, data);
    await eventually(async () => (await member()).email === third);
    const { verified_emails } = (await people(ada.userId))[0]!;
    expect(verified_emails.toSorted()).toEqual([...before.verified_emails, third].toSorted());
  });

  it('follows the status of accounts, and forgets who was never verified', async () => {
    await publishEvent(service, userStatusChanged, { user_id: ada.userId, status: 'suspended' });
    await eventually(async () => (await people(ada.userId))[0]?.status === 'suspended');
    await service.sql(
      "insert into organization.people (user_id, email, display_name) values (4242, 'no@body.example', 'No')",
    );
    await publishEvent(service, userRemoved, { user_id: ada.userId, reason: 'withdrawn' });
    await publishEvent(service, userRemoved, { user_id: 4242, reason: 'withdrawn' });
    await eventually(async () => (await people(4242)).length === 0);
    expect(await people(ada.userId)).toHaveLength(1);
  });
});
