import { forgetMemberships } from '@rivergate/caller';
import { administrator, eventually, signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dropOldJobs } from './retention.ts';
import { OPEN_JOBS } from './start-job.ts';
import { texts } from './testing/notes.ts';
import { type NotesService, startNotesService } from './testing/notes-service.ts';

let service: NotesService;
beforeAll(async () => {
  service = await startNotesService();
});
afterAll(async () => await service?.stop());
beforeEach(() => {
  for (const hook of Object.keys(service.hooks)) delete service.hooks[hook as keyof typeof service.hooks];
  service.owners.member = {
    member: true,
    is_admin: false,
    permissions: ['policy.write'],
    workspaces: [],
    plan: null,
  };
});

type Started = { id: number; organizationId: number };
const ended = (job: Started) =>
  eventually(async () => {
    const found = await service.job(job);
    return found.finished_at !== null && found;
  }, 'the job to end');
const path = ({ id, organizationId }: Started) =>
  `/api/v1/organizations/${organizationId}/notes/bulk-write/${id}`;

describe('a job', () => {
  it('is answered with 202 and its address, and ends with a result for each item', async () => {
    const organizationId = service.newOrganization();
    const caller = service.as(administrator({ userId: 7, organizationId }));
    const answer = await caller
      .post(`/api/v1/organizations/${organizationId}/notes/bulk-write`, {
        notes: [{ text: 'one' }, { text: 'refused' }, { text: 'three' }],
      })
      .expect(202);
    expect(answer.body.data).toMatchObject({
      kind: 'write_notes',
      status: 'queued',
      progress: { total: 3, done: 0, failed: 0, skipped: 0 },
      created_by: 7,
      started_at: null,
      finished_at: null,
      error: null,
    });
    const address = answer.headers.get('location')!;
    expect(address).toBe(path({ id: answer.body.data.id, organizationId }));
    const job = { id: answer.body.data.id, organizationId };
    expect(await ended(job)).toMatchObject({
      status: 'completed',
      progress: { total: 3, done: 2, failed: 1, skipped: 0 },
    });
    const { items } = (await caller.get(`${address}/items`)).body.data;
    expect(items).toMatchObject([
      {
        position: 0,
        item: { text: 'one' },
        outcome: 'done',
        attempts: 1,
        result: { note_id: expect.any(Number) },
      },
      { position: 1, outcome: 'failed', result: null, error: { code: 'NOTE_REFUSED' }, next_try_at: null },
      { position: 2, outcome: 'done', error: null, finished_at: expect.stringMatching(/Z$/) },
    ]);
    expect(await service.notes(organizationId)).toEqual(['one', 'three']);
  });

  it('is never there when the transaction of its handler rolls back', async () => {
    const organizationId = service.newOrganization();
    const caller = service.as(administrator({ userId: 7, organizationId }));
    await caller
      .post(`/api/v1/organizations/${organizationId}/notes/bulk-write`, { notes: texts(2), fails: true })
      .expect(409);
    expect(
      await service.sql('select 1 from policy.jobs where organization_id = ?', [organizationId]),
    ).toEqual([]);
  });

  it('without items is completed', async () => {
    expect(await ended(await service.write([]))).toMatchObject({
      status: 'completed',
      progress: { total: 0 },
    });
  });

  it('lists its items by pages and by outcome, in order', async () => {
    const job = await service.write([...texts(5), { text: 'refused' }]);
    await ended(job);
    const positions = [];
    let cursor: string | null = null;
    do {
      const page = await service.job(job, `/items?limit=4${cursor ? `&cursor=${cursor}` : ''}`);
      positions.push(...page.items.map(({ position }: { position: number }) => position));
      cursor = page.next_cursor;
    } while (cursor);
    expect(positions).toEqual([0, 1, 2, 3, 4, 5]);
    expect((await service.job(job, '/items?outcome=failed')).items).toHaveLength(1);
    expect((await service.job(job, '/items?outcome=pending')).items).toEqual([]);
  });

  it('is followed by events, state by state, up to its end', async () => {
    const job = await service.write([...texts(25), { text: 'refused' }]);
    const caller = service.as(administrator({ userId: 7, organizationId: job.organizationId }));
    const { text, headers } = await caller.get(`${path(job)}/events`).expect(200);
    expect(headers.get('content-type')).toContain('text/event-stream');
    const events = text.split('\n\n').filter(event => event.includes('event: job'));
    const states = events.map(event => JSON.parse(/^data: (.*)$/m.exec(event)![1]!));
    expect(states.at(-1)).toEqual(await service.job(job));
    expect(states.at(-1)).toMatchObject({ status: 'completed', progress: { done: 25, failed: 1 } });
    const [, last] = /^id: (.*)$/m.exec(events.at(-1)!)!;
    const again = await caller
      .get(`${path(job)}/events`, { headers: { 'last-event-id': last! } })
      .expect(200);
    expect(again.text).not.toContain('event: job');
  });

  it('of another organization is not there: 404, whatever is asked of it', async () => {
    const job = await service.write(texts(1));
    await ended(job);
    const organizationId = service.newOrganization();
    const foreign = service.as(administrator({ userId: 8, organizationId }));
    const elsewhere = path({ ...job, organizationId });
    const answers = [
      await foreign.get(elsewhere),
      await foreign.get(`${elsewhere}/items`),
      await foreign.get(`${elsewhere}/events`),
      await foreign.post(`${elsewhere}/cancel`),
      await foreign.post(`${elsewhere}/pause`),
      await foreign.post(`${elsewhere}/resume`),
    ];
    expect(answers.map(({ status, body }) => [status, body.error.code])).toEqual(
      answers.map(() => [404, 'JOB_NOT_FOUND']),
    );
    expect((await foreign.get(path(job))).body.error.code).toBe('ORGANIZATION_NOT_FOUND');
  });

  it('is for those who hold its permission', async () => {
    const job = await service.write(texts(1));
    const member = service.as(
      signedIn({ userId: 9, organizationId: job.organizationId, permissions: ['policy.read'] }),
    );
    await member.get(path(job)).expect(403);
    await member.get(`${path(job)}/items`).expect(403);
    await member.get(`${path(job)}/events`).expect(403);
    await member.post(`${path(job)}/cancel`).expect(403);
  });

  it('is refused while the organization has too many unfinished ones, when thirty come at once', async () => {
    const organizationId = service.newOrganization();
    const caller = service.as(administrator({ userId: 7, organizationId }));
    const notes = [{ text: 'limited' }];
    const answers = await Promise.all(
      Array.from({ length: OPEN_JOBS + 10 }, () =>
        caller.post(`/api/v1/organizations/${organizationId}/notes/bulk-write`, { notes }),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(OPEN_JOBS).fill(202), ...Array(10).fill(409)]);
    for (const { body } of answers)
      if (body.success) await service.act({ id: body.data.id, organizationId }, 'cancel');
  });

  it('is told of on the event log and in the audit log, with who started it', async () => {
    const job = await service.write([{ text: 'told' }, { text: 'refused' }]);
    await ended(job);
    const entries = await service.sql(
      'select action, actor_user_id, metadata from policy.audit_log where organization_id = ? order by id',
      [job.organizationId],
    );
    expect(entries).toMatchObject([
      {
        action: 'job.started',
        actor_user_id: 7,
        metadata: { job_id: job.id, kind: 'write_notes', total: 2 },
      },
      {
        action: 'job.finished',
        actor_user_id: 7,
        metadata: { status: 'completed', done: 1, failed: 1, skipped: 0, error_code: null },
      },
    ]);
  });

  it('shows in the metrics', async () => {
    await ended(await service.write([{ text: 'measured' }, { text: 'refused' }]));
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toMatch(
      /rivergate_job_items_total\{kind="write_notes",outcome="done",service="policy"\} [1-9]/,
    );
    expect(metrics).toMatch(
      /rivergate_job_items_total\{kind="write_notes",outcome="failed",service="policy"\} [1-9]/,
    );
    expect(metrics).toMatch(/rivergate_jobs_running\{kind="write_notes",service="policy"\} \d/);
  });

  it('is dropped with its items once its time is over', async () => {
    const job = await service.write(texts(2));
    await ended(job);
    await dropOldJobs(service.resources.knex);
    await service.job(job);
    await service.sql("update policy.jobs set drop_at = now() - interval '1 second' where id = ?", [job.id]);
    await dropOldJobs(service.resources.knex);
    expect(await service.sql('select 1 from policy.job_items where job_id = ?', [job.id])).toEqual([]);
    expect((await service.act(job, 'cancel')).status).toBe(404);
  });
});

describe('an item', () => {
  it('that fails for no declared reason is tried again while the others go on, and reported in the end', async () => {
    let tries = 0;
    service.hooks.before = text => {
      if (text === 'broken' && ++tries) throw new Error('broken');
    };
    const job = await service.write([{ text: 'broken' }, ...texts(3)]);
    await eventually(async () => (await service.job(job)).progress.done === 3);
    const [waiting] = (await service.job(job, '/items?outcome=pending')).items;
    expect(waiting).toMatchObject({ position: 0, attempts: 1, error: { code: 'INTERNAL_ERROR' } });
    expect(waiting.next_try_at).toMatch(/Z$/);
    const hurry = () =>
      service.sql(
        `with due as (update policy.job_items set due_at = now() where job_id = ? and outcome = 'pending')
         update policy.jobs set due_at = now() where id = ?`,
        [job.id, job.id],
      );
    const end = await eventually(async () => {
      await hurry();
      const found = await service.job(job);
      return found.finished_at !== null && found;
    });
    expect(end).toMatchObject({ status: 'completed', progress: { done: 3, failed: 1 } });
    expect(tries).toBe(3);
  });

  it('leaves nothing of a try that failed, and keeps its idempotency key over tries', async () => {
    const keys: string[] = [];
    let fails = true;
    service.hooks.prepare = (_, key) => void keys.push(key);
    service.hooks.after = () => {
      if (fails) throw new Error('after the effect');
    };
    const job = await service.write([{ text: 'once' }]);
    await eventually(async () => (await service.job(job, '/items')).items[0].attempts === 1);
    expect(await service.notes(job.organizationId)).toEqual([]);
    fails = false;
    await service.sql('update policy.job_items set due_at = now() where job_id = ?', [job.id]);
    await service.sql('update policy.jobs set due_at = now() where id = ?', [job.id]);
    await ended(job);
    expect(await service.notes(job.organizationId)).toEqual(['once']);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });

  it('that is over a limit waits without using up its tries, and is skipped at the deadline', async () => {
    const job = await service.write([{ text: 'limited' }, { text: 'other' }]);
    await eventually(async () => (await service.job(job)).progress.done === 1);
    const [waiting] = (await service.job(job, '/items?outcome=pending')).items;
    expect(waiting).toMatchObject({ attempts: 0, error: { code: 'RATE_LIMITED' } });
    await service.sql('update policy.jobs set deadline = now() where id = ?', [job.id]);
    expect(await ended(job)).toMatchObject({
      status: 'failed',
      error: { code: 'JOB_DEADLINE_EXCEEDED' },
      progress: { total: 2, done: 1, failed: 0, skipped: 1 },
    });
  });
});

describe('whoever started a job', () => {
  const lost = { code: 'JOB_RIGHT_LOST', message: expect.any(String) };
  const removedAfter = async (count: number, then: NotesService['owners']['member']) => {
    let written = 0;
    const organizationId = service.newOrganization();
    service.hooks.after = async () => {
      if (++written !== count) return;
      service.owners.member = then;
      // As the gateway's projection does when a membership changes.
      await forgetMemberships(service.resources.redis, organizationId);
    };
    const job = await service.write(texts(50), organizationId);
    return { job, end: await ended(job) };
  };

  it('stops it by being removed: it fails, says why, and the rest is skipped', async () => {
    const { job, end } = await removedAfter(12, {
      member: false,
      is_admin: false,
      permissions: [],
      workspaces: [],
      plan: null,
    });
    expect(end).toMatchObject({ status: 'failed', error: lost });
    expect(end.error.message).toContain('no active member');
    const { done, skipped } = end.progress;
    // What was decided for a slice holds for the slice.
    expect(done).toBeLessThanOrEqual(20);
    expect(done + skipped).toBe(50);
    expect(await service.notes(job.organizationId)).toHaveLength(done);
  });

  it('stops it by losing the permission', async () => {
    const { end } = await removedAfter(5, {
      member: true,
      is_admin: false,
      permissions: [],
      workspaces: [],
      plan: null,
    });
    expect(end).toMatchObject({ status: 'failed', error: lost });
    expect(end.error.message).toContain('policy.write');
  });

  it('leaves nothing secret in the row', async () => {
    const job = await service.write(texts(1));
    const [row] = await service.sql('select * from policy.jobs where id = ?', [job.id]);
    expect(JSON.stringify(row)).not.toMatch(/bearer|eyJ|password|permissions/i);
    expect(Object.keys(row.request).sort()).toEqual(['id', 'ip', 'traceparent', 'userAgent']);
  });
});
