import { organizationGeneration } from '@rivergate/caller';
import { identityOrganizationErased } from '@rivergate/events';
import { eventually, fellowService, publishEvent, signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  INVITATIONS,
  type InvitationFixture,
  invitationFixture,
  outcome,
} from '../testing/invitation-fixture.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';
import { eraseOrganizations } from './erase-organizations.ts';

let service: OrganizationUnderTest;
let fixture: InvitationFixture;
let ada: Person;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  fixture = await invitationFixture(service);
  ada = fixture.administrator;
});
afterAll(async () => await service?.stop());

const PATH = '/api/v1/organizations';
const GONE = [404, 'ORGANIZATION_NOT_FOUND'];
const nameOf = async ({ id }: Founded) =>
  (await service.sql<{ name: string }>('select name from organization.organizations where id = ?', [id]))[0]!
    .name;
const deletionPath = async (organization: Founded) =>
  `${PATH}/${organization.id}?confirm_name=${encodeURIComponent(await nameOf(organization))}`;
const remove = async (organization: Founded, person = ada) =>
  (await service.member(person, organization.id)).delete(await deletionPath(organization));
const restore = (organization: Founded, person = ada) =>
  service.stranger(person).post(`${PATH}/${organization.id}/restore`);
const standing = async (organization: Founded, person: Person) =>
  (
    await service
      .as(fellowService('gateway'))
      .get(`/internal/organizations/${organization.id}/principals/${person.userId}`)
  ).body.data;
const listed = async (person: Person, path = PATH): Promise<number[]> =>
  (await service.stranger(person).get(path)).body.data.organizations.map(({ id }: { id: number }) => id);
const countOf = async (organization: Founded, action: string) =>
  (await service.audited(organization.id)).filter(found => found === action).length;
const graceIsOver = (organization: Founded) =>
  service.sql("update organization.organizations set erase_at = now() - interval '1 second' where id = ?", [
    organization.id,
  ]);

describe('a deleted organization', () => {
  it('is no organization of its members from the next request on, not even to who holds an old decision', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    await service.join(acme, bob);
    const invitation = await fixture.invited(acme, 'waiting@example.com');
    const before = await service.member(ada, acme.id);
    const generation = await organizationGeneration(service.resources.redis, acme.id);
    const { status, body } = await remove(acme);
    expect([status, body.data.organization.id]).toEqual([200, acme.id]);
    const days = (Date.parse(body.data.organization.erase_at) - Date.now()) / 86_400_000;
    expect(Math.round(days)).toBe(30);

    expect(await organizationGeneration(service.resources.redis, acme.id)).not.toBe(generation);
    for (const person of [ada, bob])
      expect(await standing(acme, person)).toMatchObject({ member: false, is_admin: false, permissions: [] });
    for (const path of ['', '/members', '/settings', '/usage', '/workspaces', '/roles', '/audit-logs'])
      expect([path, ...outcome(await before.get(`${PATH}/${acme.id}${path}`))]).toEqual([path, ...GONE]);
    const body2 = { email: 'new@example.com', workspace_id: acme.workspaceId, role_id: acme.roles.Viewer };
    expect(outcome(await before.post(`${PATH}/${acme.id}/members/invite`, body2))).toEqual(GONE);
    expect(outcome(await before.post(`${PATH}/${acme.id}/leave`))).toEqual(GONE);
    expect(outcome(await service.systemAdministrator(bob).get(`${PATH}/${acme.id}`))).toEqual(GONE);
    const preview = await service.nobody.get(`${INVITATIONS}/${invitation.token}`);
    expect(outcome(preview)).toEqual([410, 'INVITATION_REVOKED']);
    expect(await listed(ada)).not.toContain(acme.id);
    const start = await service
      .as(fellowService('identity'))
      .get(`/internal/users/${bob.userId}/starting-point`);
    expect(start.body.data.organization_id).not.toBe(acme.id);
    expect(await countOf(acme, 'organization.deletion_scheduled')).toBe(1);
  });

  it('is told of by mail to every administrator, with who did it and until when it can be restored', async () => {
    const acme = await fixture.found();
    const [bob, carl] = [await service.person('Bob'), await service.person('Carl')];
    await service.join(acme, bob, acme.roles.Admin);
    await service.join(acme, carl);
    const name = await nameOf(acme);
    await remove(acme);
    const mail = JSON.stringify(await service.mail.nth(bob.email, 2));
    for (const word of [name, ada.email, 'restore it']) expect(mail).toContain(word);
    expect(service.mail.to(carl.email)).toHaveLength(1);
  });

  it('keeps its name to itself', async () => {
    const acme = await fixture.found();
    const name = await nameOf(acme);
    await remove(acme);
    const answer = await service.stranger(await service.person('Eve')).post(PATH, { name });
    expect(outcome(answer)).toEqual([409, 'ORGANIZATION_ALREADY_EXISTS']);
  });

  it('carries out no job any more', async () => {
    const acme = await fixture.found();
    const started = await (await service.member(ada, acme.id)).post(
      `${PATH}/${acme.id}/members/bulk-invite`,
      {
        workspace_id: acme.workspaceId,
        role_id: acme.roles.Viewer,
        invitations: Array.from({ length: 500 }, (_, index) => ({ email: `job${index}@example.com` })),
      },
    );
    expect(started.status).toBe(202);
    expect((await remove(acme)).status).toBe(200);
    const [job] = await eventually(async () => {
      const rows = await service.sql<{ status: string; error: string }>(
        'select status from organization.jobs where organization_id = ? and finished_at is not null',
        [acme.id],
      );
      return rows.length > 0 && rows;
    });
    expect(job!.status).toBe('failed');
    const pending = "select 1 from organization.invitations where organization_id = ? and status = 'pending'";
    expect(await service.sql(pending, [acme.id])).toEqual([]);
  });
});

describe('who may delete an organization', () => {
  it('is an administrator who was authenticated of late and types its name', async () => {
    const acme = await fixture.found();
    const viewer = await service.person('Viewer');
    await service.join(acme, viewer);
    expect((await remove(acme, viewer)).status).toBe(403);
    expect((await service.stranger(viewer).delete(await deletionPath(await fixture.found()))).status).toBe(
      404,
    );
    expect((await service.nobody.delete(await deletionPath(acme))).status).toBe(401);
    const admin = await service.member(ada, acme.id);
    for (const query of ['', '?confirm_name=', `?confirm_name=${(await nameOf(acme)).toLowerCase()}`])
      expect(outcome(await admin.delete(`${PATH}/${acme.id}${query}`))).toEqual([422, 'VALIDATION_ERROR']);
    const stale = service.as(
      signedIn({
        userId: ada.userId,
        sessionId: ada.userId,
        organizationId: acme.id,
        isMember: true,
        isAdmin: true,
        authTime: Math.floor(Date.now() / 1000) - 86_400,
      }),
    );
    expect(outcome(await stale.delete(await deletionPath(acme)))).toEqual([401, 'STEP_UP_REQUIRED']);
    expect(await standing(acme, ada)).toMatchObject({ member: true });
  });

  it('is nobody who was an administrator until a moment ago', async () => {
    const acme = await fixture.found();
    const mallory = await service.person('Mallory');
    await service.join(acme, mallory, acme.roles.Admin);
    const heldBack = await service.member(mallory, acme.id);
    await (await service.member(ada, acme.id)).patch(`${PATH}/${acme.id}/members/${mallory.userId}`, {
      is_admin: false,
    });
    expect(outcome(await heldBack.delete(await deletionPath(acme)))).toEqual([403, 'FORBIDDEN']);
  });

  it('is nobody where the organization is personal', async () => {
    const eve = await service.person('Eve');
    const [row] = await service.sql('select id from organization.organizations where personal_user_id = ?', [
      eve.userId,
    ]);
    const answer = await remove({ id: row!.id } as Founded, eve);
    expect(outcome(answer)).toEqual([409, 'PERSONAL_ORGANIZATION']);
  });
});

describe('restoring', () => {
  it('brings members and roles back, but no invitation, and is listed for administrators alone', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    await service.join(acme, bob, acme.roles.Developer);
    const rights = await standing(acme, bob);
    const invitation = await fixture.invited(acme, 'dead@example.com');
    await remove(acme);
    expect(await listed(ada, `${PATH}/deleted`)).toContain(acme.id);
    expect(await listed(bob, `${PATH}/deleted`)).toEqual([]);
    expect(outcome(await restore(acme, bob))).toEqual(GONE);
    expect((await restore(acme)).body.data.organization.id).toBe(acme.id);
    expect(await standing(acme, bob)).toEqual(rights);
    expect(await listed(ada)).toContain(acme.id);
    expect(await listed(ada, `${PATH}/deleted`)).not.toContain(acme.id);
    expect((await service.nobody.get(`${INVITATIONS}/${invitation.token}`)).status).toBe(410);
    expect(await countOf(acme, 'organization.restored')).toBe(1);
  });

  it('is not for strangers, former administrators or the anonymous, and not after the grace period', async () => {
    const acme = await fixture.found();
    const mallory = await service.person('Mallory');
    await service.join(acme, mallory, acme.roles.Admin);
    await (await service.member(ada, acme.id)).delete(`${PATH}/${acme.id}/members/${mallory.userId}`);
    await remove(acme);
    for (const person of [mallory, await service.person('Eve')])
      expect(outcome(await restore(acme, person))).toEqual(GONE);
    expect((await service.nobody.post(`${PATH}/${acme.id}/restore`)).status).toBe(401);
    await graceIsOver(acme);
    expect(outcome(await restore(acme))).toEqual(GONE);
    expect(await listed(ada, `${PATH}/deleted`)).not.toContain(acme.id);
  });

  it('of one that is not deleted finds nothing', async () => {
    expect(outcome(await restore(await fixture.found()))).toEqual(GONE);
  });
});

describe('at the same moment', () => {
  it('ten deletions are one, and ten restorations', async () => {
    const acme = await fixture.found();
    const [path, admin] = [await deletionPath(acme), await service.member(ada, acme.id)];
    const deletions = await Promise.all(Array.from({ length: 10 }, () => admin.delete(path)));
    expect(deletions.filter(({ status }) => status === 200)).toHaveLength(1);
    const restorations = await Promise.all(Array.from({ length: 10 }, () => restore(acme)));
    expect(restorations.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await countOf(acme, 'organization.deletion_scheduled')).toBe(1);
    expect(await countOf(acme, 'organization.restored')).toBe(1);
  });

  it('who joins while it is deleted has joined before, or not at all', async () => {
    for (let round = 0; round < 4; round++) {
      const acme = await fixture.found();
      const bob = await service.person('Bob');
      const { token } = await fixture.invited(acme, bob.email);
      const path = await deletionPath(acme);
      const admin = await service.member(ada, acme.id);
      const [accepted, deleted] = await Promise.all([
        service.stranger(bob).post(`${INVITATIONS}/${token}/accept`),
        admin.delete(path),
      ]);
      expect(deleted.status).toBe(200);
      expect([200, 410]).toContain(accepted.status);
      expect(await standing(acme, bob)).toMatchObject({ member: false });
    }
  });
});

describe('when the grace period is over', () => {
  it('the organization is erased, and what stays is its audit log and the proof', async () => {
    const acme = await fixture.found();
    const bob = await service.person('Bob');
    await service.join(acme, bob);
    await fixture.invite(acme, 'erased@example.com');
    const name = await nameOf(acme);
    await remove(acme);
    await eraseOrganizations.run(service.resources);
    expect(await nameOf(acme)).toBe(name);
    await graceIsOver(acme);
    await eraseOrganizations.run(service.resources);

    const tables = await service.sql<{ table: string }>(
      `select c.relname as table from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
       where n.nspname = 'organization' and c.relkind in ('r', 'p') and not c.relispartition`,
    );
    const holding = [];
    for (const { table } of tables) {
      const rows = await service.sql(
        `select 1 from organization.${table} where organization_id = ? limit 1`,
        [acme.id],
      );
      if (rows.length > 0) holding.push(table);
    }
    expect(holding.sort()).toEqual(['audit_heads', 'audit_log', 'deletions']);
    expect(await service.audited(acme.id)).toContain('organization.deleted');
    expect((await service.stranger(bob).post(PATH, { name })).status).toBe(201);

    const data = { organization_id: acme.id };
    for (let time = 0; time < 2; time++)
      await publishEvent(service, 'identity', identityOrganizationErased, { subject: acme.id, data });
    const proof = 'select service from organization.deletion_confirmations where organization_id = ?';
    await eventually(async () => (await service.sql(proof, [acme.id])).length > 0);
    expect(await service.sql(proof, [acme.id])).toEqual([{ service: 'identity' }]);
  });

  it('a large one goes in many transactions, and after one that was broken off the next run goes on', async () => {
    const acme = await fixture.found();
    const MANY = 12_000;
    await service.sql(
      `insert into organization.memberships (organization_id, user_id, source)
       select ?, 5000000 + n, 'scim' from generate_series(1, ?) n`,
      [acme.id, MANY],
    );
    await service.sql(
      `insert into organization.role_assignments (organization_id, user_id, role_id)
       select ?, 5000000 + n, ? from generate_series(1, ?) n`,
      [acme.id, acme.roles.Viewer, MANY],
    );
    await remove(acme);
    await graceIsOver(acme);
    const counted = async (table: string) => {
      const query = `select count(*)::int as rows from organization.${table} where organization_id = ?`;
      return (await service.sql(query, [acme.id]))[0]!.rows!;
    };
    // The connection of whoever erases breaks when a part is gone.
    await service.sql(`
      create function organization.break_off() returns trigger language plpgsql as $$
      begin
        if (select count(*) from organization.memberships where organization_id = ${acme.id}) < ${MANY} - 2000 then
          perform pg_terminate_backend(pg_backend_pid());
        end if;
        return null;
      end $$`);
    await service.sql(`create trigger break_off after delete on organization.memberships
      for each statement execute function organization.break_off()`);
    await expect(eraseOrganizations.run(service.resources)).rejects.toThrow();
    expect(await counted('role_assignments')).toBeLessThan(MANY / 2);
    expect(await counted('memberships')).toBe(MANY + 1);
    expect(await countOf(acme, 'organization.deleted')).toBe(0);
    expect(outcome(await restore(acme))).toEqual(GONE);

    await service.sql('drop trigger break_off on organization.memberships');
    await eraseOrganizations.run(service.resources);
    expect(await counted('memberships')).toBe(0);
    expect(await countOf(acme, 'organization.deleted')).toBe(1);
  });
});
