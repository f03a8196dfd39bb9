import { signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcome } from '../testing/invitation-fixture.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let ada: Person;
let bob: Person;
let acme: Founded;
let elsewhere: Founded;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  [ada, bob] = [await service.person('Ada'), await service.person('Bob')];
  acme = await service.found(ada, 'Acme');
  elsewhere = await service.found(bob, 'Elsewhere Inc');
  await service.join(acme, bob, acme.roles.Developer);
});
afterAll(async () => await service?.stop());

const pathOf = ({ userId }: Person) => `/api/v1/users/${userId}/export`;
const ME = '/api/v1/auth/me/export';
const exported = async (person: Person, by = ada) => (await service.member(by, acme.id)).get(pathOf(person));

describe('the export of a user', () => {
  it('holds what every service holds on the user in the organization, and nothing of another one', async () => {
    const { status, body, text, headers } = await exported(bob);
    expect(status).toBe(200);
    expect(headers.get('content-disposition')).toContain(`user-${bob.userId}.json`);
    expect(body).toMatchObject({ success: true, message: 'User exported successfully' });
    const { services, ...head } = body.data;
    expect(head).toEqual({
      user_id: bob.userId,
      organization_id: acme.id,
      exported_at: expect.stringMatching(/Z$/),
      in_full: true,
    });
    const row = { user_id: bob.userId };
    expect(services.identity).toEqual({
      sessions: [
        { ...row, organization_id: acme.id, in_full: true },
        { ...row, number: 2 },
      ],
      passkeys: [row],
    });
    const { memberships, role_assignments, workspace_members, people, invitations } = services.organization;
    expect(memberships).toMatchObject([{ organization_id: acme.id, source: 'invitation' }]);
    expect(role_assignments.map(({ role }: { role: string }) => role)).toEqual(['Developer', 'Developer']);
    expect(workspace_members).toHaveLength(1);
    expect(people).toMatchObject([{ email: bob.email, display_name: 'Bob' }]);
    expect(people[0]).not.toHaveProperty('verified_emails');
    expect(invitations).toMatchObject([{ email: bob.email, status: 'accepted', sent: false }]);
    expect(text).not.toContain('Elsewhere');
    expect(text).not.toContain(`"organization_id":${elsewhere.id}`);
  });

  it('tells who may merely read users nothing of sessions, and of what was done from where', async () => {
    const carl = await service.person('Carl');
    const admin = await service.member(ada, acme.id);
    const role = await admin.post('/api/v1/roles', { name: 'Reader', permissions: ['user.read'] });
    await service.join(acme, carl, role.body.data.role.id);
    const { body } = await exported(bob, carl);
    expect(body.data.in_full).toBe(false);
    expect(body.data.services.identity.sessions[0].in_full).toBe(false);
    expect(Object.keys(body.data.services.organization).sort()).toEqual([
      'memberships',
      'people',
      'role_assignments',
      'workspace_members',
    ]);
    const own = await exported(carl, carl);
    expect(own.body.data.in_full).toBe(true);
    expect(own.body.data.services.organization.audit_log.length).toBeGreaterThan(0);
  });

  it('shows whom the user invited to be nobody', async () => {
    const guest = 'guest.of.bob@example.com';
    const inviter = await service.person('Inviter');
    const admin = await service.member(ada, acme.id);
    const permissions = ['member.invite', 'workspace.read'];
    const role = await admin.post('/api/v1/roles', { name: 'Inviters', permissions });
    const roleId = role.body.data.role.id;
    await service.join(acme, inviter, roleId);
    await (await service.member(inviter, acme.id)).post(`/api/v1/organizations/${acme.id}/members/invite`, {
      email: guest,
      workspace_id: acme.workspaceId,
      role_id: roleId,
    });
    const { text, body } = await exported(inviter);
    expect(body.data.services.organization.invitations.map(({ sent }: { sent: boolean }) => sent)).toEqual([
      false,
      true,
    ]);
    expect(text).not.toContain(guest);
  });

  it('holds no secret, and no hash of one, whatever the tables hold', async () => {
    const { text } = await exported(bob);
    const { text: own } = await service.stranger(bob).get(ME);
    const columns = await service.sql<{ table: string; column: string }>(
      `select c.relname as table, a.attname as column from pg_attribute a join pg_class c on c.oid = a.attrelid
         join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'organization' and c.relkind in ('r', 'p') and a.attname ~ '(hash|secret|sealed|token)'`,
    );
    expect(columns.length).toBeGreaterThan(3);
    let compared = 0;
    for (const { table, column } of columns) {
      const rows = await service.sql<{ value: string }>(
        `select ${column}::text as value from organization.${table} where length(${column}::text) > 5`,
      );
      for (const { value } of rows) {
        compared++;
        expect(text + own, `${table}.${column}`).not.toContain(value);
      }
    }
    expect(compared).toBeGreaterThan(3);
    expect(text + own).not.toMatch(/"[a-z_]*(hash|secret|sealed|token)[a-z_]*":/);
  });

  it('is in the audit log, with who asked', async () => {
    const before = (await service.audited(acme.id)).filter(action => action === 'user.exported').length;
    await exported(bob);
    const after = (await service.audited(acme.id)).filter(action => action === 'user.exported').length;
    expect(after).toBe(before + 1);
  });

  it('pages through what is much', async () => {
    const dora = await service.person('Dora');
    await service.join(acme, dora);
    await service.sql(
      `insert into organization.audit_log (action, organization_id, actor_user_id, actor, subject)
       select 'workspace.created', ?, ?, 'x', n::text from generate_series(1, 1201) n`,
      [acme.id, dora.userId],
    );
    const log: { id: number }[] = (await exported(dora)).body.data.services.organization.audit_log;
    expect(new Set(log.map(({ id }) => id)).size).toBe(log.length);
    expect(log.length).toBeGreaterThan(1201);
  });
});

describe('an export is refused', () => {
  it('to other organizations, members without the permission, former administrators and nobody', async () => {
    const [eve, mallory] = [await service.person('Eve'), await service.person('Mallory')];
    const other = await service.found(eve, 'Other Inc');
    const foreign = await (await service.member(eve, other.id)).get(pathOf(bob));
    expect(outcome(foreign)).toEqual([404, 'USER_NOT_FOUND']);
    expect(outcome(await service.stranger(eve).get(pathOf(bob)))).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
    const admin = await service.member(ada, acme.id);
    const role = await admin.post('/api/v1/roles', { name: 'Nothing', permissions: ['policy.write'] });
    await service.join(acme, mallory, role.body.data.role.id);
    expect(outcome(await exported(bob, mallory))).toEqual([403, 'FORBIDDEN']);
    expect((await service.nobody.get(pathOf(bob))).status).toBe(401);
    expect((await service.nobody.get(ME)).status).toBe(401);

    const former = await service.person('Former');
    await service.join(acme, former, acme.roles.Admin);
    await admin.delete(`/api/v1/organizations/${acme.id}/members/${former.userId}`);
    expect(outcome(await exported(bob, former))).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
    expect(outcome(await exported(former))).toEqual([404, 'USER_NOT_FOUND']);
  });

  it('as a whole to a session of which nobody has shown of late whose it is', async () => {
    const stale = service.as(
      signedIn({
        userId: bob.userId,
        sessionId: bob.userId,
        authTime: Math.floor(Date.now() / 1000) - 86_400,
      }),
    );
    expect(outcome(await stale.get(ME))).toEqual([401, 'STEP_UP_REQUIRED']);
  });

  it('where a service does not answer; where one breaks off, the archive has no end', async () => {
    service.identity.exporting = 'fails';
    expect(outcome(await exported(bob))).toEqual([503, 'UPSTREAM_UNAVAILABLE']);
    service.identity.exporting = 'breaks off';
    const broken = await exported(bob).catch((cause: unknown) => cause);
    service.identity.exporting = 'answers';
    expect(broken).toBeInstanceOf(Error);
    expect((await exported(bob)).status).toBe(200);
  });
});

describe('what somebody gets of themself', () => {
  it('is of every organization, and of nobody else', async () => {
    const { status, body, text } = await service.stranger(bob).get(ME);
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ user_id: bob.userId, organization_id: null, in_full: true });
    const { memberships, people } = body.data.services.organization;
    const organizations = memberships.map((row: { organization_id: number }) => row.organization_id);
    expect(organizations).toEqual(expect.arrayContaining([acme.id, elsewhere.id]));
    expect(people[0].verified_emails).toEqual([bob.email]);
    expect(text).not.toContain(ada.email);
  });
});
