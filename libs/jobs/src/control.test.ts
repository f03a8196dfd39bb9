import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { texts } from './testing/notes.ts';
import { type NotesService, startNotesService } from './testing/notes-service.ts';

let service: NotesService;
beforeAll(async () => {
  service = await startNotesService();
});
afterAll(async () => await service?.stop());
beforeEach(() => {
  delete service.hooks.after;
});

type Started = { id: number; organizationId: number };

/** A job whose worker is held in the middle of its third item. */
async function heldAtThird(count = 30): Promise<{ job: Started; letGo(): void }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  service.hooks.after = async text => {
    if (text !== 'note 2') return;
    reached.resolve();
    await promise;
  };
  const job = await service.write(texts(count));
  await reached.promise;
  return { job, letGo: resolve };
}
const status = async (job: Started) => (await service.job(job)).status;
const inState = (job: Started, wanted: string) =>
  eventually(async () => (await status(job)) === wanted, `the job to be ${wanted}`);

describe('pausing', () => {
  it('is in force after the item in hand, and resuming goes on where it stopped, with nothing twice', async () => {
    const { job, letGo } = await heldAtThird();
    expect((await service.act(job, 'pause')).body.data.status).toBe('pausing');
    letGo();
    await inState(job, 'paused');
    expect((await service.job(job)).progress.done).toBe(3);
    expect((await service.act(job, 'resume')).body.data.status).toBe('running');
    await inState(job, 'completed');
    expect(await service.notes(job.organizationId)).toEqual(texts(30).map(({ text }) => text));
  });

  it('is taken back by resuming before it is in force', async () => {
    const { job, letGo } = await heldAtThird();
    await service.act(job, 'pause');
    expect((await service.act(job, 'resume')).body.data.status).toBe('running');
    letGo();
    await inState(job, 'completed');
  });
});

describe('cancelling', () => {
  it('is in force after the item in hand: what was done stays, the rest is skipped', async () => {
    const { job, letGo } = await heldAtThird();
    expect((await service.act(job, 'cancel')).body.data.status).toBe('cancelling');
    letGo();
    await inState(job, 'cancelled');
    expect((await service.job(job)).progress).toEqual({ total: 30, done: 3, failed: 0, skipped: 27 });
    expect(await service.notes(job.organizationId)).toHaveLength(3);
    expect((await service.job(job, '/items?outcome=skipped')).items).toHaveLength(27);
  });

  it('of a paused job is in force at once, and what is asked of an ended one is 409', async () => {
    const { job, letGo } = await heldAtThird();
    await service.act(job, 'pause');
    letGo();
    await inState(job, 'paused');
    expect((await service.act(job, 'cancel')).body.data.status).toBe('cancelled');
    for (const action of ['pause', 'resume']) {
      const answer = await service.act(job, action);
      expect([answer.status, answer.body.error.code]).toEqual([409, 'JOB_STATE_CONFLICT']);
    }
    expect((await service.act(job, 'cancel')).status).toBe(200);
  });

  it('is written down with who did it', async () => {
    const { job, letGo } = await heldAtThird();
    await service.act(job, 'cancel');
    letGo();
    await inState(job, 'cancelled');
    const entries = await service.sql(
      "select metadata->>'action' as action, actor_user_id from policy.audit_log where organization_id = ? and action = 'job.changed'",
      [job.organizationId],
    );
    expect(entries).toEqual([{ action: 'cancel', actor_user_id: 7 }]);
  });
});

describe('ten at once', () => {
  it('that cancel end the job once', async () => {
    const { job, letGo } = await heldAtThird();
    const answers = await Promise.all(Array.from({ length: 10 }, () => service.act(job, 'cancel')));
    expect(answers.map(answer => answer.status)).toEqual(Array(10).fill(200));
    letGo();
    await inState(job, 'cancelled');
    const [{ ends }] = await service.sql(
      "select count(*)::int as ends from policy.audit_log where organization_id = ? and action = 'job.finished'",
      [job.organizationId],
    );
    expect(ends).toBe(1);
  });

  it('that pause, resume and cancel leave it cancelled, with every item accounted for once', async () => {
    for (let round = 0; round < 3; round++) {
      const job = await service.write(texts(200));
      const actions = [
        'pause',
        'resume',
        'pause',
        'resume',
        'cancel',
        'pause',
        'resume',
        'pause',
        'resume',
        'pause',
      ];
      const answers = await Promise.all(actions.map(action => service.act(job, action)));
      for (const answer of answers) expect([200, 409]).toContain(answer.status);
      await inState(job, 'cancelled');
      const { total, done, failed, skipped } = (await service.job(job)).progress;
      expect(done + failed + skipped).toBe(total);
      const notes = await service.notes(job.organizationId);
      expect(notes).toEqual(texts(done).map(({ text }) => text));
    }
  });
});
