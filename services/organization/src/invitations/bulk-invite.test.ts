import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InvitationFixture, invitationFixture, outcome } from '../testing/invitation-fixture.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';

let service: OrganizationUnderTest;
let fixture: InvitationFixture;
beforeAll(async () => {
  service = await startOrganizationUnderTest({
    RATE_LIMIT_INVITATION_SENDER: 'off',
    RATE_LIMIT_INVITATION_ORGANIZATION: '40/3600',
  });
  fixture = await invitationFixture(service);
});
afterAll(async () => await service?.stop());

const path = (acme: Founded) => `/api/v1/organizations/${acme.id}/members/bulk-invite`;
const admin = (acme: Founded) => service.member(acme.administrator, acme.id);
const all = (acme: Founded) => ({ workspace_id: acme.workspaceId, role_id: acme.roles.Viewer });
const addresses = (count: number, name: string) =>
  Array.from({ length: count }, (_, index) => ({ email: `${name}${index}@example.com` }));

const bulkInvite = async (acme: Founded, body: object) => {
  const answer = await (await admin(acme)).post(path(acme), body);
  expect(answer.status, answer.text).toBe(202);
  return answer.headers.get('location')!;
};
const get = async (acme: Founded, address: string) => (await (await admin(acme)).get(address)).body.data;
const ended = (acme: Founded, address: string) =>
  eventually(async () => {
    const job = await get(acme, address);
    return job.finished_at !== null && job;
  }, 'the job to end');

describe('inviting many', () => {
  it('sends a mail to each, with what it has of its own and the rest from beside the list', async () => {
    const acme = await fixture.found();
    const address = await bulkInvite(acme, {
      ...all(acme),
      message: 'Welcome!',
      invitations: [
        ...addresses(12, 'many'),
        { email: 'Own@Example.com', role_id: acme.roles.Developer, message: 'Hello Own' },
      ],
    });
    const job = await ended(acme, address);
    expect(job).toMatchObject({
      kind: 'bulk_invite',
      status: 'completed',
      progress: { total: 13, done: 13, failed: 0, skipped: 0 },
    });
    const followed = await (await admin(acme)).get(`${address}/events`);
    expect(followed.text).toContain('"status":"completed"');
    const { items } = await get(acme, `${address}/items`);
    expect(items[12]).toMatchObject({
      position: 12,
      item: { email: 'own@example.com', role_id: acme.roles.Developer },
      outcome: 'done',
      result: { invitation: { email: 'own@example.com', expires_at: expect.stringMatching(/Z$/) } },
    });
    // The token is in the mail alone.
    expect(JSON.stringify(items)).not.toMatch(/token/);
    expect((await service.mail.nth('own@example.com', 1)).text).toContain('Hello Own');
    expect((await service.mail.nth('many3@example.com', 1)).text).toContain('Welcome!');
    expect(service.mail.to('own@example.com')).toHaveLength(1);
    const audited = await service.audited(acme.id);
    expect(audited.filter(action => action === 'invitation.sent')).toHaveLength(13);
    expect(audited).toEqual(expect.arrayContaining(['job.started', 'job.finished']));
  });

  it('answers for each address what inviting it alone would answer', async () => {
    const acme = await fixture.found();
    const other = await fixture.found();
    await fixture.invited(acme, 'pending@example.com');
    const member = await service.person('Member');
    await service.join(acme, member);
    const invitations = [
      { email: 'pending@example.com' },
      { email: member.email },
      { email: 'twice@example.com' },
      { email: 'TWICE@example.com' },
      { email: 'foreign.workspace@example.com', workspace_id: other.workspaceId },
      { email: 'no.role@example.com', role_id: 999_999 },
    ];
    const address = await bulkInvite(acme, { ...all(acme), invitations });
    await ended(acme, address);
    const { items } = await get(acme, `${address}/items`);
    const alone = [];
    for (const { email, ...more } of invitations)
      alone.push((await fixture.invite(acme, email.toLowerCase(), more)).body.error?.code);
    const codes = items.map(({ error }: { error: { code: string } | null }) => error?.code);
    expect(codes).toEqual([
      'INVITATION_ALREADY_EXISTS',
      'ALREADY_MEMBER',
      undefined,
      'INVITATION_ALREADY_EXISTS',
      'WORKSPACE_NOT_FOUND',
      'ROLE_NOT_FOUND',
    ]);
    expect(codes.filter(Boolean)).toEqual(alone.filter((_, index) => index !== 2));
  });

  it('gives no more than the inviter holds, and no more seats than the plan has', async () => {
    const acme = await fixture.found();
    const { person, roleId } = await fixture.inviterIn(acme);
    const inviter = await service.member(person, acme.id);
    const answer = await inviter.post(path(acme), {
      workspace_id: acme.workspaceId,
      invitations: [
        { email: 'lower@example.com', role_id: roleId },
        { email: 'higher@example.com', role_id: acme.roles.Admin },
      ],
    });
    const address = answer.headers.get('location')!;
    await ended(acme, address);
    const codes = (items: { error: { code: string } | null }[]) => items.map(({ error }) => error?.code);
    expect(codes((await get(acme, `${address}/items`)).items)).toEqual([undefined, 'FORBIDDEN']);
    await service.sql("update organization.organizations set plan = 'individual' where id = ?", [acme.id]);
    const full = await bulkInvite(acme, { ...all(acme), invitations: addresses(2, 'seatless') });
    await ended(acme, full);
    expect(codes((await get(acme, `${full}/items`)).items)).toEqual(Array(2).fill('PLAN_LIMIT_EXCEEDED'));
  });

  it('lets an address that is over a limit of mails wait until there is room', async () => {
    const acme = await fixture.found();
    const address = await bulkInvite(acme, { ...all(acme), invitations: addresses(43, 'limit') });
    await eventually(async () => (await get(acme, address)).progress.done === 40);
    const { items } = await eventually(async () => {
      const waiting = await get(acme, `${address}/items?outcome=pending`);
      return waiting.items.every(({ error }: { error: object | null }) => error) && waiting;
    });
    expect(items).toHaveLength(3);
    expect(items[0]).toMatchObject({ attempts: 0, error: { code: 'RATE_LIMITED' } });
    expect(Date.parse(items[0].next_try_at)).toBeGreaterThan(Date.now() + 3_000_000);
    const act = async (action: string) => (await (await admin(acme)).post(`${address}/${action}`)).body.data;
    expect((await act('pause')).status).toBe('paused');
    expect((await act('resume')).status).toBe('running');
    // An hour later there is room again.
    await service.sql(
      "update organization.invitation_mails set sent_at = sent_at - interval '1 hour' where organization_id = ?",
      [acme.id],
    );
    await service.sql('update organization.job_items set due_at = now() where organization_id = ?', [
      acme.id,
    ]);
    await service.sql('update organization.jobs set due_at = now() where organization_id = ?', [acme.id]);
    expect(await ended(acme, address)).toMatchObject({ status: 'completed', progress: { done: 43 } });
  });

  it('stops when the administrator who started it is removed', async () => {
    const acme = await fixture.found();
    const mallory = await service.person('Mallory');
    await service.join(acme, mallory, acme.roles.Admin);
    const started = await (await service.member(mallory, acme.id)).post(path(acme), {
      ...all(acme),
      invitations: addresses(500, 'mallory'),
    });
    const address = started.headers.get('location')!;
    await eventually(async () => (await get(acme, address)).progress.done > 0);
    const removed = await (await admin(acme)).delete(
      `/api/v1/organizations/${acme.id}/members/${mallory.userId}`,
    );
    expect(removed.status).toBe(200);
    const sentBefore = await service.sql(
      'select id from organization.invitations where organization_id = ? and invited_by = ?',
      [acme.id, mallory.userId],
    );
    const job = await ended(acme, address);
    expect(job).toMatchObject({ status: 'failed', error: { code: 'JOB_RIGHT_LOST' } });
    expect(job.progress.skipped).toBeGreaterThan(0);
    const sentAfter = await service.sql(
      'select id from organization.invitations where organization_id = ? and invited_by = ?',
      [acme.id, mallory.userId],
    );
    expect(sentAfter).toHaveLength(sentBefore.length);
  });

  it('keeps what was sent when it is cancelled', async () => {
    const acme = await fixture.found();
    const address = await bulkInvite(acme, { ...all(acme), invitations: addresses(41, 'cancelled') });
    await eventually(async () => (await get(acme, address)).progress.done === 40);
    await eventually(async () => {
      const { body } = await (await admin(acme)).post(`${address}/cancel`);
      return body.data.status === 'cancelled';
    });
    expect((await get(acme, address)).progress).toEqual({ total: 41, done: 40, failed: 0, skipped: 1 });
  });

  it('refuses a wrong form at once: 422', async () => {
    const acme = await fixture.found();
    const caller = await admin(acme);
    for (const body of [
      { ...all(acme), invitations: [] },
      { ...all(acme), invitations: addresses(501, 'toomany') },
      { ...all(acme), invitations: [{ email: 'no address' }] },
      { ...all(acme), invitations: [{ email: 'a@example.com', admin: true }] },
      { role_id: acme.roles.Viewer, invitations: [{ email: 'a@example.com' }] },
      { workspace_id: acme.workspaceId, invitations: [{ email: 'a@example.com' }] },
    ]) {
      const answer = await caller.post(path(acme), body);
      expect(outcome(answer), answer.text).toEqual([422, 'VALIDATION_ERROR']);
    }
    const incomplete = await caller.post(path(acme), { invitations: [{ email: 'a@example.com' }] });
    expect(incomplete.body.error.details.map(({ field }: { field: string }) => field)).toEqual([
      'body.invitations.0.workspace_id',
      'body.invitations.0.role_id',
    ]);
  });

  it('takes the permission, and shows its jobs to nobody without it', async () => {
    const acme = await fixture.found();
    const viewer = await service.person('Viewer');
    await service.join(acme, viewer);
    const address = await bulkInvite(acme, { ...all(acme), invitations: addresses(1, 'private') });
    const caller = await service.member(viewer, acme.id);
    const body = { ...all(acme), invitations: addresses(1, 'viewer') };
    expect(outcome(await caller.post(path(acme), body))).toEqual([403, 'FORBIDDEN']);
    expect(outcome(await caller.get(address))).toEqual([403, 'FORBIDDEN']);
    const stranger = service.stranger(await service.person('Stranger'));
    expect(outcome(await stranger.get(address))).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
    const other = await fixture.found();
    const id = address.split('/').at(-1);
    expect(outcome(await (await admin(other)).get(`${path(other)}/${id}`))).toEqual([404, 'JOB_NOT_FOUND']);
  });

  it('started twice with one key is one job', async () => {
    const acme = await fixture.found();
    const caller = await admin(acme);
    const body = { ...all(acme), invitations: addresses(3, 'replayed') };
    const headers = { 'idempotency-key': 'a key of the test' };
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => caller.post(path(acme), body, { headers })),
    );
    expect(new Set(answers.map(answer => answer.body.data.id)).size).toBe(1);
  });
});
