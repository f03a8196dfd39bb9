import { type CloudEvent, eventLogFromEnv } from '@rivergate/events';
import { createLog } from '@rivergate/service';
import { eventually } from '@rivergate/testing';
import { testKafka } from '@rivergate/testing/on-demand';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import {
  data,
  foundOrganization,
  join,
  logIn,
  mailTo,
  PASSWORD,
  type Person,
  personOf,
  signUp,
  uniqueEmail,
} from './person.ts';

const { value: brokers } = await testKafka();
const logs = [
  { log: 'the embedded log', env: {} },
  ...(brokers ? [{ log: 'Kafka', env: { KAFKA_BROKERS: brokers } }] : []),
];

describe.each(logs)('the main job, with events on $log', ({ env }) => {
  let fleet: AcceptanceFleet;
  let owner: Person;
  let guest: Person;
  let stranger: Person;
  let organization: Awaited<ReturnType<typeof foundOrganization>>;

  beforeAll(async () => {
    fleet = await startFleet({ env });
    [owner, guest, stranger] = await Promise.all([
      signUp(fleet, 'owner'),
      signUp(fleet, 'guest'),
      signUp(fleet, 'stranger'),
    ]);
    organization = await foundOrganization(owner);
  });
  afterAll(() => fleet?.stop());

  it('gives who signs up a personal organization and workspace', async () => {
    const me = data(await owner.get('/api/v1/auth/me'));
    expect(me.user).toMatchObject({ id: owner.id, primary_email: owner.email, display_name: 'owner' });
    const personal = me.organizations.find((known: { plan: string }) => known.plan === 'individual');
    expect(personal).toMatchObject({ is_admin: true, source: 'signup' });
    expect(me.workspaces).toContainEqual(
      expect.objectContaining({ name: 'Default Workspace', slug: 'default-workspace' }),
    );
  });

  it('lets an administrator create workspaces', async () => {
    const { workspace } = data(
      await owner.post(`${organization.path}/workspaces`, { name: 'Développement & Tests' }),
      201,
    );
    expect(workspace).toMatchObject({ slug: 'developpement-tests', organization_id: organization.id });
    const { workspaces } = data(await owner.get(`${organization.path}/workspaces`));
    expect(workspaces.map((known: { slug: string }) => known.slug)).toEqual([
      'main-workspace',
      'developpement-tests',
    ]);
  });

  it('hides everything from a stranger', async () => {
    const { invitation } = data(
      await owner.post(`${organization.path}/members/invite`, {
        email: uniqueEmail(),
        workspace_id: organization.workspaceId,
        role_id: organization.roleId('Viewer'),
      }),
      201,
    );
    for (const path of [
      '',
      '/settings',
      '/members',
      `/members/${owner.id}`,
      '/roles',
      '/workspaces',
      `/workspaces/${organization.workspaceId}`,
    ]) {
      const { status, body } = await stranger.get(organization.path + path);
      expect([status, body.error.code], path).toEqual([404, 'ORGANIZATION_NOT_FOUND']);
    }
    expect((await stranger.patch(organization.path, { name: 'Mine now' })).status).toBe(404);
    expect((await stranger.delete(`${organization.path}/members/${owner.id}`)).status).toBe(404);
    expect((await stranger.delete(`/api/v1/invitations/${invitation.id}`)).status).toBe(404);
    expect((await stranger.post(`${organization.path}/switch`)).status).toBe(404);
  });

  it('invites a second person, who may do what the role allows, and nothing after being removed', async () => {
    const body = {
      email: guest.email,
      workspace_id: organization.workspaceId,
      role_id: organization.roleId('Viewer'),
      message: 'Come & <b>join</b>',
    };
    const { invitation } = data(await owner.post(`${organization.path}/members/invite`, body), 201);
    const mail = await mailTo(fleet, guest.email, invitation.token);
    expect(mail.html).toContain('&lt;b&gt;join');
    const preview = data(await fleet.caller().get(`/api/v1/invitations/${invitation.token}`));
    expect(preview.invitation).toMatchObject({
      email: guest.email,
      status: 'pending',
      role: { name: 'Viewer' },
    });

    expect((await stranger.post(`/api/v1/invitations/${invitation.token}/accept`)).body.error.code).toBe(
      'INVITATION_EMAIL_MISMATCH',
    );
    data(await guest.post(`/api/v1/invitations/${invitation.token}/accept`));
    expect((await guest.post(`/api/v1/invitations/${invitation.token}/accept`)).status).toBe(409);

    expect((await guest.get(organization.path)).status).toBe(200);
    const { status, body: refusal } = await guest.post(`${organization.path}/workspaces`, {
      name: 'Not mine',
    });
    expect([status, refusal.error.details]).toEqual([
      403,
      [{ field: 'permission', code: 'missing_permission', reason: 'workspace.create' }],
    ]);
    expect((await guest.patch(organization.path, { name: 'Not mine' })).status).toBe(403);

    const developer = { role_id: organization.roleId('Admin') };
    data(await owner.patch(`${organization.path}/members/${guest.id}`, developer));
    expect(
      (await guest.post(`${organization.path}/workspaces`, { name: 'Now I may' })).status,
      'a new role acts at once',
    ).toBe(201);

    expect((await owner.delete(`${organization.path}/members/${guest.id}`)).status).toBeLessThan(300);
    expect(
      (await guest.get(organization.path)).status,
      'the organization is closed at once',
    ).toBeGreaterThanOrEqual(401);
    await eventually(
      async () => (await guest.get('/api/v1/auth/me')).status === 401,
      'the removed member to be signed out',
      1_000,
    );
    expect(
      (await fleet.caller().post('/api/v1/auth/refresh', { refresh_token: guest.tokens.refresh_token }))
        .status,
    ).toBe(401);
  });

  it('invites many at once by a job, of which others see nothing', async () => {
    const member = await signUp(fleet, 'many');
    const invitations = [{ email: uniqueEmail('first') }, { email: member.email }, { email: owner.email }];
    const body = {
      workspace_id: organization.workspaceId,
      role_id: organization.roleId('Viewer'),
      invitations,
    };
    const answer = await owner.post(`${organization.path}/members/bulk-invite`, body);
    const { id } = data(answer, 202);
    const address = answer.headers.get('location')!;
    expect(address).toBe(`${organization.path}/members/bulk-invite/${id}`);
    const job = await eventually(async () => {
      const found = data(await owner.get(address));
      return found.finished_at !== null && found;
    }, 'the job to end');
    expect(job).toMatchObject({
      status: 'completed',
      progress: { total: 3, done: 2, failed: 1, skipped: 0 },
    });
    const followed = await owner.get(`${address}/events`);
    expect(followed.headers.get('content-type')).toContain('text/event-stream');
    expect(followed.text).toContain('"status":"completed"');
    const { items } = data(await owner.get(`${address}/items?outcome=failed`));
    expect(items).toMatchObject([{ item: { email: owner.email }, error: { code: 'ALREADY_MEMBER' } }]);
    const [, token] = /invitations\/([\w-]+)/.exec((await mailTo(fleet, member.email, 'invitations/')).text)!;
    data(await member.post(`/api/v1/invitations/${token}/accept`));
    expect((await stranger.get(address)).body.error.code).toBe('ORGANIZATION_NOT_FOUND');
    expect((await member.get(address)).body.error.code).toBe('FORBIDDEN');
    const own = await foundOrganization(stranger);
    expect((await stranger.get(`${own.path}/members/bulk-invite/${id}`)).body.error.code).toBe(
      'JOB_NOT_FOUND',
    );
    expect((await stranger.post(`${own.path}/members/bulk-invite/${id}/cancel`)).status).toBe(404);
  });

  it('cuts a token off whose active organization was taken from it', async () => {
    const member = await signUp(fleet, 'member');
    await join(owner, member, organization, 'Developer');
    const switched = member.with(data(await member.post(`${organization.path}/switch`)));
    expect((await switched.get('/api/v1/auth/me')).status).toBe(200);
    expect((await owner.delete(`${organization.path}/members/${member.id}`)).status).toBeLessThan(300);
    expect((await switched.get('/api/v1/auth/me')).status).toBe(401);
  });

  it('ends a session whose old refresh token is used again', async () => {
    const session = await logIn(fleet, stranger);
    const anyone = fleet.caller();
    const { refresh_token } = session.tokens;
    const renewed = session.with(data(await anyone.post('/api/v1/auth/refresh', { refresh_token })));
    expect((await renewed.get('/api/v1/auth/me')).status).toBe(200);
    expect((await anyone.post('/api/v1/auth/refresh', { refresh_token })).body.error.code).toBe(
      'INVALID_TOKEN',
    );
    expect((await renewed.get('/api/v1/auth/me')).status).toBe(401);
    expect(
      (await anyone.post('/api/v1/auth/refresh', { refresh_token: renewed.tokens.refresh_token })).status,
    ).toBe(401);
    expect((await stranger.get('/api/v1/auth/me')).status, 'other sessions go on').toBe(200);
  });

  it('answers the sixth wrong login from one network within 15 minutes with 429, and the owner elsewhere as always', async () => {
    const email = (await signUp(fleet, 'forgetful')).email;
    const guesser = fleet.caller();
    for (let attempt = 1; attempt <= 5; attempt++) {
      const { status, body } = await guesser.post('/api/v1/auth/login', {
        email,
        password: 'Wrong1password',
      });
      expect([status, body.error.code]).toEqual([401, 'INVALID_CREDENTIALS']);
    }
    const sixth = await guesser.post('/api/v1/auth/login', { email, password: PASSWORD });
    expect([sixth.status, sixth.body.error.code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(sixth.headers.get('retry-after'))).toBeGreaterThan(800);
    data(await fleet.caller().post('/api/v1/auth/login', { email, password: PASSWORD }));
  });

  it('counts logins of one network address over all accounts', async () => {
    const one = fleet.caller();
    for (let attempt = 1; attempt <= 5; attempt++) {
      expect((await one.post('/api/v1/auth/login', { email: uniqueEmail(), password: 'x' })).status).toBe(
        401,
      );
    }
    const sixth = await one.post('/api/v1/auth/login', { email: uniqueEmail(), password: 'x' });
    expect([sixth.status, Number(sixth.headers.get('retry-after')) > 0]).toEqual([429, true]);
  });

  it('revokes a session at once', async () => {
    const other = await logIn(fleet, owner);
    const { sessions } = data(await owner.get('/api/v1/sessions'));
    const id = data(await other.get('/api/v1/sessions')).sessions.find(
      (session: { is_current: boolean }) => session.is_current,
    ).id;
    expect(sessions.map((session: { id: number }) => session.id)).toContain(id);
    expect((await stranger.delete(`/api/v1/sessions/${id}`)).status).toBe(404);
    data(await owner.delete(`/api/v1/sessions/${id}`));
    expect((await other.get('/api/v1/auth/me')).status).toBe(401);
  });

  it('keeps every change in the audit log and on the event log', async () => {
    const witness = await signUp(fleet, 'witness');
    const own = await foundOrganization(witness);
    const member = await signUp(fleet, 'colleague');
    await join(witness, member, own, 'Viewer');
    data(await witness.patch(own.path, { domain: 'acme.example' }));
    data(await witness.post(`${own.path}/workspaces`, { name: 'Second' }), 201);
    await witness.delete(`${own.path}/members/${member.id}`);

    const happened = await eventually(async () => {
      const { audit_logs } = data(await witness.get(`${own.path}/audit-logs`));
      const actions: string[] = audit_logs.map((entry: { action: string }) => entry.action);
      return actions.some(action => action.includes('removed')) && actions;
    }, 'the audit log');
    for (const what of [
      'organization.created',
      'workspace.created',
      'invitation',
      'member.added',
      'organization.updated',
      'member.removed',
    ]) {
      expect(
        happened.some(action => action.includes(what)),
        `${what} in ${happened.join(', ')}`,
      ).toBe(true);
    }
    await sawEvents(fleet, own.id, [
      'organization.organization.created',
      'organization.workspace.created',
      'organization.invitation.sent',
      'organization.invitation.accepted',
      'organization.member.added',
      'organization.organization.updated',
      'organization.member.removed',
    ]);
  });

  it('lets an organization be founded together with its administrator', async () => {
    const email = uniqueEmail('founder');
    const name = `Founded ${email}`;
    const invited = uniqueEmail('invited');
    const body = {
      name,
      admin_email: email,
      admin_password: PASSWORD,
      invitations: [{ email: invited, role: 'Developer' }],
    };
    const created = data(await fleet.caller().post('/api/v1/organizations', body), 201);
    expect(created.user).toMatchObject({ email });
    expect(
      (await fleet.caller().post('/api/v1/organizations', { ...body, name: `${name} 2` })).body.error.code,
    ).toBe('EMAIL_TAKEN');
    const token = /token=([\w.-]+)/.exec((await mailTo(fleet, email, 'token=')).text)![1];
    const { temporary_token } = created;
    const verified = data(await fleet.caller().post('/api/v1/auth/verify-email', { token, temporary_token }));
    const founder = personOf(fleet, verified.user_id, email, verified);
    expect(
      (await founder.patch(`/api/v1/organizations/${created.organization.id}`, { domain: 'founded.example' }))
        .status,
    ).toBe(200);
    await mailTo(fleet, invited, name);
  });
});

/** Reads the event log from its beginning until every type has been seen for the organization. */
async function sawEvents(fleet: AcceptanceFleet, organizationId: number, types: string[]): Promise<void> {
  const log = eventLogFromEnv(fleet.environment.of('gateway'), createLog('acceptance', 'silent'));
  const missing = new Set(types);
  const subscription = await log.subscribe({
    group: `acceptance-${organizationId}`,
    topics: ['organization', 'workspace', 'invitation', 'member'].map(
      aggregate => `rivergate.organization.${aggregate}`,
    ),
    handle: async (event: CloudEvent) => {
      if (event.organizationid === String(organizationId)) missing.delete(event.type);
    },
  });
  await eventually(() => missing.size === 0, `events ${types.join(', ')}`, 30_000);
  await subscription.stop();
  await log.close();
}
