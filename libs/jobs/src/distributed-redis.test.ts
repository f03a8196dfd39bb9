import { randomBytes } from 'node:crypto';
import { withinOrganization } from '@rivergate/endpoint';
import { addMailClaims, createMailTable, type Mailer, startMailer } from '@rivergate/mail';
import { connectRedis } from '@rivergate/redis';
import { startTestCluster, startTestSentinel, type Tls } from '@rivergate/redis/testing';
import { secretBox } from '@rivergate/secrets';
import { createLog } from '@rivergate/service';
import { eventually } from '@rivergate/testing';
import { certificateAuthority } from '@rivergate/testing/certificate-authority';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobChanges } from './changes.ts';
import { progressOf } from './progress.ts';
import { texts } from './testing/notes.ts';
import { type NotesService, startNotesService } from './testing/notes-service.ts';

const ITEMS = 40;
/** Milliseconds, where a few thousand do unless the machine is busy. */
const PATIENCE = 50_000;
const log = createLog('distributed', 'silent');

const forms = {
  'a cluster of three': async (tls: Tls) => {
    const cluster = await startTestCluster(tls);
    // The master that has the queues is killed: its connections break.
    return { ...cluster, failOver: () => cluster.failOver(cluster.masterOf('{rivergate}')) };
  },
  'a Redis behind Sentinels': async (tls: Tls) => {
    const sentinel = await startTestSentinel(tls);
    // As when the master's machine is lost: nothing comes any more, and connections stand.
    return { ...sentinel, failOver: () => sentinel.failOver(({ freeze }) => freeze()) };
  },
};

describe.each(Object.entries(forms))('over TLS, by a user with the least rights, on %s', (_, startRedis) => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let service: NotesService;
  let mailer: Mailer;

  beforeAll(async () => {
    const authority = await certificateAuthority();
    authority.trust();
    redis = await startRedis({ ...(await authority.certify('127.0.0.1')), authority: authority.cert });
    service = await startNotesService({ REDIS_URL: redis.url });
    const { knex } = service.resources;
    await createMailTable(knex);
    await addMailClaims(knex);
    mailer = startMailer({
      service: 'policy',
      knex,
      redisUrl: redis.url,
      secretBox: secretBox(randomBytes(32).toString('base64')),
      smtpUrl: service.mail.smtpUrl,
      from: 'Rivergate <no-reply@rivergate.test>',
      log,
    });
  });
  afterAll(async () => {
    await mailer?.stop();
    await service?.stop();
    await redis?.stop();
  });

  const send = (to: string) =>
    service.resources.knex.transaction(db => mailer.send(db, { to, subject: to, text: '', html: '' }));

  it('a change of a job is heard of in another process, also after its connections were lost', async () => {
    const [here, there] = [1, 2].map(() => connectRedis(redis.url, log, 'waits'));
    const [teller, hearer] = [jobChanges(here!, 'heard', log), jobChanges(there!, 'heard', log)];
    let heard = 0;
    hearer.follow(1, () => heard++);
    const hears = () =>
      eventually(() => {
        teller.tell(1);
        return heard > 0;
      }, 'a change to be heard of');
    await hears();
    await redis.loseListeners();
    heard = 0;
    await hears();
    for (const changes of [teller, hearer]) changes.stop();
    for (const connection of [here!, there!]) connection.disconnect();
  });

  it('the master is lost in the middle of a job: it goes on, no item and no mail is lost or done twice', async () => {
    const wanted = texts(ITEMS).map(({ text }) => text);
    const address = (text: string) => `${text.replace(' ', '-')}@example.com`;
    let lost: Promise<void> | undefined;
    service.hooks.after = async text => {
      await send(address(text));
      if (text !== wanted[15]) return;
      lost = redis.failOver();
      await lost;
    };
    const job = await service.write(texts(ITEMS));
    const followed = progressOf('write_notes', job.id, {
      within: work =>
        service.resources.knex.transaction(async db => {
          await withinOrganization(db, job.organizationId);
          return await work(db);
        }),
      signal: AbortSignal.timeout(PATIENCE),
      lastEventId: null,
    });
    const counts = [];
    for await (const { row } of followed) counts.push(row.done);
    expect(lost).toBeDefined();
    expect(counts.at(-1)).toBe(ITEMS);
    expect(counts).toEqual(counts.toSorted((one, other) => one - other));
    expect(await service.job(job)).toMatchObject({ status: 'completed' });
    expect(await service.notes(job.organizationId)).toEqual(wanted);
    for (const text of wanted) await service.mail.nth(address(text), 1);
    expect(wanted.flatMap(text => service.mail.to(address(text)))).toHaveLength(ITEMS);
    await send('after@example.com');
    await service.mail.nth('after@example.com', 1);
  });
});
