import type { Knex } from 'knex';
import type { Consumer } from './consumer.ts';
import { topicOf } from './declaration.ts';
import { describeError } from './describe-error.ts';
import type { Subscription } from './event-log.ts';
import { type Reacting, reactions } from './react.ts';

const HOUR = 3_600_000;
/** An event comes again within the reach of the group's last commit; a month is far beyond it. */
const INBOX_DAYS = 30;

export interface StartConsumers extends Reacting {
  consumers: readonly Consumer[];
}

export interface RunningConsumers {
  /** Resolves once every consumer has its place in the log. */
  started: Promise<void>;
  stop(): Promise<void>;
}

export function consumerGroup(service: string, consumer: string): string {
  return `rivergate.${service}.${consumer}`;
}

/** Forgets what was handled so long ago that it cannot come again. */
export async function pruneInbox(knex: Knex): Promise<void> {
  await knex.raw('delete from inbox where handled_at < now() - make_interval(days => ?)', [INBOX_DAYS]);
}

/** Starts the consumers of a service. Does not wait for the event log: what is away is tried again. */
export async function startConsumers(options: StartConsumers): Promise<RunningConsumers> {
  const { service, consumers, knex, eventLog, log } = options;
  const names = consumers.map(({ name }) => name);
  if (new Set(names).size !== names.length) throw new Error(`Two consumers of ${service} have one name`);

  const subscriptions: Subscription[] = [];
  for (const declared of consumers) {
    const group = consumerGroup(service, declared.name);
    const topics = [...new Set(declared.on.map(({ declaration }) => topicOf(declaration)))];
    subscriptions.push(await eventLog.subscribe({ group, topics, ...reactions(options, declared, group) }));
  }

  const pruning = setInterval(() => {
    pruneInbox(knex).catch(error =>
      log.warn({ error: describeError(error) }, 'The inbox could not be pruned'),
    );
  }, HOUR).unref();

  return {
    started: Promise.all(subscriptions.map(({ started }) => started)).then(() => {}),
    async stop() {
      clearInterval(pruning);
      await Promise.all(subscriptions.map(subscription => subscription.stop()));
    },
  };
}
