import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';
import { DEFAULT_SETTINGS } from './settings.ts';

let service: OrganizationUnderTest;
let ada: Person;
let acme: Founded;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  ada = await service.person('Ada');
  acme = await service.found(ada, 'Acme');
});
afterAll(async () => await service?.stop());

const path = () => `/api/v1/organizations/${acme.id}/settings`;

describe('settings of an organization', () => {
  it('are complete from the first day', async () => {
    const { body } = await (await service.member(ada, acme.id)).get(path());
    expect(body.data.settings).toEqual(DEFAULT_SETTINGS);
  });

  it('change by field, and the event names what changed', async () => {
    const admin = await service.member(ada, acme.id);
    const answer = await admin.patch(path(), {
      password_policy: { min_length: 12 },
      mfa: { required: true },
    });
    expect(answer.status).toBe(200);
    expect(answer.body.data.settings).toMatchObject({
      password_policy: { min_length: 12, require_special_character: false },
      mfa: { required: true, deadline: expect.stringMatching(/Z$/) },
    });
    const [row] = await service.sql<{ metadata: { fields: string[]; settings: object } }>(
      "select metadata from organization.audit_log where action = 'organization.settings_changed'",
    );
    expect(row?.metadata.fields).toEqual(['password_policy.min_length', 'mfa.required', 'mfa.deadline']);
    expect(row?.metadata.settings).toEqual(answer.body.data.settings);
  });

  it('keep both of two changes that come at once', async () => {
    const admin = await service.member(ada, acme.id);
    await Promise.all([
      admin.patch(path(), { tokens: { access_token_minutes: 15 } }),
      admin.patch(path(), { tokens: { refresh_token_days: 3 } }),
      admin.patch(path(), { devices: { trust_days: 0 } }),
    ]);
    const { settings } = (await admin.get(path())).body.data;
    expect(settings.tokens).toMatchObject({ access_token_minutes: 15, refresh_token_days: 3 });
    expect(settings.devices).toEqual({ trust_days: 0 });
    const said = await service.sql<{ metadata: { revision: number; settings: object } }>(
      "select metadata from organization.audit_log where action = 'organization.settings_changed' order by id",
    );
    expect(said.map(({ metadata }) => metadata.revision)).toEqual([1, 2, 3, 4]);
    expect(said.at(-1)?.metadata.settings).toEqual(settings);
  });

  it('refuse a role of another organization as the default one', async () => {
    const other = await service.found(ada, 'Other');
    const admin = await service.member(ada, acme.id);
    const change = (default_role_id: number) => admin.patch(path(), { workspaces: { default_role_id } });
    expect((await change(acme.roles.Developer)).status).toBe(200);
    expect((await change(other.roles.Developer)).status).toBe(422);
    expect((await change(2 ** 53 - 1)).status).toBe(422);
  });

  it.each([
    { password_policy: { min_length: 7 } },
    { sessions: { lifetime_minutes: 0 } },
    { mfa: { deadline: 'tomorrow' } },
    { features: { teleport: true } },
    { surprise: {} },
  ])('refuse %j', async change => {
    expect((await (await service.member(ada, acme.id)).patch(path(), change)).status).toBe(422);
  });

  it('take a deadline with an offset, and answer it in UTC', async () => {
    const admin = await service.member(ada, acme.id);
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    const elsewhere = new Date(Date.parse(tomorrow) + 7_200_000).toISOString().replace('Z', '+02:00');
    const answer = await admin.patch(path(), { mfa: { required: true, deadline: elsewhere } });
    expect(answer.body.data.settings.mfa.deadline).toBe(tomorrow);
    expect((await admin.get(path())).body.data.settings.mfa.deadline).toBe(tomorrow);
    await admin.patch(path(), { mfa: { required: false } });
  });

  it('are for administrators to see and to change', async () => {
    const bob = await service.person('Bob');
    await service.join(acme, bob, acme.roles.Developer);
    const member = await service.member(bob, acme.id);
    expect((await member.get(path())).status).toBe(403);
    expect((await member.patch(path(), {})).status).toBe(403);
    const eve = service.stranger(await service.person('Eve'));
    expect((await eve.get(path())).status).toBe(404);
    expect((await eve.patch(path(), {})).status).toBe(404);
  });
});
