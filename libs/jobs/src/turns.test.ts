import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SLICE } from './claim.ts';
import { texts } from './testing/notes.ts';
import { type NotesService, startNotesService } from './testing/notes-service.ts';

let service: NotesService;
/** Slices that the service works on at once, with this pool. */
const SLOTS = 4;
beforeAll(async () => {
  service = await startNotesService({ DATABASE_POOL: '16' });
});
afterAll(async () => await service?.stop());

type Started = { id: number; organizationId: number };
const ended = (...jobs: Started[]) =>
  eventually(async () => {
    const found = await Promise.all(jobs.map(job => service.job(job)));
    return found.every(({ finished_at }) => finished_at !== null);
  }, 'the jobs to end');

describe('turns', () => {
  it('let the five items of one organization pass the thousand of another', async () => {
    const great = await service.write(texts(1_000, 'great'));
    await eventually(async () => (await service.job(great)).progress.done >= 50);
    const before = (await service.notes(great.organizationId)).length;
    const small = await service.write(texts(5, 'small'));
    await ended(small);
    const written = await service.notes();
    const last = written.lastIndexOf('small 4');
    const great_before_last = written.slice(0, last).filter(text => text.startsWith('great')).length;
    // The slices in hand when it came, and what the transactions of its five items let through meanwhile.
    expect(great_before_last - before).toBeLessThanOrEqual((SLOTS + 3) * SLICE);
    await service.act(great, 'cancel');
    await ended(great);
  });

  it('are shared by organizations, however many jobs each of them has', async () => {
    const many = service.newOrganization();
    const jobs = [];
    for (let count = 0; count < 10; count++) jobs.push(await service.write(texts(100, 'many'), many));
    const one = await service.write(texts(100, 'one'));
    await ended(one);
    const written = await service.notes();
    const until = written.slice(0, written.lastIndexOf('one 99'));
    // A hundred items are ten slices; each waits for no more than the slices in hand.
    const meanwhile = until.slice(until.indexOf('one 0')).filter(text => text.startsWith('many')).length;
    expect(meanwhile).toBeLessThanOrEqual(100 * SLOTS + SLOTS * SLICE);
    for (const job of jobs) await service.act(job, 'cancel');
    await ended(...jobs);
  });

  it('are taken by no more than two jobs of an organization at once', async () => {
    const organizationId = service.newOrganization();
    const other = service.newOrganization();
    let atOnce = 0;
    let most = 0;
    service.hooks.before = async text => {
      if (text.startsWith('other')) return;
      atOnce += 1;
      most = Math.max(most, atOnce);
      await service.sql('select pg_sleep(0.01)');
      atOnce -= 1;
    };
    const jobs = [];
    for (let count = 0; count < 5; count++) jobs.push(await service.write(texts(12), organizationId));
    await ended(...jobs, await service.write(texts(3, 'other'), other));
    delete service.hooks.before;
    expect(most).toBe(2);
  });
});
