import { bell } from './bell.ts';
import { DEAD_LETTER, type DeadLetter } from './dead-letter.ts';
import { deadLetterTopicOf } from './declaration.ts';
import type { EventLog } from './event-log.ts';
import type { Logger } from './logger.ts';

const GROUP = 'rivergate.dead-letter-replay';

export interface ReplayDeadLetters {
  eventLog: EventLog;
  /** Topics (of the events, not of the dead letters) whose dead letters are to be tried again. */
  topics: string[];
  /** Only those that this consumer group gave up on. The others are passed over, and stay so. */
  group?: string;
  log: Logger;
}

/**
 * Puts dead letters back at the end of their topics, for the group that gave up on them; each one once, however
 * often this runs. Returns when none is left, with how many were put back.
 */
export async function replayDeadLetters({
  eventLog,
  topics,
  group,
  log,
}: ReplayDeadLetters): Promise<number> {
  const from = topics.map(deadLetterTopicOf);
  // A group of its own for each filter, so that what one run passes over is there for the next.
  const reader = group ? `${GROUP}.${group}` : GROUP;
  let replayed = 0;
  const subscription = await eventLog.subscribe({
    group: reader,
    topics: from,
    async handle(event) {
      if (event.type !== DEAD_LETTER) return;
      const letter = event.data as unknown as DeadLetter;
      if (group && letter.group !== group) return;
      const { topic, key } = letter.origin;
      await eventLog.publish([{ topic, key, event: { ...letter.event, replayfor: letter.group } }]);
      replayed += 1;
      log.info(
        { event: letter.event.id, type: letter.event.type, group: letter.group },
        'Dead letter put back',
      );
    },
  });
  const wait = bell();
  await subscription.started;
  while ((await eventLog.lag(reader, from)) > 0) await wait.heard(50);
  await subscription.stop();
  return replayed;
}
