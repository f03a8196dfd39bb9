import { setTimeout as pause } from 'node:timers/promises';
import { connectRedis } from '@rivergate/redis';
import type { SecretBox } from '@rivergate/secrets';
import { Queue, Worker } from 'bullmq';
import type { Knex } from 'knex';
import { createTransport } from 'nodemailer';
import type { Logger } from 'pino';

export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
}

export interface Mailer {
  /** Decides on a mail in the transaction at hand; it goes out once that is committed, and never if it is not. */
  send(db: Knex.Transaction, mail: Mail): Promise<void>;
  stop(): Promise<void>;
}

export interface MailerOptions {
  /** Names the queue: each service has its own. */
  service: string;
  knex: Knex;
  redisUrl: string;
  secretBox: SecretBox;
  /** `smtp://user:password@host:port`, or `smtps:` */
  smtpUrl: string;
  /** Sender, `Name <address>` */
  from: string;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** In braces, so that all keys of a queue are in one slot of a cluster. */
const PREFIX = '{rivergate}';
/** Milliseconds for which a mail waits for Redis to take its job, before it is left to the sweep. */
const TAKEN_WITHIN = 5_000;
/** Milliseconds after which a worker that lost Redis looks for it again. */
const RETRY_DELAY = 1_000;
const CONTEXT = 'outgoing mail';
const UNCLAIMED = '(claimed_until is null or claimed_until < now())';
/** About five minutes of tries, ever farther apart; after that the sweep begins anew. */
const TRIES = { attempts: 9, backoff: { type: 'exponential', delay: 1_000 } } as const;
const SWEEP_EVERY = 15_000;
/** Milliseconds that a stop waits for the mail in hand. */
const PATIENCE = 3_000;
const GIVE_UP_AFTER = '24 hours';
/** Milliseconds that the mail server may take to let us in, and for each answer after that. */
const SMTP_TIMEOUTS = { connectionTimeout: 5_000, greetingTimeout: 10_000, socketTimeout: 10_000 };
/** Longer than any try takes with these timeouts: what is claimed for longer was claimed by a process that is gone. */
const CLAIM = '90 seconds';

/**
 * Mails as jobs with retries (BullMQ). The row is the truth and the job only its alarm clock: a sweep sets a new one
 * where a crash or an outage of Redis lost it.
 */
export function startMailer(options: MailerOptions): Mailer {
  const { knex, secretBox, log, from } = options;
  const connection = connectRedis(options.redisUrl, log, 'queues');
  const name = `mail-${options.service}`;
  const transport = createTransport({ url: options.smtpUrl, ...SMTP_TIMEOUTS }, { from });
  const queue = new Queue(name, { connection, prefix: PREFIX });
  const worker = new Worker(name, job => deliver(Number(job.data.id)), {
    connection,
    prefix: PREFIX,
    concurrency: 4,
    // Seconds after which an idle worker asks again: after a failover no mail waits for longer than that.
    drainDelay: 1,
    runRetryDelay: RETRY_DELAY,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  const inTrouble = (cause: Error) => log.warn({ reason: cause.message }, 'The mail queue is in trouble');
  queue.on('error', inTrouble);
  worker.on('error', inTrouble);
  worker.on('failed', (job, cause) =>
    log.warn({ mail: job?.data.id, reason: cause.message }, 'A mail was not taken'),
  );

  /** Claims, sends, deletes: no connection and no lock is held while the mail server takes its time. */
  async function deliver(id: number): Promise<void> {
    const [row] = await knex('outgoing_mail')
      .where({ id })
      .whereRaw(UNCLAIMED)
      .update({ claimed_until: knex.raw(`now() + interval '${CLAIM}'`) })
      .returning('sealed');
    if (!row) return;
    try {
      const mail: Mail = JSON.parse(secretBox.open(row.sealed, CONTEXT));
      await transport.sendMail(mail);
    } catch (cause) {
      await knex('outgoing_mail').where({ id }).update({ claimed_until: null });
      throw cause;
    }
    await knex('outgoing_mail').where({ id }).delete();
  }

  async function enqueue(id: number): Promise<void> {
    const added = queue.add('deliver', { id }, { ...TRIES, jobId: `mail-${id}` }).then(() => true);
    if (!(await Promise.race([added, pause(TAKEN_WITHIN, false, { ref: false })])))
      throw new Error('Redis does not take it');
  }

  async function sweep(): Promise<void> {
    const dropped = await knex('outgoing_mail')
      .whereRaw(`created_at < now() - interval '${GIVE_UP_AFTER}'`)
      .delete();
    if (dropped > 0) log.error({ dropped }, `Mails were given up after ${GIVE_UP_AFTER}`);
    const left = await knex('outgoing_mail')
      .whereRaw(`created_at < now() - interval '10 seconds' and ${UNCLAIMED}`)
      .orderBy('id')
      .limit(500)
      .pluck('id');
    for (const id of left) await enqueue(id);
  }

  const sweeping = setInterval(() => {
    sweep().catch(cause => log.warn({ err: cause }, 'The sweep of waiting mails failed'));
  }, SWEEP_EVERY).unref();

  return {
    async send(db, mail) {
      const sealed = secretBox.seal(JSON.stringify(mail), CONTEXT);
      const [row] = await db('outgoing_mail').insert({ sealed }).returning('id');
      const committed = db.executionPromise?.then(
        () => true,
        () => false,
      );
      void committed?.then(async goesOut => {
        if (!goesOut) return;
        await enqueue(row.id).catch(cause =>
          log.warn({ mail: row.id, reason: String(cause) }, 'A mail waits for the sweep'),
        );
      });
    },
    async stop() {
      clearInterval(sweeping);
      const closed = Promise.all([worker.close(), queue.close()]).then(() => true);
      closed.catch(() => {});
      // Without Redis there is nobody to say goodbye to, and BullMQ would wait for it for ever.
      if (!(await Promise.race([closed, pause(PATIENCE, false, { ref: false })]))) {
        worker.disconnect().catch(() => {});
        queue.disconnect().catch(() => {});
      }
      connection.disconnect();
      transport.close();
    },
  };
}
