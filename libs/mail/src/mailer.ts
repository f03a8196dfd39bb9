import { startAlarmClock } from '@rivergate/alarm-clock';
import type { SecretBox } from '@rivergate/secrets';
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

const CONTEXT = 'outgoing mail';
const DUE = '(claimed_until is null or claimed_until < now())';
/** Mails that this process hands over at once. */
const SLOTS = 4;
/** When a mail that was not taken is tried again: after as long again as it has waited already. */
const AGAIN = "now() + greatest(interval '1 second', least(now() - created_at, interval '5 minutes'))";
const GIVE_UP_AFTER = '24 hours';
/** Milliseconds that the mail server may take to let us in, and for each answer after that. */
const SMTP_TIMEOUTS = { connectionTimeout: 5_000, greetingTimeout: 10_000, socketTimeout: 10_000 };
/** Longer than any try takes with these timeouts: what is claimed for longer was claimed by a process that is gone. */
const CLAIM = '90 seconds';

/** Hands mails over, each of which is a row. What the row's claim says is also when it is tried again. */
export function startMailer(options: MailerOptions): Mailer {
  const { service, knex, redisUrl, secretBox, log, from } = options;
  const transport = createTransport({ url: options.smtpUrl, ...SMTP_TIMEOUTS }, { from });

  /** Claims, sends, deletes: no connection and no lock is held while the mail server takes its time. */
  async function turn(): Promise<boolean> {
    // One that waits for the first time does not wait behind those that were not taken.
    const next = knex('outgoing_mail')
      .select('id')
      .whereRaw(DUE)
      .orderByRaw('claimed_until nulls first, id')
      .limit(1)
      .forUpdate()
      .skipLocked();
    const [row] = await knex('outgoing_mail')
      .where('id', next)
      .update({ claimed_until: knex.raw(`now() + interval '${CLAIM}'`) })
      .returning(['id', 'sealed']);
    if (!row) return false;
    const mail = knex('outgoing_mail').where('id', row.id);
    try {
      await transport.sendMail(JSON.parse(secretBox.open(row.sealed, CONTEXT)) as Mail);
    } catch (cause) {
      await mail.update({ claimed_until: knex.raw(AGAIN) });
      log.warn({ mail: row.id, reason: (cause as Error).message }, 'A mail was not taken');
      return true;
    }
    await mail.delete();
    return true;
  }

  async function due(): Promise<number> {
    const old = `created_at < now() - interval '${GIVE_UP_AFTER}'`;
    const { rows } = await knex.raw(
      `select count(*) filter (where ${DUE})::int as due, count(*) filter (where ${old})::int as old from outgoing_mail`,
    );
    if (rows[0].old > 0) {
      const dropped = await knex('outgoing_mail').whereRaw(old).delete();
      log.error({ dropped }, `Mails were given up after ${GIVE_UP_AFTER}`);
    }
    return rows[0].due;
  }

  const clock = startAlarmClock({ name: `mail-${service}`, redisUrl, log, slots: SLOTS, turn, due });

  return {
    async send(db, mail) {
      const sealed = secretBox.seal(JSON.stringify(mail), CONTEXT);
      await db('outgoing_mail').insert({ sealed });
      db.executionPromise?.then(clock.ring, () => {});
    },
    async stop() {
      await clock.stop();
      transport.close();
    },
  };
}
