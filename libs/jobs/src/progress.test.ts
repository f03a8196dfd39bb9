import { type StreamTools, withinOrganization } from '@rivergate/endpoint';
import { connectRedis } from '@rivergate/redis';
import { createLog } from '@rivergate/service';
import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobChanges } from './changes.ts';
import { progressOf } from './progress.ts';
import { texts } from './testing/notes.ts';
import { type NotesService, startNotesService } from './testing/notes-service.ts';

let service: NotesService;
beforeAll(async () => {
  service = await startNotesService();
});
afterAll(async () => await service?.stop());

const within =
  (organizationId: number): StreamTools['within'] =>
  work =>
    service.resources.knex.transaction(async db => {
      await withinOrganization(db, organizationId);
      return await work(db);
    });
const following = (organizationId: number, lastEventId: string | null = null) => ({
  within: within(organizationId),
  signal: AbortSignal.timeout(30_000),
  lastEventId,
});
const seen = async (job: { id: number; organizationId: number }, lastEventId: string | null = null) => {
  const states = [];
  for await (const { row, version } of progressOf(
    'write_notes',
    job.id,
    following(job.organizationId, lastEventId),
  ))
    states.push({ status: row.status, done: row.done, version });
  return states;
};

describe('the progress of a job', () => {
  it('comes state by state, forwards, up to its end, and not for each item', async () => {
    service.hooks.after = async () => void (await service.sql('select pg_sleep(0.01)'));
    const job = await service.write(texts(100));
    const states = await seen(job);
    delete service.hooks.after;
    expect(states.at(-1)).toMatchObject({ status: 'completed', done: 100 });
    const counts = states.map(({ done }) => done);
    expect(counts).toEqual(counts.toSorted((left, right) => left - right));
    expect(states.length).toBeGreaterThan(2);
    expect(states.length).toBeLessThan(60);
  });

  it('begins after the state that the follower has got already', async () => {
    const job = await service.write(texts(1));
    const [end] = (await seen(job)).slice(-1);
    expect(await seen(job, end!.version)).toEqual([]);
    expect(await seen(job, 'another')).toHaveLength(1);
  });

  it('of another organization is none', async () => {
    const job = await service.write(texts(1));
    expect(await seen({ ...job, organizationId: service.newOrganization() })).toEqual([]);
  });
});

describe('a change of a job', () => {
  it('is heard of in another process, the last one too, and seldom however many there are', async () => {
    const log = createLog('changes', 'silent');
    const [here, there] = [1, 2].map(() => connectRedis(service.environment.redisUrl, log, 'waits'));
    const [teller, hearer] = [here!, there!].map(redis => jobChanges(redis, 'changes-test', log));
    let heard = 0;
    hearer!.follow(7, () => heard++);
    hearer!.follow(8, () => expect.unreachable('of another job'));
    await eventually(() => {
      teller!.tell(7);
      return heard > 0;
    });
    heard = 0;
    for (let change = 0; change < 1_000; change++) teller!.tell(7);
    await eventually(() => heard > 0, 'the last change');
    expect(heard).toBeLessThanOrEqual(2);
    for (const changes of [teller!, hearer!]) changes.stop();
    for (const redis of [here!, there!]) redis.disconnect();
  });
});
